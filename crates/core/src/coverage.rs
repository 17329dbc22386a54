//! The protection ledger: what would be left of each key if its region were lost.

mod judge;
mod line;
mod next;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_ids::{KeyId, KeyVersionId, Region};
use serde::{Deserialize, Serialize};

use crate::Sha256;

pub use judge::judge;
pub use line::{Coverage, Expected, Line, ProofStanding, Standing, Subject, Totals};

/// A store that holds a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its address.
    pub store: String,
    /// Where it is; none if it is outside the cloud.
    pub region: Option<Region>,
    /// Found there when the store was listed. If not, the store was never listed and the signed manifest is believed.
    pub is_seen: bool,
}

/// How well a store keeps what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// Nobody could tell.
    #[default]
    Unknown,
    /// Whoever may write there may delete.
    Deletable,
    /// An overwritten or deleted object stays as an older version.
    Versioned,
    /// A retention rule forbids deletion for a time; an administrator may lift the rule.
    Retained,
    /// A retention rule that nobody can lift any more.
    Locked,
}

/// A key version in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedVersion {
    /// Its OCID.
    pub id: KeyVersionId,
    /// It sealed something that a restore can be tested with.
    pub has_canary: bool,
}

/// A backup. The keys in it share this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its id.
    pub id: String,
    /// When the service was asked.
    pub made_at: Timestamp,
    /// Counts the vault's backups; manifests of version 1 have none.
    pub generation: Option<u64>,
    /// The vault's region.
    pub region: Region,
    /// Of everything of the vault that it depends on; none if the vault changed while it was made.
    pub fingerprint: Option<Sha256>,
    /// Where it lies.
    pub places: Vec<Place>,
}

impl Backup {
    /// The places that are still there when the vault's region is not.
    pub fn places_away(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.region != Some(self.region))
    }
}

/// A key in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The backup.
    pub backup: Arc<Backup>,
    /// The key's versions in it.
    pub versions: Vec<SavedVersion>,
}

impl Saved {
    /// True if it holds that version.
    pub fn holds(&self, version: &KeyVersionId) -> bool {
        self.versions.iter().any(|saved| saved.id == *version)
    }
}

/// The backups of a key that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The newest.
    pub newest: Saved,
    /// The newest that survives the loss of the vault's region, if that is an older one.
    pub older_away: Option<Saved>,
}

impl KeyRecord {
    /// The newest backup that survives the loss of the vault's region.
    pub fn surviving(&self) -> Option<&Saved> {
        if self.newest.backup.places_away().next().is_some() {
            Some(&self.newest)
        } else {
            self.older_away.as_ref()
        }
    }
}

/// When and where a version was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// When the run began that tried it: never later than the trial itself.
    pub at: Timestamp,
    /// The region of the restored vault.
    pub region: Region,
    /// The backup that was restored, of which many versions were tried.
    pub backup_id: Arc<str>,
}

/// The newest trials of a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trials {
    /// It opened what it had sealed.
    pub proven: Option<Tried>,
    /// It did not.
    pub failed: Option<Tried>,
}

/// All that is known of backups and proofs, by key and by version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Keys that any backup holds.
    pub keys: HashMap<KeyId, KeyRecord>,
    /// Versions that were tried.
    pub trials: HashMap<KeyVersionId, Trials>,
    /// How well stores keep what is in them, by address.
    pub keeping: BTreeMap<String, Keeping>,
}

#[cfg(test)]
mod tests;
