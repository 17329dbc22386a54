//! `runs`: what was done from this machine, and what is unfinished.

use std::sync::Arc;

use jiff::Timestamp;
use keyferry_backup::FleetFiles;
use keyferry_core::journal::RunState;
use keyferry_core::plan::PlanKind;
use keyferry_engine::Runs;
use keyferry_report::{Cell, Document, Tone, units};
use serde::Serialize;
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;

/// So many of the newest runs are listed.
const LISTED: usize = 50;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of a run, the beginning of one, or `latest`; the newest ones if left out
    #[arg(value_name = "RUN")]
    run: Option<String>,
}

/// One run.
#[derive(Debug, Serialize)]
struct RunShown {
    run_id: String,
    kind: &'static str,
    begun_at: Option<Timestamp>,
    state: &'static str,
    /// Vaults of a backup, steps of anything else.
    done: usize,
    all: usize,
    about: String,
}

pub(crate) fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let runs = on.runs()?;
    let ids = match &args.run {
        Some(name) => vec![runs.resolve(name)?],
        None => {
            let all = runs.ids()?;
            all.into_iter().filter(|id| !id.contains('.')).rev().take(LISTED).collect()
        }
    };
    let shown = ids.iter().map(|id| one(on, &runs, id)).collect::<Result<Vec<_>, _>>()?;
    on.printer.show("runs", &json!({"runs": shown}), || view(&shown))?;
    Ok(Outcome::Done)
}

fn one(on: &Invocation, runs: &Runs, id: &str) -> Result<RunShown, Failure> {
    let files = FleetFiles::new(Arc::clone(&on.disk), &on.state()?, id);
    if let Some(record) = files.record()? {
        let results = files.results()?;
        let (all, done) =
            (record.vaults.len(), results.iter().filter(|result| result.code.is_none()).count());
        let state = match (done == all, results.len() == all) {
            (true, _) => "succeeded",
            (false, true) => "failed in part",
            (false, false) => "unfinished",
        };
        let about = record.policy.map_or_else(
            || record.vaults.iter().take(3).map(|vault| vault.name.as_str()).collect::<Vec<_>>().join(", "),
            |policy| format!("policy {policy}"),
        );
        let begun_at = Some(record.begun_at);
        return Ok(RunShown { run_id: id.to_owned(), kind: "backup", begun_at, state, done, all, about });
    }
    let run = runs.open(id)?;
    let state = match run.progress.state {
        Some(RunState::Succeeded) => "succeeded",
        Some(RunState::Failed) => "failed",
        None => "unfinished",
    };
    Ok(RunShown {
        run_id: run.id,
        kind: match run.plan.kind {
            PlanKind::Backup => "backup",
            PlanKind::Restore => "restore",
            PlanKind::Prove => "proof",
        },
        begun_at: run.progress.started_at,
        state,
        done: run.progress.outputs.len(),
        all: run.plan.steps.len(),
        about: run.plan.backup_ids.join(", "),
    })
}

fn view(runs: &[RunShown]) -> Document {
    let mut document = Document::new("Runs");
    if runs.is_empty() {
        document.paragraph("Nothing was done from this machine yet.");
        return document;
    }
    let rows = runs.iter().map(|run| {
        let tone = if run.state == "succeeded" { Tone::Plain } else { Tone::Warning };
        vec![
            Cell::code(&run.run_id),
            run.kind.into(),
            run.begun_at.map(units::time).unwrap_or_default().into(),
            Cell::words(run.state).tone(tone),
            format!("{} of {}", run.done, run.all).into(),
            run.about.as_str().into(),
        ]
    });
    document.table(&["Run", "Kind", "Begun", "State", "Done", "About"], rows);
    if let Some(run) = runs.iter().find(|run| run.state != "succeeded") {
        document.note(Tone::Plain, format!("Go on with one that stopped: keyferry resume {}", run.run_id));
    }
    document
}
