//! Judges each key of an inventory against the ledger. Pure, and without a copy of either: a fleet has many keys.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use keyferry_ids::Region;
use rayon::prelude::*;

use super::{
    Coverage, Expected, Keeping, KeyRecord, Ledger, Line, ProofStanding, Saved, Standing, Subject, Totals,
    Tried,
};
use crate::model::{Key, KeyState, ProtectionMode, Vault, VaultState, VaultType};
use crate::{Inventory, Period, Sha256, VaultStock, eligibility, fingerprint};

/// Ways to save all keys of a vault, as fingerprints name them.
const WHOLE: [&str; 2] = ["with_keys", "keys_one_by_one"];
/// And the way to save one by itself.
const ALONE: &str = "key";

/// Judges everything in the inventory, on all cores: what takes the time is waiting for memory.
pub fn judge<'a>(
    inventory: &'a Inventory,
    ledger: &'a Ledger,
    expected: impl Fn(&VaultStock) -> Expected,
    now: Timestamp,
) -> Coverage<'a> {
    // Asked for once: a walk through all vaults for each vault would be long.
    let vaults = || inventory.vaults.iter().map(|stock| &stock.vault);
    let primaries: HashSet<_> = vaults().filter(|vault| vault.is_primary).map(|vault| &vault.id).collect();
    let mut replicated: HashMap<_, Vec<Region>> = HashMap::new();
    for replica in vaults().filter(|vault| !vault.is_primary) {
        replicated.entry(&replica.id).or_default().push(replica.region);
    }
    // A replica shows its primary's keys again, under the same OCIDs.
    let is_shown = |vault: &Vault| vault.is_primary || !primaries.contains(&vault.id);
    let shown = inventory.vaults.iter().filter(|stock| is_shown(&stock.vault));
    let shown: Vec<_> = shown.map(|stock| (stock, expected(stock))).collect();
    let lines = shown.into_par_iter().flat_map_iter(|(stock, expected)| {
        let of_vault = replicated.get(&stock.vault.id).filter(|_| stock.vault.is_primary);
        let replicas = of_vault.cloned().unwrap_or_default();
        let (taken_at, unchanged) = (inventory.taken_at, OnceCell::new());
        Judge { stock, ledger, expected, replicas, now, taken_at, unchanged }.lines()
    });
    let lines: Vec<_> = lines.collect();
    let totals = totals(&lines);
    Coverage { inventory, judged_at: now, lines, totals }
}

fn totals(lines: &[Line<'_>]) -> Totals {
    let mut totals = Totals::default();
    for line in lines {
        match line.subject {
            Subject::Key(_) => totals.keys += 1,
            Subject::Secret(_) => totals.secrets += 1,
        }
        totals.counted += usize::from(line.standing.counts());
        totals.protected += usize::from(line.standing.is_protected());
        totals.overdue += usize::from(line.is_overdue);
        totals.unproven_in_time += usize::from(line.is_unproven_in_time);
        *totals.standings.entry(line.standing).or_default() += 1;
    }
    totals
}

/// What is the same for all keys of a vault.
struct Judge<'a> {
    stock: &'a VaultStock,
    ledger: &'a Ledger,
    expected: Expected,
    replicas: Vec<Region>,
    now: Timestamp,
    taken_at: Timestamp,
    /// What a backup of the vault as it was seen would be known by. Seldom needed, and not cheap.
    unchanged: OnceCell<Vec<Sha256>>,
}

