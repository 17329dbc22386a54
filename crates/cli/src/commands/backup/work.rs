//! Saves a fleet, or goes on with one that stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keyferry_backup::{
    BackupError, FileName, Finished, Fleet, FleetFiles, FleetRecord, FleetResult, FleetSetup, FleetVault,
    Job, Read, SCHEMA, Saved, VERSION, drive,
};
use keyferry_catalogue::CatalogueError;
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::SigningKey;
use keyferry_core::{Class, Code, Completeness, Event, EventKind, Explain as _, Finding, Observer, Severity};
use keyferry_engine::Context;
use keyferry_ids::VaultId;
use keyferry_inventory::{Survey, stock};
use keyferry_report::{BackupShown, ErrorShown, NotBackedUp, Skipped};

use super::choose::Chosen;
use super::shown::{backup_shown, unchanged_shown};
use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};
use crate::progress::Quieter;
use crate::{stores, trust};

/// How the vaults are saved, all alike.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) policy: Option<String>,
    pub(crate) accepted: Vec<Code>,
    pub(crate) file_name: FileName,
    pub(crate) force: bool,
}

/// What came of a fleet.
#[derive(Debug)]
pub(crate) struct Worked {
    pub(crate) run_id: String,
    pub(crate) accepted: Vec<Code>,
    pub(crate) backups: Vec<BackupShown>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) failed: Vec<NotBackedUp>,
    pub(crate) first_failure: Option<Failure>,
    /// False if something could not be read, so that nobody knows whether all was saved.
    pub(crate) is_complete: bool,
}

impl Worked {
    /// As the vaults stand in the record, whichever was done first.
    fn in_order(&mut self, record: &FleetRecord) {
        let place = |id: &str| record.vaults.iter().position(|vault| vault.id.as_str() == id);
        self.backups.sort_by_cached_key(|backup| place(&backup.vault_id));
        self.skipped.sort_by_cached_key(|skipped| place(&skipped.id));
        self.failed.sort_by_cached_key(|failed| place(&failed.id));
    }
}

/// Begins a fleet's run: writes down what is to be done, then does it.
pub(super) async fn begin_fleet(
    on: &Invocation,
    cloud: &Cloud,
    chosen: Chosen,
    errand: Errand,
    key: SigningKey,
) -> Result<Worked, Failure> {
    let runs = on.runs()?;
    let record = FleetRecord {
        schema: SCHEMA.into(),
        version: VERSION,
        run_id: runs.new_id(&on.seed.child("fleet")),
        begun_at: on.clock.now(),
        environment: cloud.environment.clone(),
        policy: errand.policy,
        accepted: errand.accepted,
        file_name: errand.file_name.to_string(),
        force: errand.force,
        vaults: chosen.vaults,
    };
    let files = FleetFiles::new(Arc::clone(&on.disk), &on.state()?, &record.run_id);
    files.begin(&record)?;
    let all = (1..=record.vaults.len()).collect();
    work(on, cloud, &chosen.survey, &record, &files, all, key).await
}

/// Goes on with a fleet's run: backups that were cut off are finished, vaults that were not come to are saved.
pub(crate) async fn continue_fleet(
    on: &Invocation,
    cloud: &Cloud,
    survey: &Survey,
    record: &FleetRecord,
    files: &FleetFiles,
) -> Result<Worked, Failure> {
    if record.environment != cloud.environment {
        let tenancy = record.environment.tenancy_id.to_string();
        return Err(CliError::OtherTenancy { tenancy }.into());
    }
    let done: Vec<usize> =
        files.results()?.into_iter().filter(|result| result.code.is_none()).map(|r| r.number).collect();
    let open = (1..=record.vaults.len()).filter(|number| !done.contains(number)).collect();
    work(on, cloud, survey, record, files, open, trust::signing_key(on)?).await
}

