//! Acts: performs the plan of one vault's backup, or takes it up again.

use keyferry_core::journal::{Output, Progress};
use keyferry_core::manifest::{Manifest, open_unverified};
use keyferry_core::model::ObjectPlace;
use keyferry_core::plan::{Action, Plan};
use keyferry_core::{Finding, Sha256};
use keyferry_engine::{Context, Runs, apply, resume as go_on};
use keyferry_ids::VaultId;

use crate::BackupError;

/// A backup that exists in all its places.
#[derive(Debug, Clone)]
pub struct BackupDone {
    /// The run that made it.
    pub run_id: String,
    /// The signed manifest.
    pub manifest: Manifest,
    /// Its digest.
    pub manifest_sha256: Sha256,
    /// What the service wrote through a pre-authenticated request; it lies there beside the copies.
    pub par: Option<ObjectPlace>,
    /// Canaries minted for this backup.
    pub minted: usize,
    /// What was noticed before.
    pub findings: Vec<Finding>,
}

/// Performs a plan made by [`crate::plan`]. Nothing is claimed before the object was read back everywhere. `fleet`:
/// the run that it is part of, and its number in it.
///
/// # Errors
/// If the plan holds an error finding, or a step fails.
pub async fn run(
    context: &Context,
    runs: &Runs,
    plan: &Plan,
    vault: &VaultId,
    fleet: (&str, usize),
) -> Result<BackupDone, BackupError> {
    let findings: Vec<_> = plan.errors().cloned().collect();
    if !findings.is_empty() {
        return Err(BackupError::Refused { findings });
    }
    let (run_id, mut journal) = runs.begin_within(plan, vault, fleet)?;
    let applied = apply(context, plan, &run_id, &mut journal).await;
    runs.close_note(&run_id)?;
    done(&run_id, plan, &applied?)
}

/// Takes up a backup that stopped.
///
/// # Errors
/// If its files can't be read, or a step fails.
pub async fn resume(context: &Context, runs: &Runs, run_id: &str) -> Result<BackupDone, BackupError> {
    let (run, mut journal) = runs.reopen(run_id)?;
    let progress = if run.progress.is_finished_well() {
        Ok(run.progress)
    } else {
        go_on(context, &run.plan, &run.id, run.progress, &mut journal).await
    };
    runs.close_note(&run.id)?;
    done(&run.id, &run.plan, &progress?)
}

/// What a finished run of a backup made.
///
/// # Errors
/// If it did not seal a manifest.
pub fn done(run_id: &str, plan: &Plan, progress: &Progress) -> Result<BackupDone, BackupError> {
    let sealed = plan.steps.iter().find_map(|step| match (&step.details, progress.outputs.get(&step.id)) {
        (Action::SealManifest { .. }, Some(Output::Sealed { manifest, .. })) => Some(manifest),
        _ => None,
    });
    let bytes = sealed.ok_or(BackupError::NoFacts)?.as_bytes();
    let manifest = open_unverified(bytes)?;
    let is_own = |canary: &&keyferry_core::canary::Canary| canary.minted_for == manifest.backup_id;
    let par = plan.steps.iter().find_map(|step| match &step.details {
        Action::BackupVault { to, by_par: true, .. } | Action::BackupKey { to, by_par: true, .. } => {
            Some(to.clone())
        }
        _ => None,
    });
    let minted = manifest.canaries.iter().filter(is_own).count();
    Ok(BackupDone {
        run_id: run_id.to_owned(),
        manifest_sha256: Sha256::of(bytes),
        par,
        minted,
        manifest,
        findings: plan.findings.clone(),
    })
}
