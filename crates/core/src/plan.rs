//! Plans as data: everything Keyferry can do to the cloud is one of these actions, spelled out before it is done.

use std::sync::Arc;

use jiff::Timestamp;
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId, Region, VaultId};
use serde::{Deserialize, Serialize};

use crate::canary::{Canary, CanaryKind};
use crate::canonical::{self, CanonicalError};
use crate::manifest::Manifest;
use crate::model::{KeyShape, ObjectPlace, OciStore, StoreUrl, Usage, Vault};
use crate::{Environment, Finding, Severity, Sha256};

/// The document's name.
pub const SCHEMA: &str = "keyferry.plan";
/// The version written and read.
pub const VERSION: u32 = 1;

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// Saves one vault.
    Backup,
    /// Brings one vault back.
    Restore,
    /// Opens the canaries of a vault that was restored earlier.
    Prove,
}

/// Name of a step within its plan.
pub type StepId = String;

/// One thing to do. Values born on the way, such as new OCIDs, are taken from the outputs of needed steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Seals something with a key's current version.
    MintCanary {
        /// The vault, whose crypto endpoint is called.
        vault: Arc<Vault>,
        /// The key.
        key_id: KeyId,
        /// Its current version.
        version_id: KeyVersionId,
        /// The key's algorithm.
        shape: KeyShape,
        /// What to seal.
        canary: CanaryKind,
        /// Bound into the canary.
        backup_id: Arc<str>,
    },
    /// Asks the service for a backup and waits until its work request has ended.
    BackupVault {
        /// The vault.
        vault_id: VaultId,
        /// Its region, in which the bucket must be.
        region: Region,
        /// The object to be written.
        to: ObjectPlace,
        /// Always said explicitly: Oracle's texts disagree on what leaving it out means.
        include_keys: bool,
        /// Through a pre-authenticated request, whose URL is a secret and in no plan.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_par: bool,
    },
    /// Asks the service for a backup of one key and waits until it has ended. The file also holds the vault's
    /// metadata.
    BackupKey {
        /// The vault, whose management endpoint is called.
        vault: Arc<Vault>,
        /// The key.
        key_id: KeyId,
        /// The object to be written.
        to: ObjectPlace,
        /// As for a vault.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_par: bool,
    },
    /// Counts keys and versions again: what was made or rotated while the service wrote is not in its file.
    CheckUsage {
        /// The vault.
        vault_id: VaultId,
        /// Its region.
        region: Region,
        /// What the service counted when stock was taken.
        usage: Usage,
    },
    /// Takes the next number in the chain of a vault's backups; no two writers get the same.
    ClaimGeneration {
        /// The store in the vault's region.
        store: OciStore,
        /// The vault.
        vault_id: VaultId,
        /// The number.
        generation: u64,
        /// The backup that takes it.
        backup_id: String,
    },
    /// Reads an object back and hashes it.
    CheckObject {
        /// The object.
        at: ObjectPlace,
        /// What it must be; by the output of a needed step if left out.
        expect: Option<ExpectedBytes>,
    },
    /// Lets the service copy an object to another region and waits for it; where the service may not, the bytes
    /// go through the client.
    CopyObject {
        /// The source, whose region is asked.
        from: ObjectPlace,
        /// The destination.
        to: ObjectPlace,
    },
    /// Copies an object out of the cloud, and reads it back there.
    CopyOut {
        /// The source.
        from: ObjectPlace,
        /// The store.
        to: StoreUrl,
        /// The object's name below the store's prefix.
        name: String,
    },
    /// Puts the results of all steps before into the manifest and signs it.
    SealManifest {
        /// The manifest without those results.
        draft: Box<Manifest>,
    },
    /// Writes the sealed manifest into a store that holds the files already, the signature first.
    PublishBundle {
        /// The store.
        to: StoreUrl,
        /// The backup.
        backup_id: String,
    },
    /// Asks the service to restore a vault from an object in that region and waits.
    RestoreVault {
        /// The target region.
        region: Region,
        /// The recorded compartment.
        compartment_id: CompartmentId,
        /// The service's file, in the target region.
        from: ObjectPlace,
        /// The vault in the file; unknown for a file without a manifest.
        vault_id: Option<VaultId>,
    },
    /// Finds the restored vault, its keys and versions by their lineage.
    MapVault {
        /// The target region.
        region: Region,
        /// The vault in the backup; unknown for a file without a manifest.
        vault_id: Option<VaultId>,
        /// Its recorded compartment.
        compartment_id: CompartmentId,
        /// The compartments in which its keys may lie.
        search: Vec<CompartmentId>,
        /// The keys in the backup; unknown for a file without a manifest.
        keys: Vec<ExpectedKey>,
    },
    /// Opens the canaries of one version against the restored vault.
    ProveVersion {
        /// The target region.
        region: Region,
        /// The key's name, for people.
        key_name: String,
        /// The key in the backup.
        key_id: KeyId,
        /// The version in the backup.
        version_id: KeyVersionId,
        /// Whether it was the current one: only a current version can sign anew.
        is_current: bool,
        /// Its public half.
        public_key: Option<String>,
        /// What it sealed.
        canaries: Vec<Canary>,
        /// Why there is no canary.
        unprovable: Option<String>,
    },
}

