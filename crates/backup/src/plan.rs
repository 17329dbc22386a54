//! Decides what a backup of one vault will do, and what it will not save.

mod not_saved;
mod refusals;

use std::sync::Arc;

use jiff::Timestamp;
use keyferry_catalogue::bundle;
use keyferry_core::canary::kinds_for;
use keyferry_core::canonical::CanonicalError;
use keyferry_core::manifest::{
    Contents, Manifest, ManifestKey, ManifestVault, ManifestVersion, Previous, RecordedCompartment,
    SCHEMA as MANIFEST, UnprovableVersion, VERSION as MANIFEST_VERSION,
};
use keyferry_core::model::{Compartment, Key, KeyState, KeyVersion, ObjectPlace, StoreUrl, Vault};
use keyferry_core::plan::{Action, Plan, PlanKind, SCHEMA, StepId, VERSION};
use keyferry_core::{
    Environment, Finding, Severity, Sha256, VaultStock, completeness, eligibility, fingerprint,
};
use keyferry_ids::{CompartmentId, KeyId};

use crate::{Destination, Through};

/// How much of a vault is saved.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// The vault with its HSM keys, in one file.
    WithKeys,
    /// The vault's own metadata.
    MetadataOnly,
    /// The vault's metadata, and each key in a file of its own, so that single keys can come back.
    KeysOneByOne,
    /// These keys, each in a file of its own.
    Keys(Vec<KeyId>),
}

impl Extent {
    /// As manifests call it.
    pub fn contents(&self) -> Contents {
        match self {
            Self::WithKeys => Contents::WithKeys,
            Self::MetadataOnly | Self::KeysOneByOne => Contents::MetadataOnly,
            Self::Keys(_) => Contents::Key,
        }
    }

    /// The name of the first file in the bundle.
    pub(crate) fn first_file(&self, of_vault: &str) -> String {
        match self {
            Self::Keys(_) => bundle::key_file(1),
            _ => of_vault.to_owned(),
        }
    }

    /// True if that backup saved as much of the vault, whatever it was like then.
    pub(crate) fn is_that_of(&self, manifest: &Manifest, stock: &VaultStock) -> bool {
        let has_keys = !manifest.keys.is_empty();
        let is_it = match self {
            Self::WithKeys => true,
            Self::MetadataOnly => !has_keys,
            Self::KeysOneByOne => has_keys || !stock.keys.iter().any(|key| eligibility::key(key).is_empty()),
            Self::Keys(keys) => {
                keys.len() == manifest.keys.len() && manifest.keys.iter().all(|key| keys.contains(&key.id))
            }
        };
        is_it && manifest.contents == self.contents()
    }

    fn word(&self) -> &'static str {
        match self {
            Self::WithKeys => "with_keys",
            Self::MetadataOnly => "metadata_only",
            Self::KeysOneByOne => "keys_one_by_one",
            Self::Keys(_) => "key",
        }
    }

    /// True if it matters whether that key is saved: leaving all keys out on purpose does not make them unsaved,
    /// but what could not have been saved is named in any case.
    fn concerns(&self, key: &KeyId) -> bool {
        *self == Self::MetadataOnly || self.means(key)
    }

    /// True if a key of that id is among what is to be saved.
    fn means(&self, key: &KeyId) -> bool {
        match self {
            Self::WithKeys | Self::KeysOneByOne => true,
            Self::MetadataOnly => false,
            Self::Keys(keys) => keys.contains(key),
        }
    }
}

/// What is to be backed up, and what is known about where to.
#[derive(Debug, Clone, Copy)]
pub struct BackupRequest<'a> {
    /// The vault with its keys and secrets.
    pub stock: &'a VaultStock,
    /// All compartments, for their paths.
    pub compartments: &'a [Compartment],
    /// Realm and tenancy.
    pub environment: &'a Environment,
    /// The store in the vault's region, its bucket, and what lies in it already.
    pub destination: &'a Destination,
    /// Stores that get a copy.
    pub copies: &'a [StoreUrl],
    /// How much.
    pub extent: &'a Extent,
    /// A pre-authenticated request that the service writes through; the store then gets the first copy.
    pub through: Option<&'a Through>,
    /// Name of the service's file within the bundle.
    pub file_name: &'a str,
    /// The new backup's id.
    pub backup_id: &'a str,
    /// When the vault was looked at.
    pub now: Timestamp,
}

impl BackupRequest<'_> {
    /// The fingerprint of what is to be saved.
    ///
    /// # Errors
    /// If a tag has no canonical form.
    pub fn fingerprint(&self) -> Result<Sha256, CanonicalError> {
        let meant = self.stock.keys.iter().filter(|key| self.extent.means(&key.id));
        fingerprint(self.stock, meant, self.extent.word())
    }

    /// The keys that the backup will hold.
    fn saved(&self) -> impl Iterator<Item = &Key> {
        self.stock.keys.iter().filter(|key| self.extent.means(&key.id) && eligibility::key(key).is_empty())
    }

    fn recorded(&self, id: &CompartmentId) -> RecordedCompartment {
        let known = self.compartments.iter().find(|compartment| compartment.id == *id);
        let path = known.map_or_else(|| id.to_string(), |compartment| compartment.path.clone());
        RecordedCompartment { id: id.clone(), path }
    }

    /// Where the service writes a file of that name.
    fn object(&self, name: &str) -> ObjectPlace {
        self.through.map_or_else(|| self.destination.store.object(name), |through| through.to.clone())
    }
}

