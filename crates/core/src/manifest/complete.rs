//! Fills a draft with the facts of a run. Nothing is claimed that the journal does not hold.

use jiff::Timestamp;

use super::{Blob, Manifest, UnprovableVersion};
use crate::journal::{Output, Progress};
use crate::model::ObjectPlace;
use crate::plan::{Action, Plan, Step};

/// The manifest of a backup, from the draft in its plan and the results of all steps before `seal`; `None` if the
/// run did not get far enough to claim a backup.
pub fn complete(draft: &Manifest, plan: &Plan, seal: &Step, progress: &Progress) -> Option<Manifest> {
    let mut manifest = draft.clone();
    let mut asked: Option<Timestamp> = None;
    let mut minted = Vec::new();
    let mut not_minted: Vec<UnprovableVersion> = Vec::new();
    for step in plan.steps.iter().take_while(|step| step.id != seal.id) {
        match (&step.details, progress.outputs.get(&step.id)?) {
            (Action::MintCanary { .. }, Output::Minted { canary }) => minted.push(canary.clone()),
            (Action::MintCanary { version_id, .. }, Output::NotMinted { because }) => {
                not_minted
                    .push(UnprovableVersion { version_id: version_id.clone(), because: because.clone() });
            }
            (Action::BackupVault { .. }, Output::Done { work_request_id, asked_at, .. }) => {
                asked = Some(asked.map_or(*asked_at, |earlier| earlier.min(*asked_at)));
                manifest.work_request_id.clone_from(work_request_id);
            }
            (Action::BackupKey { .. }, Output::Done { asked_at, .. }) => {
                asked = Some(asked.map_or(*asked_at, |earlier| earlier.min(*asked_at)));
            }
            (Action::CheckObject { at, .. }, Output::Checked { bytes, .. }) => {
                let blob = name_in_bundle(at, &manifest.backup_id).map(|name| Blob {
                    name,
                    size: bytes.size,
                    sha256: bytes.sha256,
                });
                match written_by(plan, step) {
                    // A pre-authenticated request leads wherever it leads; the copy in the bundle is checked too.
                    Some(action) if action.is_by_par() && blob.is_none() => {}
                    Some(Action::BackupVault { .. }) => manifest.blob = Some(blob?),
                    Some(Action::BackupKey { key_id, .. }) => {
                        let blob = Some(blob?);
                        manifest.keys.iter_mut().find(|key| key.id == *key_id)?.blob = blob;
                    }
                    _ => {}
                }
            }
            (Action::CheckUsage { .. }, Output::Counted { changed }) => manifest.changed.clone_from(changed),
            (Action::ClaimGeneration { .. }, Output::Claimed)
            | (Action::CopyObject { .. }, Output::Done { .. })
            | (Action::CopyOut { .. }, Output::Stored) => {}
            _ => return None,
        }
    }
    manifest.made_at = asked?;
    // A version of which one kind of canary was minted is provable by that one.
    not_minted.retain(|version| !minted.iter().any(|canary| canary.version_id == version.version_id));
    not_minted.dedup_by(|a, b| a.version_id == b.version_id);
    manifest.canaries.extend(minted);
    manifest.unprovable.extend(not_minted);
    manifest.files().next()?;
    Some(manifest)
}

/// The step among the needed ones that had the service write a file.
fn written_by<'a>(plan: &'a Plan, check: &Step) -> Option<&'a Action> {
    let needed = plan.steps.iter().filter(|step| check.needs.contains(&step.id)).map(|step| &step.details);
    let mut writers =
        needed.filter(|action| matches!(action, Action::BackupVault { .. } | Action::BackupKey { .. }));
    writers.next()
}

/// What follows the backup's id in an object's name.
fn name_in_bundle(at: &ObjectPlace, backup_id: &str) -> Option<String> {
    let (_, name) = at.name.rsplit_once(&format!("{backup_id}/"))?;
    Some(name.to_owned())
}
