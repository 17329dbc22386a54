//! Decides which backups of each vault are kept and why. Pure, and only about backups whose signature was accepted:
//! a planted manifest pushes nothing out.

mod holds;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use keyferry_core::manifest::Contents;
use keyferry_core::model::Hold;
use keyferry_core::policy::Retention;
use keyferry_core::{Code, Period};
use keyferry_ids::{KeyId, VaultId};

use holds::Holds;

/// A trusted backup in the store.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its id.
    pub backup_id: String,
    /// The vault.
    pub vault_id: VaultId,
    /// When the service was asked.
    pub made_at: Timestamp,
    /// Its place in the vault's chain; 0 if it was not counted.
    pub generation: u64,
    /// A run restored from it and opened its canaries.
    pub is_proven: bool,
    /// The bucket's rule that forbids its deletion.
    pub hold: Option<Hold>,
    /// The vault with its keys, or less.
    pub contents: Contents,
    /// The keys that it holds.
    pub keys: BTreeSet<KeyId>,
}

/// What is to go.
#[derive(Debug, Clone)]
pub enum Choice {
    /// These, by their whole ids.
    Named(BTreeSet<String>),
    /// All that none of the rules keeps.
    Rules(Retention),
}

/// Why a backup is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Among the newest so many.
    Last,
    /// Younger than that, counted from the newest.
    Within(Period),
    /// The newest of that day.
    Daily(String),
    /// The newest of that week.
    Weekly(String),
    /// The newest of that month.
    Monthly(String),
    /// The newest of that year.
    Yearly(String),
    /// There is no other.
    Only,
    /// The newest of its vault, by time or by generation.
    Newest,
    /// No newer one of its vault holds all that it holds.
    NewestOf(&'static str),
    /// No other that holds the same was proven.
    OnlyProven,
    /// The store would refuse.
    Held(Hold),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("last"),
            Self::Within(period) => write!(f, "within {period}"),
            Self::Daily(day) => write!(f, "daily {day}"),
            Self::Weekly(week) => write!(f, "weekly {week}"),
            Self::Monthly(month) => write!(f, "monthly {month}"),
            Self::Yearly(year) => write!(f, "yearly {year}"),
            Self::Only => f.write_str("the only backup of its vault"),
            Self::Newest => f.write_str("the newest backup of its vault"),
            Self::NewestOf(what) => write!(f, "the newest {what}"),
            Self::OnlyProven => f.write_str("the only one of what it holds that was proven"),
            Self::Held(Hold { rule, until: Some(until) }) => {
                write!(f, "retained until {until} by the rule `{}`", rule.escape_debug())
            }
            Self::Held(Hold { rule, until: None }) => {
                write!(f, "retained by the rule `{}`, which has no end", rule.escape_debug())
            }
        }
    }
}

impl Reason {
    /// What a user is told who asked for this very backup.
    pub fn code(&self) -> Code {
        match self {
            Self::Held(_) => Code::Retained,
            _ => Code::LastBackup,
        }
    }
}

/// A backup that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub backup_id: String,
    /// All reasons.
    pub reasons: Vec<Reason>,
}

/// A backup that was to go and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its id.
    pub backup_id: String,
    /// Why, as a code.
    pub code: Code,
    /// Why, in a sentence.
    pub because: String,
}

/// What is to be done. Nothing, if anything was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Backups that the rules or a guard keep.
    pub kept: Vec<Kept>,
    /// Ids of those that go.
    pub forgotten: Vec<String>,
    /// Those that were named and must stay.
    pub refused: Vec<Refused>,
}

