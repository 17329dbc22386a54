//! Acts: performs the plan, seals the manifest, publishes it in every place.

use keyferry_catalogue::Catalogue;
use keyferry_core::manifest::{self, Manifest};
use keyferry_core::sshsig::SigningKey;
use keyferry_core::{Inventory, Sha256};
use keyferry_engine::{Context, Runs, apply};

use crate::facts::facts;
use crate::{BackupError, BackupPlan, BackupRequest, seal};

/// A backup that exists in all its places.
#[derive(Debug, Clone)]
pub struct BackupDone {
    /// The run that made it.
    pub run_id: String,
    /// The signed manifest.
    pub manifest: Manifest,
    /// Its digest.
    pub manifest_sha256: Sha256,
    /// Canaries minted for this backup.
    pub minted: usize,
}

/// Performs a plan made by [`crate::plan`]. Nothing is claimed before the object was read back everywhere.
///
/// # Errors
/// If the plan holds an error finding, a step fails, or the bundle can't be published.
pub async fn run(
    context: &Context,
    runs: &Runs,
    key: &SigningKey,
    request: &BackupRequest<'_>,
    planned: &BackupPlan,
    inventory: &Inventory,
) -> Result<BackupDone, BackupError> {
    let findings: Vec<_> = planned.plan.errors().cloned().collect();
    if !findings.is_empty() {
        return Err(BackupError::Refused { findings });
    }
    let _lock = runs.lock(request.stock.vault.id.as_str())?;
    let (run_id, mut journal) = runs.begin(&planned.plan, &context.seed, false)?;
    let progress = apply(context, &planned.plan, &run_id, &mut journal).await?;
    let facts = facts(&planned.plan, &progress).ok_or(BackupError::NoFacts)?;
    let manifest = seal::manifest(request, planned, &facts, inventory);
    let sealed = manifest::seal(&manifest, key)?;
    for place in &manifest.places {
        Catalogue::new(context.client.clone(), place.clone()).publish(&manifest.backup_id, &sealed).await?;
    }
    Ok(BackupDone { run_id, manifest_sha256: sealed.sha256(), minted: facts.minted.len(), manifest })
}