/// A file that the service writes.
#[derive(Debug)]
struct Written {
    /// By this step.
    step: StepId,
    /// There.
    at: ObjectPlace,
    /// Below a store's prefix it has this name.
    name: String,
}

/// `20261124T231500Z-1a2b3c4d`: sorts by time, says nothing confidential. See [`keyferry_engine::stamped`].
pub fn backup_id(now: Timestamp, chance: u32) -> String {
    keyferry_engine::stamped(now, chance)
}

/// Decides. What can't be saved is among the findings and in the manifest that the plan will seal.
///
/// # Errors
/// If a tag has no canonical form.
pub fn plan(request: &BackupRequest<'_>) -> Result<Plan, CanonicalError> {
    let vault = &request.stock.vault;
    let mut plan = Plan {
        schema: SCHEMA.into(),
        version: VERSION,
        kind: PlanKind::Backup,
        made_at: request.now,
        environment: request.environment.clone(),
        backup_ids: vec![request.backup_id.to_owned()],
        into: vault.region,
        backup_made_at: None,
        steps: Vec::new(),
        findings: refusals::refusals(request),
    };
    let draft = draft(request)?;
    plan.findings.extend(draft.not_saved.iter().map(|item| {
        let subject = item.name.as_ref().unwrap_or(&item.id);
        Finding::new(item.code, Severity::Warning, subject, format!("{}: {}", item.kind, item.because))
    }));
    let claim = Action::ClaimGeneration {
        store: request.destination.store.clone(),
        vault_id: vault.id.clone(),
        generation: draft.generation,
        backup_id: request.backup_id.to_owned(),
    };
    let mut before = vec![plan.push(claim, &[])];
    // Said of every key, and held until the last step of the plan is done.
    let (shared, backup_id) = (Arc::new(vault.clone()), Arc::from(request.backup_id));
    for key in request.saved() {
        for version in eligibility::saved_versions(key).filter(|version| can_seal(key, version)) {
            for canary in kinds_for(&key.shape.algorithm) {
                let action = Action::MintCanary {
                    vault: Arc::clone(&shared),
                    key_id: key.id.clone(),
                    version_id: version.id.clone(),
                    shape: key.shape.clone(),
                    canary: *canary,
                    backup_id: Arc::clone(&backup_id),
                };
                before.push(plan.push(action, &[]));
            }
        }
    }
    let written = write_files(request, &shared, &mut plan, &before);
    let last = match request.stock.usage {
        Some(usage) => {
            let count = Action::CheckUsage { vault_id: vault.id.clone(), region: vault.region, usage };
            Some(plan.push(count, &written.iter().map(|written| &written.step).collect::<Vec<_>>()))
        }
        None => None,
    };
    let mut in_place = copy_files(request, &mut plan, &written);
    in_place.extend(last);
    let seal = Action::SealManifest { draft: Box::new(draft) };
    let seal = plan.push(seal, &in_place.iter().collect::<Vec<&StepId>>());
    // The vault's own region last: a bundle listed there is whole everywhere.
    let own = StoreUrl::Oci(request.destination.store.clone());
    for to in request.copies.iter().chain(std::iter::once(&own)) {
        let publish = Action::PublishBundle { to: to.clone(), backup_id: request.backup_id.to_owned() };
        plan.push(publish, &[&seal]);
    }
    plan.steps.shrink_to_fit();
    Ok(plan)
}

/// Has the service write its files, one after the other: it works on one thing of a vault at a time.
fn write_files(
    request: &BackupRequest<'_>,
    vault: &Arc<Vault>,
    plan: &mut Plan,
    before: &[StepId],
) -> Vec<Written> {
    let by_par = request.through.is_some();
    let mut needs: Vec<StepId> = before.to_vec();
    let mut written = Vec::new();
    let mut write = |plan: &mut Plan, name: &str, action: &dyn Fn(ObjectPlace) -> Action| {
        let name = bundle::file(request.backup_id, name);
        let at = request.object(&name);
        let step = plan.push(action(at.clone()), &needs.iter().collect::<Vec<&StepId>>());
        needs = vec![step.clone()];
        written.push(Written { step, at, name });
    };
    if !matches!(request.extent, Extent::Keys(_)) {
        write(plan, request.file_name, &|to| Action::BackupVault {
            vault_id: vault.id.clone(),
            region: vault.region,
            to,
            include_keys: *request.extent == Extent::WithKeys,
            by_par,
        });
    }
    if matches!(request.extent, Extent::KeysOneByOne | Extent::Keys(_)) {
        for (index, key) in request.saved().enumerate() {
            write(plan, &bundle::key_file(index + 1), &|to| Action::BackupKey {
                vault: Arc::clone(vault),
                key_id: key.id.clone(),
                to,
                by_par,
            });
        }
    }
    written
}

