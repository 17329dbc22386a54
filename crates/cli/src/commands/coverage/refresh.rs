//! Brings the index up to date: what came to the stores and went from them, and what runs have proven.

use std::error::Error;

use futures_util::{StreamExt as _, stream};
use keyferry_catalogue::Catalogue;
use keyferry_core::Environment;
use keyferry_core::coverage::Tried;
use keyferry_core::journal::{Output, RunState};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_coverage::{Entry, Index, IndexError, Proof};
use keyferry_report::StoreShown;

use crate::failure::Failure;
use crate::invocation::{Cloud, Invocation};
use crate::trust;

/// Manifests in memory at the same time, and in one commit.
const BATCH: usize = 500;
/// Manifests read at the same time.
const AT_ONCE: usize = 16;

/// The stores as they were listed the last time.
pub(super) fn as_before(index: &Index) -> Result<Vec<StoreShown>, IndexError> {
    let listed = index.stores()?.into_iter();
    let shown = listed.map(|listed| StoreShown {
        store: listed.store,
        listed_at: Some(listed.at),
        ..StoreShown::default()
    });
    Ok(shown.collect())
}

/// Looks at these stores. One that does not answer is as it was the last time.
pub(super) async fn stores(
    on: &Invocation,
    cloud: &Cloud,
    index: &Index,
    urls: Vec<StoreUrl>,
) -> Result<Vec<StoreShown>, Failure> {
    let allowed = trust::known_signers(on)?;
    let mut all = Vec::new();
    for url in urls {
        let mut shown = StoreShown { store: url.to_string(), ..StoreShown::default() };
        match cloud.stores.open(&url) {
            Ok(catalogue) => one(on, index, &catalogue, &allowed, &mut shown).await?,
            Err(error) => shown.because = Some(chain(&error)),
        }
        if let StoreUrl::Oci(bucket) = &url
            && shown.because.is_none()
        {
            match cloud.client.keeping(bucket, on.clock.now()).await {
                Ok(keeping) => index.keeps(&url, keeping)?,
                Err(error) => {
                    on.printer
                        .note(&format!("whether {url} keeps what is in it is not known: {}", chain(&error)));
                }
            }
        }
        all.push(shown);
    }
    let known = index.stores()?;
    for shown in &mut all {
        shown.listed_at = known.iter().find(|listed| listed.store == shown.store).map(|listed| listed.at);
    }
    Ok(all)
}

async fn one(
    on: &Invocation,
    index: &Index,
    catalogue: &Catalogue,
    allowed: &AllowedSigners,
    shown: &mut StoreShown,
) -> Result<(), Failure> {
    let url = catalogue.store();
    let ids = match catalogue.ids().await {
        Ok(ids) => ids,
        Err(error) => {
            shown.because = Some(chain(&error));
            return Ok(());
        }
    };
    let difference = index.difference(url, &ids)?;
    for batch in difference.new.chunks(BATCH) {
        let read = batch.iter().map(|id| async move { (catalogue.read(id).await, id) });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).collect().await;
        let (mut sealed, mut names) = (Vec::new(), Vec::new());
        for (result, id) in read {
            match result {
                Ok(listed) => {
                    sealed.push(listed.sealed);
                    names.push(id);
                }
                Err(error) if error.is_of_the_store() => {
                    shown.because = Some(chain(&error));
                    return Ok(());
                }
                Err(_) => shown.not_accepted.push(id.clone()),
            }
        }
        let mut entries = Vec::new();
        for (opened, id) in Entry::open_all(&sealed, allowed).into_iter().zip(names) {
            match opened {
                Ok(entry) => entries.push(entry),
                Err(_) => shown.not_accepted.push(id.clone()),
            }
        }
        let added = index.add(url, &entries)?;
        shown.new += added.added;
        shown.not_accepted.extend(added.differing);
    }
    index.listed(url, &difference.vanished, on.clock.now())?;
    shown.vanished = difference.vanished;
    Ok(())
}

/// Folds in what runs on this machine have tried, each run once. A proof counts only where it was made.
pub(super) fn proofs(on: &Invocation, index: &Index, environment: &Environment) -> Result<(), Failure> {
    let runs = on.runs()?;
    // Parts of a fleet's run are backups, which prove nothing.
    let ids = runs.ids()?.into_iter().filter(|id| !id.contains('.'));
    let (mut proofs, mut over) = (Vec::new(), Vec::new());
    for id in index.unfolded(ids.collect())? {
        // Runs of other kinds have no plan of this form; a damaged one is told of by `runs`.
        let Ok(run) = runs.read(&id) else { continue };
        if run.progress.state == Some(RunState::Succeeded) {
            over.push(id);
        }
        let (Some(at), Some(backup_id)) = (run.progress.started_at, run.plan.backup_ids.first()) else {
            continue;
        };
        if run.plan.environment != *environment {
            continue;
        }
        let tried = Tried { at, region: run.plan.into, backup_id: backup_id.as_str().into() };
        proofs.extend(run.progress.outputs.into_values().filter_map(|output| match output {
            Output::Proven { version } => {
                Some(Proof { version: version.from, verdict: version.verdict, tried: tried.clone() })
            }
            _ => None,
        }));
    }
    Ok(index.record_proofs(&proofs, &over)?)
}

fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}