async fn work(
    on: &Invocation,
    cloud: &Cloud,
    survey: &Survey,
    record: &FleetRecord,
    files: &FleetFiles,
    numbers: Vec<usize>,
    key: SigningKey,
) -> Result<Worked, Failure> {
    let mut worked = Worked {
        run_id: record.run_id.clone(),
        accepted: record.accepted.clone(),
        backups: Vec::new(),
        skipped: Vec::new(),
        failed: Vec::new(),
        first_failure: None,
        is_complete: true,
    };
    let allowed = trust::known_signers(on)?;
    let is_single = record.vaults.len() == 1;
    // The steps of many vaults at once are for those who want every line.
    let observer: Arc<dyn Observer> =
        if is_single { on.observer() } else { Arc::new(Quieter(Arc::clone(&on.progress))) };
    let context = Context { signing_key: Some(Arc::new(key)), observer, ..on.context(cloud) };
    let fleet = Fleet::new(FleetSetup {
        context,
        memory: on.memory()?,
        runs: on.runs()?,
        run_id: record.run_id.clone(),
        environment: &survey.environment,
        compartments: &survey.compartments,
        vaults: &survey.vaults,
        places: places(&record.vaults),
        unusable: unusable_stores(on, cloud, record).await,
        allowed,
        file_name: record.file_name.parse().unwrap_or_default(),
        force: record.force,
    });
    fleet.look_around().await?;
    let mut jobs = Vec::new();
    let all = record.vaults.len() as u64;
    for number in numbers {
        let wanted = &record.vaults[number - 1];
        // Cut off before: its own run is finished first, as it was planned.
        if let Some(run_id) = fleet.runs.unfinished_of(&record.run_id, number)? {
            let result = fleet.finish(&wanted.id, &run_id).await;
            if !result.as_ref().is_err_and(BackupError::can_begin_anew) {
                take_in(on, files, &mut worked, (number, wanted, all), result)?;
                continue;
            }
        }
        match survey.vaults.iter().find(|v| v.id == wanted.id && v.region == wanted.region) {
            Some(vault) => jobs.push(Job { number, vault, wanted }),
            None => {
                let (id, name) = (wanted.id.to_string(), wanted.name.clone());
                let because = "the vault is not there any more, or may not be seen".to_owned();
                worked.failed.push(NotBackedUp { id, name, code: Code::NotFound, because });
            }
        }
    }
    let read = async |vault: &keyferry_core::model::Vault| {
        let (stock, gaps) = stock(&cloud.client, survey, vault).await;
        Read { stock, gaps }
    };
    let mut trouble = None;
    drive(&fleet, jobs, on.own.concurrency, read, |finished: Finished<'_>| {
        let Finished { job, result, counted, gaps } = finished;
        for gap in &gaps {
            on.printer.gap(gap);
        }
        worked.is_complete &= counted.as_ref().is_some_and(|counted| counted.complete) && gaps.is_empty();
        if let Some(Completeness { complete: false, expected: Some(expected), seen }) = counted {
            let because = format!("{}: the service counts {expected} keys, {seen} were seen", job.vault.name);
            on.printer.warn(Code::InventoryIncomplete, &because, Code::InventoryIncomplete.help());
        }
        if let Err(error) = take_in(on, files, &mut worked, (job.number, job.wanted, all), result) {
            trouble = trouble.take().or(Some(error));
        }
    })
    .await;
    worked.in_order(record);
    match trouble {
        Some(error) => Err(error),
        None => {
            worked.is_complete &= survey.gaps.is_empty();
            Ok(worked)
        }
    }
}

/// Looks at each store outside of OCI before anything is written, and tells what somebody should know of it. Returns
/// those that can't be used: a vault is rather saved in fewer places than not at all.
async fn unusable_stores(on: &Invocation, cloud: &Cloud, record: &FleetRecord) -> BTreeMap<StoreUrl, String> {
    let stores: BTreeSet<&StoreUrl> = record.vaults.iter().flat_map(|vault| &vault.copies).collect();
    let mut unusable = BTreeMap::new();
    for store in stores {
        match stores::note(on, cloud, store, false).await {
            Err(failure) => {
                on.printer.failure(&ErrorShown::new(failure.explain()));
                unusable.insert(store.clone(), failure.explain().to_string());
            }
            Ok(note) => {
                // It was sound once; whether it is there today is another matter.
                if let Err(error) = is_there(cloud, store).await {
                    on.printer.failure(&ErrorShown::new(&error));
                    unusable.insert(store.clone(), error.to_string());
                    continue;
                }
                let Some(finding) = note.and_then(|note| note.finding()) else { continue };
                let text = format!("{}: {}", finding.subject, finding.because);
                on.printer.warn(finding.code, &text, &finding.remedy);
                if finding.severity == Severity::Error {
                    unusable.insert(store.clone(), finding.because);
                }
            }
        }
    }
    unusable
}

