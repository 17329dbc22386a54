//! A line of the ledger, and what lines add up to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_ids::Region;
use serde::Serialize;

use super::{Keeping, KeyRecord, Saved, Tried};
use crate::model::{Key, Secret, Vault};
use crate::{Code, Inventory, Period};

/// What is asked of the keys of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// How old the newest backup outside the region may be. One that still shows its vault as it is, or the one key
    /// that was saved by itself, has no age: what has not changed is not saved again.
    pub rpo: Option<Period>,
    /// How old the newest proof may be.
    pub proven_within: Option<Period>,
    /// Software keys are known not to be saved, and that is fine.
    pub accepts_software: bool,
}

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Saved with all its versions, with a copy outside its region, and recently enough.
    Protected,
    /// The newest backup outside the region is older than the objective, and its vault has changed since.
    Stale,
    /// The key was rotated after the newest backup.
    Outdated,
    /// Its backup, or a good enough one, lies in its own region only.
    NotCopied,
    /// A backup could hold it, and none does.
    Unsaved,
    /// No backup can hold it; a replica in another region does.
    Replicated,
    /// A software key: no backup can hold it, but it can be exported.
    Exportable,
    /// No backup can hold it, and it can't be exported either.
    Unsavable,
    /// A software key of which somebody said that it need not be saved.
    Accepted,
    /// Its material is not in OCI.
    External,
    /// On its way to deletion, with its vault or alone.
    Leaving,
    /// A secret. Listed, because it is lost with the vault.
    Secret,
}

impl Standing {
    /// True if it is one of the keys of which the percentage is taken.
    pub fn counts(self) -> bool {
        !matches!(self, Self::Accepted | Self::External | Self::Leaving | Self::Secret)
    }

    /// True if the loss of the region does not lose it.
    pub fn is_protected(self) -> bool {
        matches!(self, Self::Protected | Self::Replicated)
    }

    /// True if a backup can hold it.
    pub fn is_savable(self) -> bool {
        matches!(self, Self::Protected | Self::Stale | Self::Outdated | Self::NotCopied | Self::Unsaved)
    }
}

/// What is known of a key's recovery from practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofStanding<'a> {
    /// There is no backup that could be proven.
    Nothing,
    /// None of its versions in the backup has a canary.
    Unprovable,
    /// At least one version with a canary was never tried.
    Never,
    /// The newest trial of a version failed.
    Failed(&'a Tried),
    /// All versions with a canary were proven; this is the oldest of their newest proofs.
    Proven(&'a Tried),
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A key.
    Key(&'a Key),
    /// A secret.
    Secret(&'a Secret),
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The vault.
    pub vault: &'a Vault,
    /// The key or secret in it.
    pub subject: Subject<'a>,
    /// How it stands.
    pub standing: Standing,
    /// The backups that hold it.
    pub record: Option<&'a KeyRecord>,
    /// Versions that a backup of today would hold and the judged one does not.
    pub missing: usize,
    /// How well the best of the places outside the region keeps what is in it.
    pub keeping: Keeping,
    /// Whether its recovery was tried.
    pub proof: ProofStanding<'a>,
    /// Other regions with a replica of the vault.
    pub replicas: Vec<Region>,
    /// An objective is set, and no backup outside the region meets it.
    pub is_overdue: bool,
    /// A time is set, and it was not proven within it.
    pub is_unproven_in_time: bool,
}

impl Line<'_> {
    /// The backup that is judged: the one that would be left, or else the newest.
    pub fn judged(&self) -> Option<&Saved> {
        self.record.map(|record| record.surviving().unwrap_or(&record.newest))
    }
}

/// The sums. Computed, never kept beside the lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Lines about keys.
    pub keys: usize,
    /// Lines about secrets.
    pub secrets: usize,
    /// Keys of which the percentage is taken.
    pub counted: usize,
    /// Of these, the ones that the loss of their region would not lose.
    pub protected: usize,
    /// Keys without a backup outside their region that meets the objective.
    pub overdue: usize,
    /// Keys that were not proven within the time set.
    pub unproven_in_time: usize,
    /// Lines by standing.
    pub standings: BTreeMap<Standing, usize>,
}

impl Totals {
    /// Protected of counted keys, cut off after two decimals so that nearly all is never all. None of nothing.
    #[expect(clippy::cast_precision_loss, reason = "no tenancy has so many keys")]
    pub fn percent(&self) -> Option<f64> {
        let hundredths = (self.protected * 10_000).checked_div(self.counted)?;
        Some(hundredths as f64 / 100.0)
    }
}

/// The ledger as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage<'a> {
    /// What was judged.
    pub inventory: &'a Inventory,
    /// When.
    pub judged_at: Timestamp,
    /// One for each key that is not deleted, and one for each secret.
    pub lines: Vec<Line<'a>>,
    /// Their sums.
    pub totals: Totals,
}

impl Coverage<'_> {
    /// What is not as asked for; the worst comes first.
    pub fn flaws(&self, fail_under: Option<f64>) -> Vec<Code> {
        let is_low =
            fail_under.is_some_and(|least| self.totals.percent().is_some_and(|percent| percent < least));
        let flaws = [
            (is_low, Code::CoverageLow),
            (self.totals.overdue > 0, Code::Overdue),
            (self.totals.unproven_in_time > 0, Code::NotProvenInTime),
        ];
        flaws.into_iter().filter_map(|(is_so, code)| is_so.then_some(code)).collect()
    }
}
