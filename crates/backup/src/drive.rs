//! Many vaults at the same time, each read, saved and forgotten again: memory does not grow with the fleet.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use keyferry_core::model::Vault;
use keyferry_core::{Completeness, Gap, VaultStock, completeness};
use keyferry_ids::Region;
use tokio::sync::Semaphore;

use crate::fleet::{Fleet, Saved};
use crate::{BackupError, FleetVault};

/// Vaults of one region read at the same time. Reading is what the rates bound, and each region has its own; a vault
/// that is read soon is saved soon.
const READERS: usize = 4;
/// A vault that changed while it was saved is saved again so often.
const AGAIN: u32 = 1;

/// One vault to be saved.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// Its place in the fleet, from 1.
    pub number: usize,
    /// The vault.
    pub vault: &'a Vault,
    /// Where it goes.
    pub wanted: &'a FleetVault,
}

/// A vault's stock as it was read, with what could not be.
#[derive(Debug)]
pub struct Read {
    /// The vault with its keys and secrets.
    pub stock: VaultStock,
    /// What is missing.
    pub gaps: Vec<Gap>,
}

/// How one vault came out of it.
#[derive(Debug)]
pub struct Finished<'a> {
    /// The job.
    pub job: Job<'a>,
    /// What became of it.
    pub result: Result<Saved, BackupError>,
    /// Whether all keys that the service counts were read; none if nothing was.
    pub counted: Option<Completeness>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// Saves all of them, `lanes` at a time, and tells of each as soon as it is done. One that fails stops no other.
pub async fn drive<'a, R>(
    fleet: &Fleet<'_>,
    jobs: Vec<Job<'a>>,
    lanes: usize,
    read: R,
    mut finished: impl FnMut(Finished<'a>),
) where
    R: AsyncFn(&Vault) -> Read,
{
    let jobs = in_turns(jobs);
    let readers: BTreeMap<Region, Semaphore> =
        jobs.iter().map(|job| (job.vault.region, Semaphore::new(READERS))).collect();
    let mut under_way = FuturesUnordered::new();
    for job in jobs {
        let Some(readers) = readers.get(&job.vault.region) else { continue };
        while under_way.len() >= lanes.max(1) {
            if let Some(done) = under_way.next().await {
                finished(done);
            }
        }
        under_way.push(one(fleet, job, readers, &read));
    }
    while let Some(done) = under_way.next().await {
        finished(done);
    }
}

/// One of each region, then the next of each: all regions' rates are made use of from the beginning.
fn in_turns(jobs: Vec<Job<'_>>) -> Vec<Job<'_>> {
    let mut turns: BTreeMap<Region, usize> = BTreeMap::new();
    let mut placed: Vec<(usize, Job<'_>)> = Vec::new();
    for job in jobs {
        let turn = turns.entry(job.vault.region).or_default();
        placed.push((*turn, job));
        *turn += 1;
    }
    // A stable sort: within a turn the regions keep their order.
    placed.sort_by_key(|(turn, _)| *turn);
    placed.into_iter().map(|(_, job)| job).collect()
}

async fn one<'a, R>(fleet: &Fleet<'_>, job: Job<'a>, readers: &Semaphore, read: &R) -> Finished<'a>
where
    R: AsyncFn(&Vault) -> Read,
{
    let (mut attempt, target) = (0, job.wanted.target());
    let vault = match fleet.settled(job.vault).await {
        Ok(vault) => vault,
        Err(error) => return Finished { job, result: Err(error), counted: None, gaps: Vec::new() },
    };
    loop {
        let read = {
            let _permit = readers.acquire().await;
            read(&vault).await
        };
        let Read { stock, gaps } = read;
        let counted = Some(completeness(&stock));
        let result = fleet.save(stock, &target, job.number, attempt).await;
        // What leads to one object leads to it once.
        let can_again = attempt < AGAIN && target.par.is_none();
        if can_again && matches!(&result, Ok(Saved::Backup(done)) if done.manifest.changed.is_some()) {
            attempt += 1;
            continue;
        }
        return Finished { job, result, counted, gaps };
    }
}
