//! What a finished run left in its journal, sorted for the manifest.

use jiff::Timestamp;
use keyferry_core::canary::Canary;
use keyferry_core::journal::{Output, Progress};
use keyferry_core::manifest::UnprovableVersion;
use keyferry_core::plan::{Action, ExpectedBytes, Plan};

/// The facts of one backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// When the service was asked.
    pub(crate) made_at: Timestamp,
    /// Its work request.
    pub(crate) work_request_id: Option<String>,
    /// Size and digest of what it wrote.
    pub(crate) bytes: ExpectedBytes,
    /// Canaries minted for this backup.
    pub(crate) minted: Vec<Canary>,
    /// Versions that turned out unable to seal.
    pub(crate) not_minted: Vec<UnprovableVersion>,
}

/// Collects the facts; `None` if the run did not get far enough to claim a backup.
pub(crate) fn facts(plan: &Plan, progress: &Progress) -> Option<Facts> {
    let (mut done, mut bytes, mut minted, mut not_minted) = (None, None, Vec::new(), Vec::new());
    for step in &plan.steps {
        match (&step.details, progress.outputs.get(&step.id)?) {
            (Action::MintCanary { .. }, Output::Minted { canary }) => minted.push(canary.clone()),
            (Action::MintCanary { version_id, .. }, Output::NotMinted { because }) => {
                not_minted
                    .push(UnprovableVersion { version_id: version_id.clone(), because: because.clone() });
            }
            (Action::BackupVault { .. }, Output::Done { work_request_id, asked_at, .. }) => {
                done = Some((*asked_at, work_request_id.clone()));
            }
            (Action::CheckObject { .. }, Output::Checked { bytes: read, .. }) => {
                bytes = bytes.or(Some(*read));
            }
            (Action::CopyObject { .. }, Output::Done { .. }) => {}
            _ => return None,
        }
    }
    let (made_at, work_request_id) = done?;
    // A version of which one kind of canary was minted is provable by that one.
    not_minted.retain(|version| !minted.iter().any(|canary| canary.version_id == version.version_id));
    not_minted.dedup_by(|a, b| a.version_id == b.version_id);
    Some(Facts { made_at, work_request_id, bytes: bytes?, minted, not_minted })
}