impl<'a> Judge<'a> {
    fn lines(self) -> Vec<Line<'a>> {
        let keys = self.stock.keys.iter().filter(|key| key.lifecycle_state != KeyState::Deleted);
        let secrets = self.stock.secrets.iter();
        let secrets = secrets.map(|secret| self.line(Subject::Secret(secret), Standing::Secret));
        keys.map(|key| self.key(key)).chain(secrets).collect()
    }

    fn key(&self, key: &'a Key) -> Line<'a> {
        let record = self.ledger.keys.get(&key.id);
        let judged = record.map(|record| record.surviving().unwrap_or(&record.newest));
        let missing = judged.map_or(0, |saved| missing(key, saved));
        let standing = self.standing(key, record, missing);
        let mut line = Line { record, missing, ..self.line(Subject::Key(key), standing) };
        if let Some(saved) = judged {
            let keeping =
                saved.backup.places_away().filter_map(|place| self.ledger.keeping.get(&place.store));
            line.keeping = keeping.max().copied().unwrap_or_default();
            line.proof = self.proof(saved);
        }
        if standing.is_savable() {
            let surviving = record.and_then(KeyRecord::surviving);
            line.is_overdue =
                self.expected.rpo.is_some() && !surviving.is_some_and(|saved| self.is_fresh(key, saved));
            let is_proven = |within| matches!(line.proof, ProofStanding::Proven(tried) if self.is_within(tried.at, within));
            line.is_unproven_in_time = self.expected.proven_within.is_some_and(|within| !is_proven(within));
        }
        line
    }

    fn line(&self, subject: Subject<'a>, standing: Standing) -> Line<'a> {
        Line {
            vault: &self.stock.vault,
            subject,
            standing,
            record: None,
            missing: 0,
            keeping: Keeping::Unknown,
            proof: ProofStanding::Nothing,
            replicas: self.replicas.clone(),
            is_overdue: false,
            is_unproven_in_time: false,
        }
    }

    fn standing(&self, key: &Key, record: Option<&KeyRecord>, missing: usize) -> Standing {
        let vault = &self.stock.vault;
        if vault.vault_type == VaultType::External || key.protection_mode == ProtectionMode::External {
            return Standing::External;
        }
        if is_leaving(vault, key) {
            return Standing::Leaving;
        }
        // What a key can have is decided by what it is, not by a state that passes, such as UPDATING.
        if vault.vault_type == VaultType::VirtualPrivate && key.protection_mode == ProtectionMode::Hsm {
            return self.saved(key, record, missing);
        }
        let is_software = key.protection_mode == ProtectionMode::Software;
        match (self.replicas.is_empty(), is_software) {
            (false, _) => Standing::Replicated,
            (true, true) if self.expected.accepts_software => Standing::Accepted,
            (true, true) => Standing::Exportable,
            (true, false) => Standing::Unsavable,
        }
    }

    /// How a key stands that a backup can hold and of which the judged one lacks some versions. A replica does not make
    /// up for a backup: it follows a deletion.
    fn saved(&self, key: &Key, record: Option<&KeyRecord>, lacking: usize) -> Standing {
        let Some(record) = record else { return Standing::Unsaved };
        let Some(surviving) = record.surviving() else { return Standing::NotCopied };
        let is_newest_good = || missing(key, &record.newest) == 0 && self.is_fresh(key, &record.newest);
        if lacking == 0 && self.is_fresh(key, surviving) {
            Standing::Protected
        } else if record.older_away.is_some() && is_newest_good() {
            Standing::NotCopied
        } else if lacking > 0 {
            Standing::Outdated
        } else {
            Standing::Stale
        }
    }

    fn is_fresh(&self, key: &Key, saved: &Saved) -> bool {
        let Some(rpo) = self.expected.rpo else { return true };
        self.is_within(saved.backup.made_at, rpo)
            || (self.is_within(self.taken_at, rpo) && self.is_unchanged(key, saved))
    }

    /// True if the backup would be the same today: of the whole vault, or of this key alone.
    fn is_unchanged(&self, key: &Key, saved: &Saved) -> bool {
        let Some(then) = &saved.backup.fingerprint else { return false };
        let now =
            || WHOLE.iter().filter_map(|extent| fingerprint(self.stock, self.stock.keys.iter(), extent).ok());
        self.unchanged.get_or_init(|| now().collect()).contains(then)
            || fingerprint(self.stock, std::iter::once(key), ALONE).is_ok_and(|alone| alone == *then)
    }

    fn is_within(&self, at: Timestamp, period: Period) -> bool {
        // A time in the future is another clock's, and counts as now.
        self.now.duration_since(at)
            <= SignedDuration::try_from(period.duration()).unwrap_or(SignedDuration::MAX)
    }

    fn proof(&self, saved: &Saved) -> ProofStanding<'a> {
        let mut oldest: Option<&Tried> = None;
        let mut is_untried = false;
        for version in saved.versions.iter().filter(|version| version.has_canary) {
            let trials = self.ledger.trials.get(&version.id);
            match trials.map(|trials| (trials.proven.as_ref(), trials.failed.as_ref())) {
                Some((proven, Some(failed))) if proven.is_none_or(|proven| proven.at <= failed.at) => {
                    return ProofStanding::Failed(failed);
                }
                Some((Some(proven), _)) if oldest.is_none_or(|oldest| proven.at < oldest.at) => {
                    oldest = Some(proven);
                }
                Some((Some(_), _)) => {}
                _ => is_untried = true,
            }
        }
        match oldest {
            _ if is_untried => ProofStanding::Never,
            Some(proven) => ProofStanding::Proven(proven),
            None => ProofStanding::Unprovable,
        }
    }
}

/// How many versions a backup of today would hold that this one does not.
fn missing(key: &Key, saved: &Saved) -> usize {
    eligibility::saved_versions(key).filter(|version| !saved.holds(&version.id)).count()
}

fn is_leaving(vault: &Vault, key: &Key) -> bool {
    let vault_leaves = matches!(
        vault.lifecycle_state,
        VaultState::SchedulingDeletion
            | VaultState::PendingDeletion
            | VaultState::Deleting
            | VaultState::Deleted
    );
    let key_leaves = matches!(
        key.lifecycle_state,
        KeyState::SchedulingDeletion | KeyState::PendingDeletion | KeyState::Deleting
    );
    vault_leaves || key_leaves
}
