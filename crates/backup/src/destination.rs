//! Looks at where a backup shall go: the bucket, and the newest trusted backup of the same vault in it.

use std::fmt::Display;

use keyferry_catalogue::{Catalogue, CatalogueError, OpenedBundle, Seen, far, reached};
use keyferry_core::canary::Canary;
use keyferry_core::manifest::Manifest;
use keyferry_core::model::{Bucket, OciStore};
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Code, Environment, Explain as _, Finding, Severity};
use keyferry_ids::{KeyVersionId, VaultId};

use crate::BackupError;

/// So many generations are looked through for one that can be trusted.
const LOOKS_BACK: usize = 20;

/// What is known of the place that a vault's backup goes to.
#[derive(Debug)]
pub struct Destination {
    /// The store in the vault's region.
    pub store: OciStore,
    /// Its bucket, if it exists and may be seen.
    pub bucket: Option<Bucket>,
    /// Trusted backups of the same vault, the newest first, back to one that saved as much of it as is meant now.
    pub earlier: Vec<OpenedBundle>,
    /// The number that the next backup gets.
    pub next_generation: u64,
    /// Backups that were passed over, and signs of a bucket that was set back.
    pub findings: Vec<Finding>,
}

impl Destination {
    /// The newest of them, which the next one follows.
    pub fn previous(&self) -> Option<&OpenedBundle> {
        self.earlier.first()
    }

    /// A version's newest canaries.
    pub(crate) fn canaries_of(&self, version: &KeyVersionId) -> Vec<Canary> {
        let of_one =
            |opened: &OpenedBundle| opened.manifest.canaries_of(version).cloned().collect::<Vec<_>>();
        self.earlier.iter().map(of_one).find(|canaries| !canaries.is_empty()).unwrap_or_default()
    }
}

/// Looks along the vault's chain, back to a backup that saved as much as is meant now: one of a single key in between
/// has not all canaries. A bucket that can't be seen is not asked.
///
/// # Errors
/// If the store does not answer.
pub async fn look(
    catalogue: &Catalogue,
    (store, bucket): (&OciStore, Option<Bucket>),
    environment: &Environment,
    vault: &VaultId,
    allowed: &AllowedSigners,
    seen: Option<&Seen>,
    saves_as_much: impl Fn(&Manifest) -> bool,
) -> Result<Destination, BackupError> {
    let mut destination = Destination {
        store: store.clone(),
        bucket,
        earlier: Vec::new(),
        next_generation: seen.map_or(0, |seen| seen.generation) + 1,
        findings: Vec::new(),
    };
    if destination.bucket.is_none() {
        return Ok(destination);
    }
    let generations = catalogue.generations(vault).await?;
    let read = |generation| read(catalogue, environment, vault, generation, allowed);
    let good = seen.map_or(0, |seen| seen.generation);
    let mut counted = reached(&generations, good);
    // The newest of the others makes them count if a backup stands behind it.
    for generation in generations[counted..].iter().rev().take(LOOKS_BACK) {
        match read(*generation).await {
            Ok(Some(_)) => {
                counted = reached(&generations, *generation);
                break;
            }
            Err(error) if error.is_of_the_store() => return Err(error.into()),
            Ok(None) | Err(_) => {}
        }
    }
    let (generations, others) = generations.split_at(counted);
    destination.findings.extend(far(store, others));
    let newest = generations.last().copied().unwrap_or(0);
    destination.next_generation = destination.next_generation.max(newest + 1);
    for generation in generations.iter().rev().take(LOOKS_BACK) {
        match read(*generation).await {
            Ok(Some(opened)) => {
                let is_enough = saves_as_much(&opened.manifest);
                destination.earlier.push(opened);
                if is_enough {
                    break;
                }
            }
            // Begun and not finished, or still under way.
            Ok(None) => {}
            Err(error) if error.is_of_the_store() => return Err(error.into()),
            Err(error) => destination.findings.push(passed_over(store, *generation, &error)),
        }
    }
    let set_back = seen.and_then(|seen| set_back(store, destination.previous(), seen));
    destination.findings.extend(set_back);
    Ok(destination)
}

async fn read(
    catalogue: &Catalogue,
    environment: &Environment,
    vault: &VaultId,
    generation: u64,
    allowed: &AllowedSigners,
) -> Result<Option<OpenedBundle>, CatalogueError> {
    let Some(claim) = catalogue.holder(vault, generation).await? else { return Ok(None) };
    let listed = match catalogue.read(&claim.backup_id).await {
        Ok(listed) => listed,
        Err(CatalogueError::Missing(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let opened = OpenedBundle::open(&listed, allowed)?;
    let manifest = &opened.manifest;
    let is_it = manifest.vault.id == *vault
        && manifest.environment == *environment
        && manifest.generation == generation;
    // An older manifest in a newer one's folder is noticed when it is read; a claim that leads to another vault's
    // or another generation's is a forgery.
    let says = format!("generation {} of {}", manifest.generation, manifest.vault.id);
    if is_it { Ok(Some(opened)) } else { Err(CatalogueError::Misplaced { folder: claim.backup_id, says }) }
}

fn passed_over(store: &OciStore, generation: u64, error: &CatalogueError) -> Finding {
    let because = format!("generation {generation} is passed over: {error}");
    Finding::new(error.code(), Severity::Warning, store, because)
}

/// What was seen once and is not there any more, by the newest that is there.
pub(crate) fn set_back(store: impl Display, newest: Option<&OpenedBundle>, seen: &Seen) -> Option<Finding> {
    let there = newest.map(|opened| (opened.manifest.generation, opened.sealed.sha256()));
    let because = match there {
        Some((generation, _)) if generation > seen.generation => return None,
        Some((generation, sha256)) if generation == seen.generation => {
            if sha256 == seen.manifest_sha256 {
                return None;
            }
            format!("generation {generation} has another manifest than the one seen before")
        }
        Some((generation, _)) => {
            format!(
                "generation {} ({}) was seen before, the newest is {generation}",
                seen.generation, seen.backup_id
            )
        }
        None => format!("generation {} ({}) was seen before, none is there", seen.generation, seen.backup_id),
    };
    Some(Finding::new(Code::RolledBack, Severity::Warning, store, because))
}
