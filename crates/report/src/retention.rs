//! What is kept, what went, and how well a store keeps things: the fields that scripts read.

use jiff::Timestamp;
use keyferry_core::model::{Protection, StoreUrl};
use keyferry_core::{Code, Spread};
use serde::Serialize;

/// What `forget` did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForgetShown {
    /// The store.
    pub store: StoreUrl,
    /// Nothing was deleted.
    pub dry_run: bool,
    /// Backups and leftovers that stay.
    pub kept: Vec<KeptShown>,
    /// Backups that are no longer listed.
    pub forgotten: Vec<ForgottenShown>,
    /// Files that are gone.
    pub pruned: Vec<PrunedShown>,
    /// What was to go and is still there.
    pub refused: Vec<RefusedShown>,
    /// The bucket keeps older versions of what was deleted.
    pub keeps_versions: bool,
}

/// A backup that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptShown {
    /// Its id.
    pub id: String,
    /// The vault's name, if it is known.
    pub vault_name: Option<String>,
    /// All reasons.
    pub reasons: Vec<String>,
}

/// A backup that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForgottenShown {
    /// Its id.
    pub id: String,
    /// The vault.
    pub vault_id: String,
    /// The vault's name.
    pub vault_name: String,
    /// When the service was asked for it.
    pub made_at: Timestamp,
}

/// Files that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrunedShown {
    /// The backup they were of.
    pub id: String,
    /// How many.
    pub objects: usize,
    /// Their bytes.
    pub size: u64,
}

/// Something that was to go and is still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedShown {
    /// The backup.
    pub id: String,
    /// Why.
    pub code: Code,
    /// Why, in a sentence.
    pub because: String,
}

/// Files without a manifest, in `list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftoverShown {
    /// The backup that they are or were of.
    pub id: String,
    /// How many objects.
    pub objects: usize,
    /// Their bytes.
    pub size: u64,
    /// When the last of them was written.
    pub written: Option<Timestamp>,
}

/// How a backup stands in the store at hand, in `show`. Nothing was read for it but the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingShown {
    /// The store.
    pub store: StoreUrl,
    /// All files that the manifest names.
    pub files: Vec<FileShown>,
    /// Where the copies lie, by the signed manifest and this store.
    pub copies: Spread,
    /// Versioning and retention rules of this store; none if they are not known.
    pub protection: Option<Protection>,
    /// When this was seen, by which locks are judged.
    pub at: Timestamp,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileShown {
    /// Its name within the bundle.
    pub name: String,
    /// What it holds: `vault`, or the key's OCID.
    pub holds: String,
    /// As the manifest says.
    pub size: u64,
    /// As listed; none if it is missing.
    pub found: Option<u64>,
}