/// Decides vault by vault and, in each, among backups that hold the same: one of less pushes none of more out. Whatever
/// the choice, a vault keeps its newest backup, the newest of what no newer whole one holds, and one that was proven if
/// there is any; and nothing is tried that the store would refuse.
pub fn plan(candidates: &[Candidate], choice: &Choice) -> Decision {
    let mut vaults: BTreeMap<&VaultId, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        vaults.entry(&candidate.vault_id).or_default().push(candidate);
    }
    let mut decision = Decision::default();
    for of_vault in vaults.values_mut() {
        of_vault.sort_by_key(|candidate| std::cmp::Reverse((candidate.made_at, &candidate.backup_id)));
        let mut alike: BTreeMap<Holds<'_>, Vec<&Candidate>> = BTreeMap::new();
        for candidate in of_vault.iter() {
            alike.entry(Holds::of(candidate)).or_default().push(candidate);
        }
        for (holds, group) in &alike {
            let mut reasons = match choice {
                Choice::Rules(rules) => rules::apply(group, rules),
                Choice::Named(ids) => {
                    let is_named = |candidate: &&Candidate| ids.contains(&candidate.backup_id);
                    group.iter().map(|candidate| (!is_named(candidate)).then(Vec::new)).collect()
                }
            };
            guard(of_vault, (*holds, group), &mut reasons);
            decision.take_in(group, reasons, choice);
        }
    }
    // Oldest first: ids alone do not tell apart what was made within a second.
    let order: BTreeMap<_, _> =
        candidates.iter().map(|of| (&*of.backup_id, (of.made_at, &*of.backup_id))).collect();
    decision.kept.sort_by_key(|kept| order.get(&*kept.backup_id));
    decision.forgotten.sort_by_key(|id| order.get(&**id));
    decision.refused.sort_by_key(|refused| order.get(&*refused.backup_id));
    decision
}

impl Decision {
    fn take_in(&mut self, group: &[&Candidate], reasons: Reasons, choice: &Choice) {
        for (candidate, reasons) in group.iter().zip(reasons) {
            let id = candidate.backup_id.clone();
            let is_named = matches!(choice, Choice::Named(ids) if ids.contains(&id));
            match (reasons, is_named) {
                (None, _) => self.forgotten.push(id),
                (Some(reasons), true) => {
                    let because: Vec<_> = reasons.iter().map(Reason::to_string).collect();
                    let code = reasons.first().map_or(Code::LastBackup, Reason::code);
                    self.refused.push(Refused { backup_id: id, code, because: because.join("; ") });
                }
                // What was not named is nobody's question.
                (Some(reasons), false) if reasons.is_empty() => {}
                (Some(reasons), false) => self.kept.push(Kept { backup_id: id, reasons }),
            }
        }
    }
}

/// Why each is kept; `None` for those that go.
type Reasons = Vec<Option<Vec<Reason>>>;

fn guard(of_vault: &[&Candidate], (holds, alike): (Holds<'_>, &[&Candidate]), reasons: &mut Reasons) {
    let newest = of_vault.iter().map(|candidate| candidate.generation).max().unwrap_or_default();
    let latest = of_vault.first().map(|candidate| &candidate.backup_id);
    for (at, (candidate, reasons)) in alike.iter().zip(reasons.iter_mut()).enumerate() {
        if reasons.is_some() {
            continue;
        }
        // The generation decides whether a store was set back; the time decides what `latest` means.
        if latest == Some(&candidate.backup_id) || (newest > 0 && candidate.generation == newest) {
            let only = if of_vault.len() == 1 { Reason::Only } else { Reason::Newest };
            *reasons = Some(vec![only]);
        } else if at == 0 && !holds::is_in_a_newer_whole_one(candidate, of_vault) {
            *reasons = Some(vec![Reason::NewestOf(holds.in_words())]);
        } else if let Some(hold) = &candidate.hold {
            *reasons = Some(vec![Reason::Held(hold.clone())]);
        }
    }
    let is_proven = |at: &usize| alike.get(*at).is_some_and(|candidate| candidate.is_proven);
    let proven: Vec<_> = (0..alike.len()).filter(is_proven).collect();
    let none_stays = proven.iter().all(|at| reasons.get(*at).is_some_and(Option::is_none));
    if let Some(at) = proven.first().filter(|_| none_stays)
        && let Some(reasons) = reasons.get_mut(*at)
    {
        *reasons = Some(vec![Reason::OnlyProven]);
    }
}

#[cfg(test)]
mod tests;