async fn is_there(cloud: &Cloud, store: &StoreUrl) -> Result<(), CatalogueError> {
    match store.oci() {
        // Buckets are looked at when they are needed.
        Some(_) => Ok(()),
        None => cloud.stores.open(store)?.ping().await,
    }
}

/// Where all of the fleet's backups will lie.
pub(super) fn places(vaults: &[FleetVault]) -> Vec<(VaultId, StoreUrl)> {
    let of_vault = |vault: &FleetVault| {
        let own = StoreUrl::Oci(vault.store.clone());
        std::iter::once(own)
            .chain(vault.copies.clone())
            .map(|store| (vault.id.clone(), store))
            .collect::<Vec<_>>()
    };
    vaults.iter().flat_map(of_vault).collect()
}

/// Notes how a vault came out, durably, before anybody is told.
fn take_in(
    on: &Invocation,
    files: &FleetFiles,
    worked: &mut Worked,
    (number, vault, all): (usize, &FleetVault, u64),
    result: Result<Saved, keyferry_backup::BackupError>,
) -> Result<(), Failure> {
    let (backup_id, code) = match &result {
        Ok(Saved::Backup(done)) => (Some(done.manifest.backup_id.clone()), None),
        Ok(Saved::Unchanged(unchanged)) => (Some(unchanged.manifest.backup_id.clone()), None),
        Err(error) => (None, Some(error.code())),
    };
    files.note(&FleetResult { number, vault_id: vault.id.clone(), code, backup_id })?;
    let state = match result {
        Ok(Saved::Backup(done)) => {
            done.findings.iter().filter(|finding| is_worth_telling(finding)).for_each(|finding| {
                let text = format!("{}: {}: {}", vault.name, finding.subject, finding.because);
                on.printer.warn(finding.code, &text, &finding.remedy);
            });
            worked.backups.push(backup_shown(&done));
            "saved"
        }
        Ok(Saved::Unchanged(unchanged)) => {
            worked.skipped.push(unchanged_shown(&unchanged));
            if unchanged.left_out.is_empty() { "unchanged, all copies verified" } else { "unchanged" }
        }
        Err(error) => {
            let failure = Failure::from(error);
            let shown = ErrorShown::new(failure.explain());
            if all > 1 {
                on.printer.failure(&shown);
            }
            let (id, name) = (vault.id.to_string(), vault.name.clone());
            // The last cause is where it began.
            let (code, because) = (failure.code(), shown.causes.last().unwrap_or(&shown.message).to_string());
            worked.failed.push(NotBackedUp { id, name, code, because });
            worked.first_failure = worked.first_failure.take().or(Some(failure));
            "failed"
        }
    };
    if all > 1 {
        let finished = (worked.backups.len() + worked.skipped.len() + worked.failed.len()) as u64;
        let mut event = Event::new(on.clock.now(), EventKind::Item, "backup", state);
        event.run_id = Some(worked.run_id.clone());
        event.steps = Some((finished, all));
        on.observer().note(event.about(&vault.name).at(vault.region));
    }
    Ok(())
}

/// What no backup holds is in the result; what was noticed about stores is not.
fn is_worth_telling(finding: &Finding) -> bool {
    let is_about_a_store =
        matches!(finding.code.class(), Class::Trust | Class::Verification | Class::Refused);
    finding.severity == Severity::Warning && (finding.code == Code::CopyLeftOut || is_about_a_store)
}
