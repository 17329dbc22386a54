//! What a policy says: which vaults, into which bucket, how often, how long kept, and who is told.

mod heartbeat;
mod pattern;
mod select;

use std::collections::{BTreeMap, BTreeSet};

use keyferry_ids::Region;
use serde::{Deserialize, Serialize};

pub use heartbeat::{Heartbeat, HeartbeatError};
pub use pattern::Pattern;
pub use select::{CompartmentChoice, Selector};

use crate::manifest::Manifest;
use crate::model::Vault;
use crate::{Code, Period};

/// A backup that repeats. All of it is written by hand, so unknown words are refused.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The vaults; every vault if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Selector>,
    /// Vaults that are left out although selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Selector>,
    /// Where a vault's backup goes first: a bucket of the vault's own region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
    /// Stores, or names of stores, that get copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copy_to: Vec<String>,
    /// How much of a vault is saved.
    pub contents: Extent,
    /// What may be missing from a backup without making it partial.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub accept_unsaved: BTreeSet<Unsavable>,
    /// Which backups are kept; all of them if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Recovery point objective: how old a vault's newest backup may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Period>,
    /// How old a vault's newest proof may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven_within: Option<Period>,
    /// Programs to run afterwards.
    pub hooks: Hooks,
    /// Address that is asked after each backup, so that somebody notices when none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Heartbeat>,
}

impl Policy {
    /// True if the policy is about this vault, which lies in the compartment of that path.
    pub fn selects(&self, vault: &Vault, compartment_path: &str) -> bool {
        let fits = |selector: &Selector| selector.fits(vault, compartment_path);
        self.select.as_ref().is_none_or(fits) && !self.exclude.as_ref().is_some_and(fits)
    }

    /// True if the policy is about the vault of this backup, as it was then.
    pub fn selects_saved(&self, manifest: &Manifest) -> bool {
        let fits = |selector: &Selector| selector.fits_saved(manifest);
        self.select.as_ref().is_none_or(fits) && !self.exclude.as_ref().is_some_and(fits)
    }

    /// True if a vault of that region can be selected.
    pub fn reaches(&self, region: Region) -> bool {
        self.select.as_ref().is_none_or(|selector| selector.reaches(region))
            && !self.exclude.as_ref().is_some_and(|selector| selector.is_all_of(region))
    }

    /// `NAME[@NAMESPACE]` of the bucket for vaults of that region.
    pub fn bucket(&self, region: Region) -> Option<&str> {
        match self.bucket.as_ref()? {
            Bucket::Everywhere(name) => Some(name),
            Bucket::ByRegion(names) => names.get(&region).map(String::as_str),
        }
    }

    /// Takes what the policy does not say itself from the objectives that hold for all.
    #[must_use]
    pub fn with_defaults(mut self, objectives: &Objectives) -> Self {
        self.rpo = self.rpo.or(objectives.rpo);
        self.proven_within = self.proven_within.or(objectives.proven_within);
        self
    }
}

/// What recovery has to reach, unless a policy or a drill says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// Recovery point: how old the newest backup may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Period>,
    /// Recovery time: how long a restore may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto: Option<Period>,
    /// How old the newest proof may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven_within: Option<Period>,
}

/// A bucket of that name in each region, or another one for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "write NAME[@NAMESPACE], or a table of those with a region before each")]
pub enum Bucket {
    /// The same name in every region.
    Everywhere(String),
    /// By the vault's region.
    ByRegion(BTreeMap<Region, String>),
}

/// How much of a vault is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// The vault with its HSM keys, in one piece.
    #[default]
    WithKeys,
    /// The vault's own metadata.
    MetadataOnly,
    /// The vault's metadata, and each key in a piece of its own, so that single keys can come back.
    KeysOneByOne,
}

/// What no backup can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsavable {
    /// Software-protected keys.
    Software,
    /// Secrets.
    Secrets,
}

impl Unsavable {
    /// The code under which it is reported.
    pub fn code(self) -> Code {
        match self {
            Self::Software => Code::SoftwareKey,
            Self::Secrets => Code::SecretNotSaved,
        }
    }
}

/// Which backups of a vault are kept: those that any of the rules keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The newest so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_last: Option<u32>,
    /// The newest of each of so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_daily: Option<u32>,
    /// The newest of each of so many weeks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_weekly: Option<u32>,
    /// The newest of each of so many months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_monthly: Option<u32>,
    /// The newest of each of so many years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_yearly: Option<u32>,
    /// All that are younger, counted from the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_within: Option<Period>,
}

impl Retention {
    /// True if there is a rule that can keep anything.
    pub fn is_some(&self) -> bool {
        let counts = [self.keep_last, self.keep_daily, self.keep_weekly, self.keep_monthly, self.keep_yearly];
        counts.iter().flatten().any(|count| *count > 0) || self.keep_within.is_some()
    }
}

/// Programs with their arguments, each word as it is: no shell ever sees them. Empty means none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// When all is well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub success: Vec<String>,
    /// When anything is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failure: Vec<String>,
    /// In any case, after the other one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub always: Vec<String>,
}

#[cfg(test)]
mod tests;