/// What the bytes of an object must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedBytes {
    /// In bytes.
    pub size: u64,
    /// Of all bytes.
    pub sha256: Sha256,
}

/// A key that a restore must bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedKey {
    /// Its OCID in the backup.
    pub id: KeyId,
    /// Its name.
    pub name: String,
    /// Its recorded compartment.
    pub compartment_id: CompartmentId,
    /// Its versions in the backup.
    pub versions: Vec<KeyVersionId>,
}

impl Action {
    /// The action's name as shown in plans.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MintCanary { .. } => "mint_canary",
            Self::BackupVault { .. } => "backup_vault",
            Self::BackupKey { .. } => "backup_key",
            Self::CheckUsage { .. } => "check_usage",
            Self::ClaimGeneration { .. } => "claim_generation",
            Self::CopyOut { .. } => "copy_out",
            Self::SealManifest { .. } => "seal_manifest",
            Self::PublishBundle { .. } => "publish_bundle",
            Self::CheckObject { .. } => "check_object",
            Self::CopyObject { .. } => "copy_object",
            Self::RestoreVault { .. } => "restore_vault",
            Self::MapVault { .. } => "map_vault",
            Self::ProveVersion { .. } => "prove_version",
        }
    }

    /// True if the service writes through a pre-authenticated request.
    pub fn is_by_par(&self) -> bool {
        matches!(self, Self::BackupVault { by_par: true, .. } | Self::BackupKey { by_par: true, .. })
    }

    /// True if it has a key do something, and nothing is different afterwards: such steps may be done side by side.
    pub fn only_asks_a_key(&self) -> bool {
        matches!(self, Self::MintCanary { .. } | Self::ProveVersion { .. })
    }

    /// The region that is called; for a store outside the cloud, the one that the bytes come from.
    pub fn region(&self) -> Option<Region> {
        Some(match self {
            Self::MintCanary { vault, .. } | Self::BackupKey { vault, .. } => vault.region,
            Self::ClaimGeneration { store, .. } => store.region,
            Self::CopyOut { from, .. } => from.region,
            Self::SealManifest { .. } => return None,
            Self::PublishBundle { to, .. } => return to.region(),
            Self::CheckUsage { region, .. }
            | Self::BackupVault { region, .. }
            | Self::RestoreVault { region, .. }
            | Self::MapVault { region, .. }
            | Self::ProveVersion { region, .. } => *region,
            Self::CheckObject { at, .. } => at.region,
            Self::CopyObject { from, .. } => from.region,
        })
    }

    /// What it is done to.
    pub fn subject(&self) -> String {
        match self {
            Self::MintCanary { version_id, .. } | Self::ProveVersion { version_id, .. } => {
                version_id.to_string()
            }
            Self::BackupVault { vault_id, .. }
            | Self::CheckUsage { vault_id, .. }
            | Self::ClaimGeneration { vault_id, .. } => vault_id.to_string(),
            Self::BackupKey { key_id, .. } => key_id.to_string(),
            Self::CopyOut { to, name, .. } => to.object_text(name),
            Self::SealManifest { draft } => draft.backup_id.clone(),
            Self::PublishBundle { to, backup_id } => format!("{backup_id} in {to}"),
            Self::RestoreVault { vault_id, .. } | Self::MapVault { vault_id, .. } => {
                vault_id.as_ref().map_or_else(|| "the vault in the file".into(), ToString::to_string)
            }
            Self::CheckObject { at, .. } => at.to_string(),
            Self::CopyObject { to, .. } => to.to_string(),
        }
    }

    /// What must be true afterwards, in a sentence.
    pub fn expectation(&self) -> String {
        match self {
            Self::MintCanary { .. } => {
                "the current version seals 32 random bytes or signs a challenge".into()
            }
            Self::BackupVault { to, .. } => format!("the work request succeeds and {to} exists"),
            Self::BackupKey { to, .. } => format!("the key is as before and {to} exists"),
            Self::CheckUsage { usage, .. } => format!(
                "the service still counts: keys {}, versions {}",
                usage.keys + usage.software_keys,
                usage.key_versions + usage.software_key_versions
            ),
            Self::ClaimGeneration { generation, store, .. } => {
                format!("generation {generation} in {store} is this backup's")
            }
            Self::CopyOut { from, .. } => format!("holds the bytes of {from}"),
            Self::SealManifest { .. } => "the manifest holds the facts of this run and is signed".into(),
            Self::PublishBundle { .. } => "signature and manifest can be read back".into(),
            Self::CheckObject { expect: Some(bytes), .. } => {
                format!("{} bytes with SHA-256 {}", bytes.size, bytes.sha256)
            }
            Self::CheckObject { expect: None, .. } => "size and SHA-256 as at the source".into(),
            Self::CopyObject { from, .. } => format!("holds the bytes of {from}"),
            Self::RestoreVault { compartment_id, .. } => {
                format!("the vault is ACTIVE in compartment {compartment_id}")
            }
            Self::MapVault { vault_id: None, .. } => "all keys of the restored vault found by lineage".into(),
            Self::MapVault { keys, .. } => {
                let versions: usize = keys.iter().map(|key| key.versions.len()).sum();
                format!("found by lineage: keys {}, versions {versions}", keys.len())
            }
            Self::ProveVersion { unprovable: Some(because), .. } => format!("unprovable: {because}"),
            Self::ProveVersion { canaries, .. } => format!("opens {} of its canaries", canaries.len()),
        }
    }
}

