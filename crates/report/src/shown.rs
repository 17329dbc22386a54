//! What commands show: the fields that scripts read, and the same values for people.

use jiff::Timestamp;
use keyferry_core::journal::RunState;
use keyferry_core::manifest::{Contents, NotSaved};
use keyferry_core::model::{ObjectPlace, StoreUrl};
use keyferry_core::plan::{ExpectedBytes, Plan};
use keyferry_core::{Code, Evidence, Finding, Mapping, MappingEntry, Proof, Sha256, Verdict};
use keyferry_ids::Region;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// What `backup` did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BackupsShown {
    /// The run, for `resume`.
    pub run_id: Option<String>,
    /// Backups that were made.
    pub backups: Vec<BackupShown>,
    /// What is not eligible, and what has not changed since its newest backup.
    pub skipped: Vec<Skipped>,
    /// What went wrong.
    pub failed: Vec<NotBackedUp>,
    /// What may be missing from a backup without making it partial.
    #[serde(skip)]
    pub accepted: Vec<Code>,
    /// Not everything could be read that was to be saved.
    #[serde(skip)]
    pub is_incomplete: bool,
}

impl BackupsShown {
    /// What no backup holds, of vaults that were saved and of those that had been: all of it.
    pub fn not_saved(&self) -> impl Iterator<Item = &NotSaved> {
        let skipped = self.skipped.iter().flat_map(|skipped| &skipped.not_saved);
        self.backups.iter().flat_map(|backup| &backup.not_saved).chain(skipped)
    }

    /// That part of it which nobody accepted.
    pub fn unaccepted(&self) -> impl Iterator<Item = &NotSaved> {
        self.not_saved().filter(|item| !self.accepted.contains(&item.code))
    }

    /// Stores that should hold a copy and could not be used.
    pub fn left_out(&self) -> impl Iterator<Item = &Finding> {
        let skipped = self.skipped.iter().flat_map(|skipped| &skipped.left_out);
        self.backups.iter().flat_map(|backup| &backup.left_out).chain(skipped)
    }
}

/// One backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupShown {
    /// Its id.
    pub id: String,
    /// The vault.
    pub vault_id: String,
    /// The vault's name.
    pub vault_name: String,
    /// With keys or not.
    pub contents: Contents,
    /// Keys in it.
    pub keys: usize,
    /// Key versions in it.
    pub versions: usize,
    /// Its place in the vault's chain of backups.
    pub generation: u64,
    /// The service's file of the vault, or of the first key.
    pub object: ObjectShown,
    /// Where the service wrote it through a pre-authenticated request, before it was copied to the place above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub par: Option<ObjectPlace>,
    /// The service's files of single keys.
    pub key_files: usize,
    /// Stores that hold further copies.
    pub copies: Vec<StoreUrl>,
    /// Digest of the signed manifest.
    pub manifest_sha256: Sha256,
    /// The service's work request.
    pub work_request_id: Option<String>,
    /// How provable it is.
    pub canaries: CanaryCounts,
    /// What the file does not hold.
    pub not_saved: Vec<NotSaved>,
    /// What was seen to change while it was written.
    pub changed: Option<String>,
    /// Stores that should have got a copy and could not be used.
    pub left_out: Vec<Finding>,
}

/// A vault that got no new backup, and that is all right.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Skipped {
    /// Its OCID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Why it can't be saved; none if it has not changed.
    pub code: Option<Code>,
    /// In a sentence.
    pub because: String,
    /// The backup that still holds it.
    pub backup_id: Option<String>,
    /// Stores in which all bytes were read again and are as signed.
    pub checked: Vec<StoreUrl>,
    /// Stores that lacked it and got it.
    pub copied: Vec<StoreUrl>,
    /// What that backup does not hold.
    pub not_saved: Vec<NotSaved>,
    /// Stores that nobody could look into.
    pub left_out: Vec<Finding>,
}

/// An object, spelled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectShown {
    /// The tenancy's namespace.
    pub namespace: String,
    /// The bucket.
    pub bucket: String,
    /// The whole name.
    pub name: String,
    /// The bucket's region.
    pub region: Region,
    /// In bytes.
    pub size: u64,
    /// Of all bytes.
    pub sha256: Sha256,
}

/// How many key versions can be proven later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CanaryCounts {
    /// Canaries minted for this backup.
    pub minted: usize,
    /// Canaries carried on from earlier ones.
    pub carried: usize,
    /// Versions without one.
    pub unprovable: usize,
}

/// Something that was not backed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotBackedUp {
    /// Its OCID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub code: Code,
    /// Why, in a sentence.
    pub because: String,
}