/// Reads each file back, copies it, and reads the copies back. Returns the last steps.
fn copy_files(request: &BackupRequest<'_>, plan: &mut Plan, written: &[Written]) -> Vec<StepId> {
    let mut last = Vec::new();
    for Written { step: write, at: object, name } in written {
        let check = plan.push(Action::CheckObject { at: object.clone(), expect: None }, &[write]);
        if request.through.is_some() && *object != request.destination.store.object(name) {
            let to = request.destination.store.object(name);
            let copy = Action::CopyObject { from: object.clone(), to: to.clone() };
            let copy = plan.push(copy, &[&check]);
            // It needs the first step too: by that the manifest knows what this file is.
            last.push(plan.push(Action::CheckObject { at: to, expect: None }, &[&check, &copy, write]));
        }
        for store in request.copies {
            match store {
                StoreUrl::Oci(store) => {
                    let to = store.object(name);
                    let copy = Action::CopyObject { from: object.clone(), to: to.clone() };
                    let copy = plan.push(copy, &[&check]);
                    last.push(plan.push(Action::CheckObject { at: to, expect: None }, &[&check, &copy]));
                }
                StoreUrl::S3 { .. } | StoreUrl::File { .. } => {
                    let (from, name) = (object.clone(), name.clone());
                    let copy = Action::CopyOut { from, to: store.clone(), name };
                    last.push(plan.push(copy, &[&check]));
                }
            }
        }
        last.push(check);
    }
    last
}

/// The manifest as far as it is known before anything is done.
fn draft(request: &BackupRequest<'_>) -> Result<Manifest, CanonicalError> {
    let (stock, vault) = (request.stock, &request.stock.vault);
    let previous = request.destination.previous();
    let (mut canaries, mut unprovable) = (Vec::new(), Vec::new());
    for key in request.saved() {
        for version in eligibility::saved_versions(key).filter(|version| !can_seal(key, version)) {
            let earlier = request.destination.canaries_of(&version.id);
            if earlier.is_empty() {
                let because = why_not(key, version);
                unprovable.push(UnprovableVersion { version_id: version.id.clone(), because });
            }
            canaries.extend(earlier);
        }
    }
    let own = StoreUrl::Oci(request.destination.store.clone());
    Ok(Manifest {
        schema: MANIFEST.into(),
        version: MANIFEST_VERSION,
        backup_id: request.backup_id.to_owned(),
        made_at: request.now,
        made_by: concat!("keyferry ", env!("CARGO_PKG_VERSION")).into(),
        environment: request.environment.clone(),
        region: vault.region,
        contents: request.extent.contents(),
        vault: ManifestVault {
            id: vault.id.clone(),
            name: vault.name.clone(),
            vault_type: vault.vault_type.clone(),
            compartment: request.recorded(&vault.compartment_id),
            time_created: vault.time_created,
            restored_from: vault.restored_from.clone(),
            tags: vault.tags.clone(),
        },
        keys: request.saved().map(|key| key_draft(request, key)).collect(),
        blob: None,
        places: std::iter::once(own).chain(request.copies.iter().cloned()).collect(),
        work_request_id: None,
        completeness: completeness(stock),
        not_saved: not_saved::not_saved(request),
        canaries,
        unprovable,
        previous: previous.map(|opened| Previous {
            backup_id: opened.manifest.backup_id.clone(),
            manifest_sha256: opened.sealed.sha256(),
        }),
        generation: request.destination.next_generation,
        fingerprint: Some(request.fingerprint()?),
        changed: None,
    })
}

fn key_draft(request: &BackupRequest<'_>, key: &Key) -> ManifestKey {
    let versions = eligibility::saved_versions(key).map(|version| ManifestVersion {
        id: version.id.clone(),
        lifecycle_state: version.lifecycle_state.clone(),
        origin: version.origin.clone(),
        time_created: version.time_created,
        public_key: version.public_key.clone(),
    });
    let mut versions: Vec<ManifestVersion> = versions.collect();
    // Most keys have one, and a list that grows begins with room for four.
    versions.shrink_to_fit();
    ManifestKey {
        id: key.id.clone(),
        name: key.name.clone(),
        compartment: request.recorded(&key.compartment_id),
        shape: key.shape.clone(),
        protection_mode: key.protection_mode.clone(),
        lifecycle_state: key.lifecycle_state.clone(),
        current_version: key.current_version.clone(),
        tags: key.tags.clone(),
        versions,
        blob: None,
    }
}

/// Only the current version of an enabled key encrypts and signs.
fn can_seal(key: &Key, version: &KeyVersion) -> bool {
    key.lifecycle_state == KeyState::Enabled
        && key.current_version == version.id
        && !kinds_for(&key.shape.algorithm).is_empty()
}

fn why_not(key: &Key, version: &KeyVersion) -> String {
    if key.lifecycle_state == KeyState::Disabled {
        "the key was disabled, and no earlier backup minted a canary".into()
    } else if key.current_version != version.id {
        "it was rotated away before any backup minted a canary".into()
    } else {
        format!("no canary is known for {}", key.shape.algorithm)
    }
}

#[cfg(test)]
mod tests;