/// An action in its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// Name within the plan.
    pub id: StepId,
    /// What is done.
    pub details: Action,
    /// Steps that must have succeeded.
    pub needs: Vec<StepId>,
}

impl Serialize for Step {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut step = serializer.serialize_struct("Step", 7)?;
        step.serialize_field("id", &self.id)?;
        step.serialize_field("action", self.details.name())?;
        step.serialize_field("region", &self.details.region())?;
        step.serialize_field("subject", &self.details.subject())?;
        step.serialize_field("needs", &self.needs)?;
        step.serialize_field("expect", &self.details.expectation())?;
        step.serialize_field("details", &self.details)?;
        step.end()
    }
}

/// A plan, so specific that nothing is left to choose while it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// What it is for.
    pub kind: PlanKind,
    /// When the world was looked at.
    pub made_at: Timestamp,
    /// Realm and tenancy.
    pub environment: Environment,
    /// The backups it is about.
    pub backup_ids: Vec<String>,
    /// The target region.
    pub into: Region,
    /// When the backup was made, for the recovery point.
    pub backup_made_at: Option<Timestamp>,
    /// In order.
    pub steps: Vec<Step>,
    /// What was noticed; with an error among them the plan can't be applied.
    pub findings: Vec<Finding>,
}

/// Why a file is not a plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Damaged or rewritten.
    #[error("the plan is damaged")]
    Form(#[from] CanonicalError),
    /// Another document or version.
    #[error("the file is not a {SCHEMA} of version {VERSION}")]
    Version,
    /// Parts contradict each other.
    #[error("step {0} needs a step that does not come before it")]
    Order(StepId),
}

impl crate::Explain for PlanError {
    fn code(&self) -> crate::Code {
        crate::Code::Signature
    }
}

impl Plan {
    /// The canonical bytes; a plan's file holds exactly these.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }

    /// Reads a plan's file.
    ///
    /// # Errors
    /// If the bytes are not exactly what this plan would be written as.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PlanError> {
        let plan: Self = canonical::from_bytes(bytes)?;
        if plan.schema != SCHEMA || plan.version != VERSION {
            return Err(PlanError::Version);
        }
        // What is shown of a step is computed from its details; a file in which they differ was tampered with.
        if plan.to_bytes()? != bytes {
            return Err(PlanError::Form(CanonicalError::NotCanonical));
        }
        for (index, step) in plan.steps.iter().enumerate() {
            let comes_before = |id: &StepId| plan.steps[..index].iter().any(|earlier| earlier.id == *id);
            if !step.needs.iter().all(comes_before) {
                return Err(PlanError::Order(step.id.clone()));
            }
        }
        Ok(plan)
    }

    /// The digest that names a plan: `sha256sum` of its file.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn digest(&self) -> Result<Sha256, CanonicalError> {
        Ok(Sha256::of(&self.to_bytes()?))
    }

    /// The findings that forbid applying it.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// Adds a step and returns its id.
    pub fn push(&mut self, details: Action, needs: &[&StepId]) -> StepId {
        let id = format!("s{:03}", self.steps.len() + 1);
        self.steps.push(Step {
            id: id.clone(),
            details,
            needs: needs.iter().map(|id| (*id).clone()).collect(),
        });
        id
    }
}
