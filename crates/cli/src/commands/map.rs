//! `map`: old to new OCIDs of a run, in the forms that other programs read. Needs no network.

use clap::ValueEnum;
use keyferry_core::Mapping;
use keyferry_engine::{Run, Runs};
use keyferry_report::{envelope, mapping, views};
use keyferry_restore::mapping_of;
use serde_json::json;

use crate::app::Output;
use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run id, the beginning of one, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    run: String,
    /// Form of the map
    #[arg(long, value_name = "FORM")]
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One document
    Json,
    /// For spreadsheets
    Csv,
    /// NAME=OCID lines
    Env,
    /// A locals block
    Terraform,
    /// For Full Stack DR, one document per line
    Fsdr,
    /// Commands for Oracle's client
    OciCli,
}

pub(crate) fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let (run, found) = find(&on.runs()?, &args.run)?;
    let text = match args.format {
        Some(Format::Csv) => mapping::csv(&found),
        Some(Format::Env) => mapping::env(&found),
        Some(Format::Terraform) => mapping::terraform(&found),
        Some(Format::Fsdr) => mapping::fsdr(&found),
        Some(Format::OciCli) => mapping::oci_cli(&found),
        None if on.printer.output() == Output::Csv => mapping::csv(&found),
        None | Some(Format::Json) => {
            let data = json!({
                "run_id": run.id, "backup_ids": run.plan.backup_ids, "into": run.plan.into, "mapping": found.entries,
                "management_endpoint": found.management_endpoint, "crypto_endpoint": found.crypto_endpoint,
            });
            if args.format.is_some() {
                on.printer.json(&envelope("map", &data))?;
            } else {
                on.printer.show("map", &data, || views::mapping(&found))?;
            }
            return Ok(Outcome::Done);
        }
    };
    on.printer.raw(&text)?;
    Ok(Outcome::Done)
}

/// The run with its map. `latest` means the latest that has one: backups have runs as well.
fn find(runs: &Runs, name: &str) -> Result<(Run, Mapping), Failure> {
    if name != "latest" {
        let run = runs.open(name)?;
        let found = mapping_of(&run.progress).ok_or_else(|| CliError::NoMap(run.id.clone()))?;
        return Ok((run, found));
    }
    for id in runs.ids()?.into_iter().rev() {
        let run = runs.open(&id)?;
        if let Some(found) = mapping_of(&run.progress) {
            return Ok((run, found));
        }
    }
    Err(CliError::NoMap(name.to_owned()).into())
}
