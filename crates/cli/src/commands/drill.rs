//! `drill run`: a disaster as an exercise, with evidence.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use keyferry_core::{Code, Verdict};
use keyferry_drill::{DrillOptions, Drilled, Scenario};
use keyferry_report::{DrillShown, html, junit, markdown, views};
use keyferry_seams::Access;

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

/// Longest scenario that is read.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a scenario and judge what came of it
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Scenario file (TOML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The same number gives the same drill, byte for byte
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Folder that gets the evidence and the reports
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Where it is played
    #[arg(long, value_name = "WHERE", default_value = "embedded")]
    target: Target,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    /// On a realm of its own under a virtual clock
    Embedded,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let Command::Run(args) = &args.command;
    let Target::Embedded = args.target;
    let bytes = on.disk.read(&args.file, LONGEST).map_err(CliError::from)?;
    let scenario = Scenario::parse(&String::from_utf8_lossy(&bytes))?;
    let options = DrillOptions { scenario, seed: args.seed, observer: on.observer() };
    let drilled = keyferry_drill::run(options).await?;
    conclude(on, "drill", &drilled, args.report.as_deref())
}

/// Keeps and shows what a drill found, and judges it.
pub(super) fn conclude(
    on: &Invocation,
    kind: &str,
    drilled: &Drilled,
    folder: Option<&Path>,
) -> Result<Outcome, Failure> {
    let evidence = &drilled.evidence;
    if let Some(folder) = folder {
        keep(on, drilled, folder)?;
    }
    on.printer.show(kind, &DrillShown(evidence), || views::drill(evidence))?;
    if let Some(folder) = folder {
        on.printer.note(&format!("evidence and reports are in {}", folder.display()));
    }
    if let Some((code, because)) = &evidence.failure {
        return Err(CliError::Drill { code: *code, because: because.clone() }.into());
    }
    Ok(if evidence.proof.count(Verdict::Failed) > 0 {
        Outcome::Flawed(Code::ProofFailed)
    } else if evidence.proof.count(Verdict::Unprovable) > 0 && !drilled.accept_unprovable {
        Outcome::Flawed(Code::Unprovable)
    } else {
        Outcome::Done
    })
}

fn keep(on: &Invocation, drilled: &Drilled, folder: &Path) -> Result<(), CliError> {
    let document = views::drill(&drilled.evidence);
    let (md, page, xml) = (markdown(&document), html(&document), junit(&drilled.evidence));
    let files: [(&str, &[u8]); 7] = [
        ("evidence.json", &drilled.bytes),
        ("evidence.json.sig", drilled.signature.as_bytes()),
        ("allowed_signers", drilled.allowed_signers.as_bytes()),
        ("report.md", md.as_bytes()),
        ("report.html", page.as_bytes()),
        ("junit.xml", xml.as_bytes()),
        ("realm-log.jsonl", &drilled.realm_log),
    ];
    for (name, bytes) in files {
        on.disk.write(&folder.join(name), bytes, Access::Owner)?;
    }
    Ok(())
}
