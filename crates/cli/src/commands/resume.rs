//! `resume`: goes on with a run that was killed, interrupted or stopped by a failure.

use keyferry_backup::FleetFiles;
use keyferry_core::plan::PlanKind;
use keyferry_inventory::Scope;
use keyferry_report::{BackupsShown, views};
use std::path::PathBuf;
use std::sync::Arc;

use super::backup;
use super::prove::{Accept, restored_shown};
use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the run, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// File with the URL of a pre-authenticated request, for a backup that goes through one; nothing keeps it
    #[arg(long, value_name = "FILE")]
    par_file: Option<PathBuf>,
    #[command(flatten)]
    accept: Accept,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let runs = on.runs()?;
    let id = runs.resolve(&args.run)?;
    let fleet = id.split('.').next().unwrap_or(&id);
    let files = FleetFiles::new(Arc::clone(&on.disk), &on.state()?, fleet);
    let record = files.record()?;
    let goes_through_par = record.iter().flat_map(|record| &record.vaults).any(|vault| vault.par.is_some());
    if args.par_file.is_some() && !goes_through_par {
        return Err(CliError::Usage(format!("run {id} goes through no pre-authenticated request")).into());
    }
    if let Some(record) = record {
        let mut cloud = on.cloud()?;
        cloud.par = args.par_file.as_deref().map(|file| backup::read_par(on, &cloud, file)).transpose()?;
        let mut regions: Vec<_> = record.vaults.iter().map(|vault| vault.region).collect();
        regions.sort_unstable();
        regions.dedup();
        // Only the regions of its vaults are asked.
        let scope = Scope { ask: regions.first().copied(), regions, compartment: None };
        let survey = on.survey(&cloud, &scope).await?;
        let worked = backup::continue_fleet(on, &cloud, &survey, &record, &files).await?;
        return backup::report(on, worked, &mut BackupsShown::default());
    }
    let cloud = on.cloud()?;
    let kind = runs.open(&id)?.plan.kind;
    if kind == PlanKind::Backup {
        let text = format!("run {id} belongs to no fleet; it was made by another version of Keyferry");
        return Err(CliError::Usage(text).into());
    }
    let (plan, done) = keyferry_restore::resume(&on.context(&cloud), &runs, &id, &cloud.environment).await?;
    let shown = restored_shown(&plan, &done);
    on.printer.show("restore", &shown, || views::restored(&shown))?;
    Ok(args.accept.outcome(&shown))
}
