//! What is known of each backup before it is decided whether it may go.

use std::collections::BTreeSet;

use keyferry_catalogue::{Listed, Listing, Meant, OpenedBundle};
use keyferry_core::model::{Hold, ListedObject, Protection};
use keyferry_core::policy::Policy;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Environment, Explain as _, proven_backup};
use keyferry_forget::{Candidate, Refused};
use keyferry_report::KeptShown;

use crate::failure::Failure;
use crate::invocation::Invocation;

/// A store as it was found.
pub(super) struct Looked<'a> {
    pub(super) on: &'a Invocation,
    pub(super) listing: &'a Listing,
    pub(super) allowed: &'a AllowedSigners,
    pub(super) protection: Option<&'a Protection>,
}

/// Backups that may be decided on, and those that are not touched.
pub(super) struct Chosen {
    pub(super) candidates: Vec<Candidate>,
    pub(super) kept: Vec<KeptShown>,
}

impl Looked<'_> {
    /// All trusted backups of the policy's vaults. What is not trusted stays: its manifest may say anything.
    pub(super) fn candidates(
        &self,
        environment: &Environment,
        policy: Option<&Policy>,
    ) -> Result<Chosen, Failure> {
        let proven = self.proven(environment)?;
        let mut chosen = Chosen { candidates: Vec::new(), kept: Vec::new() };
        for listed in &self.listing.backups {
            let manifest = &listed.manifest;
            if !self.is_trusted(listed) {
                chosen.kept.push(untouched(&manifest.backup_id, "its signature is not accepted"));
            } else if policy.is_none_or(|policy| policy.selects_saved(manifest)) {
                let objects: Vec<_> = self.listing.objects_of(&manifest.backup_id).cloned().collect();
                chosen.candidates.push(Candidate {
                    backup_id: manifest.backup_id.clone(),
                    vault_id: manifest.vault.id.clone(),
                    made_at: manifest.made_at,
                    generation: manifest.generation,
                    is_proven: proven.contains(&manifest.backup_id),
                    hold: self.hold(&objects),
                    contents: manifest.contents,
                    keys: manifest.keys.iter().map(|key| key.id.clone()).collect(),
                });
            }
        }
        let damaged = self.listing.damaged.iter();
        chosen.kept.extend(damaged.map(|damaged| untouched(&damaged.backup_id, "it is damaged")));
        Ok(chosen)
    }

    /// Whole ids of what was named, and what of it is not touched.
    pub(super) fn named(&self, words: &[String]) -> Result<(BTreeSet<String>, Vec<Refused>), Failure> {
        let (mut named, mut refused) = (BTreeSet::new(), Vec::new());
        for word in words {
            let (backup_id, error) = match self.listing.find(word)? {
                Meant::Damaged(at) => {
                    let damaged = &self.listing.damaged[at];
                    (damaged.backup_id.clone(), (damaged.error.code(), damaged.error.to_string()))
                }
                Meant::Backup(at) => {
                    let listed = &self.listing.backups[at];
                    let id = listed.manifest.backup_id.clone();
                    match OpenedBundle::open(listed, self.allowed) {
                        Ok(_) => {
                            named.insert(id);
                            continue;
                        }
                        Err(error) => (id, (error.code(), error.to_string())),
                    }
                }
            };
            let (code, because) = error;
            refused.push(Refused { backup_id, code, because });
        }
        Ok((named, refused))
    }

    /// The rule of the bucket that holds any of these longest.
    pub(super) fn hold(&self, objects: &[ListedObject]) -> Option<Hold> {
        let now = self.on.clock.now();
        let protection = self.protection?;
        let holds = objects.iter().filter_map(|object| protection.hold(object.modified, now));
        // One without an end is the longest.
        holds.max_by_key(|hold| hold.until.unwrap_or(jiff::Timestamp::MAX))
    }

    fn is_trusted(&self, listed: &Listed) -> bool {
        OpenedBundle::open(listed, self.allowed).is_ok()
    }

    /// Backups that runs on this machine have proven, in this environment.
    fn proven(&self, environment: &Environment) -> Result<BTreeSet<String>, Failure> {
        let runs = self.on.runs()?;
        let mut proven = BTreeSet::new();
        // Parts of a fleet's run are backups, which prove nothing; runs of other kinds have no plan of this form.
        for id in runs.ids()?.into_iter().filter(|id| !id.contains('.')) {
            let Ok(run) = runs.read(&id) else { continue };
            if run.plan.environment == *environment {
                proven.extend(proven_backup(&run.plan, &run.progress).map(str::to_owned));
            }
        }
        Ok(proven)
    }
}

fn untouched(id: &str, because: &str) -> KeptShown {
    KeptShown { id: id.to_owned(), vault_name: None, reasons: vec![because.to_owned()] }
}