/// A line of `list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedBackup {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The vault.
    pub vault_id: String,
    /// The vault's name.
    pub vault_name: String,
    /// The vault's region.
    pub region: Region,
    /// With keys or not.
    pub contents: Contents,
    /// Keys in it.
    pub keys: usize,
    /// Key versions in it.
    pub versions: usize,
    /// Key versions without a canary.
    pub unprovable: usize,
    /// Size of the service's file in bytes.
    pub size: u64,
    /// Stores in which it was found.
    pub places: Vec<StoreUrl>,
    /// Who signed it; none if the signature was not accepted.
    pub signer: Option<String>,
}

/// What `check` found of one backup in one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedBackup {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub place: StoreUrl,
    /// All objects that the signed manifest names.
    pub objects: Vec<CheckedObject>,
}

impl CheckedBackup {
    /// True if every object is as it should be. Nothing to check is not good.
    pub fn is_good(&self) -> bool {
        !self.objects.is_empty() && self.objects.iter().all(|o| o.verdict() == CheckVerdict::Checked)
    }
}

/// An object against the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedObject {
    /// Its name within the bundle.
    pub name: String,
    /// What the manifest says.
    pub expected: ExpectedBytes,
    /// What was read; none if there is no such object.
    pub found: Option<ExpectedBytes>,
}

/// Whether bytes are as signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckVerdict {
    /// Size and digest match.
    Checked,
    /// They do not.
    Differs,
    /// There is no such object.
    Missing,
}

impl CheckedObject {
    /// The judgement.
    pub fn verdict(&self) -> CheckVerdict {
        match self.found {
            None => CheckVerdict::Missing,
            Some(found) if found == self.expected => CheckVerdict::Checked,
            Some(_) => CheckVerdict::Differs,
        }
    }
}

impl Serialize for CheckedObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, verdict) = (&self.name, self.verdict());
        json!({"name": name, "verdict": verdict, "expected": self.expected, "found": self.found})
            .serialize(serializer)
    }
}

/// What a restore came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestoredShown {
    /// The run.
    pub run_id: String,
    /// How it ended.
    pub state: RunState,
    /// The backups that were restored.
    pub backup_ids: Vec<String>,
    /// The target region.
    pub into: Region,
    /// Old to new.
    #[serde(flatten, serialize_with = "flat")]
    pub mapping: Mapping,
    /// The judgement.
    pub proof: Proof,
    /// Recovery time actual.
    pub rta_seconds: Option<f64>,
    /// Recovery point actual.
    pub rpa_seconds: Option<f64>,
}

// Scripts read `mapping[]`; the endpoints stand beside it.
#[derive(Serialize)]
struct Flat<'a> {
    mapping: &'a [MappingEntry],
    management_endpoint: Option<&'a str>,
    crypto_endpoint: Option<&'a str>,
}

impl<'a> From<&'a Mapping> for Flat<'a> {
    fn from(mapping: &'a Mapping) -> Self {
        Self {
            mapping: &mapping.entries,
            management_endpoint: mapping.management_endpoint.as_deref(),
            crypto_endpoint: mapping.crypto_endpoint.as_deref(),
        }
    }
}

fn flat<S: Serializer>(mapping: &Mapping, serializer: S) -> Result<S::Ok, S::Error> {
    Flat::from(mapping).serialize(serializer)
}

/// A plan with the digest that names it.
#[derive(Debug, Clone, Copy)]
pub struct PlanShown<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its digest.
    pub digest: &'a Sha256,
}

impl Serialize for PlanShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        seen(self.plan, json!({"digest": self.digest}), serializer)
    }
}

/// A drill as scripts read it.
#[derive(Debug, Clone, Copy)]
pub struct DrillShown<'a>(pub &'a Evidence);

impl Serialize for DrillShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let evidence = self.0;
        let is_good = evidence.failure.is_none() && evidence.proof.count(Verdict::Failed) == 0;
        let state = if is_good { RunState::Succeeded } else { RunState::Failed };
        let Flat { mapping, management_endpoint, crypto_endpoint } = Flat::from(&evidence.mapping);
        let more = json!({"state": state, "mapping": mapping, "management_endpoint": management_endpoint,
            "crypto_endpoint": crypto_endpoint});
        seen(evidence, more, serializer)
    }
}

/// A view of a document that is a file of its own: what is printed of it bears the view's name.
fn seen<S: Serializer>(document: &impl Serialize, more: Value, serializer: S) -> Result<S::Ok, S::Error> {
    let mut shown = serde_json::to_value(document).map_err(serde::ser::Error::custom)?;
    if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
        shown.retain(|name, _| name != "schema" && name != "version");
        shown.extend(more);
    }
    shown.serialize(serializer)
}
