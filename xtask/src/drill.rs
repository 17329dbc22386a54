//! Drills: the scenarios under tests/drills, played and compared with the snapshots of their reports.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, cargo, run as run_command};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of a file in tests/drills, without its ending
    scenario: Option<String>,
    /// All of them (as without a name)
    #[arg(long, conflicts_with = "scenario")]
    all: bool,
    /// Play with this seed and leave the reports in target/drills; snapshots belong to one seed and are not compared
    #[arg(long, conflicts_with = "bless")]
    seed: Option<u64>,
    /// Make what was seen the snapshots
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let scenarios = scenarios(workspace, args.scenario.as_deref())?;
    match args.seed {
        Some(seed) => play(workspace, &scenarios, seed),
        None => compare(workspace, args),
    }
}

/// The test binary finds the scenarios by itself and plays each of them twice with the seed of the snapshots.
fn compare(workspace: &Workspace, args: &Args) -> Result<()> {
    let mut command = workspace.command(cargo());
    command.args(["test", "--quiet", "--package", "keyferry-tests", "--test", "drills"]);
    command.env("INSTA_UPDATE", if args.bless { "always" } else { "no" });
    if let Some(name) = &args.scenario {
        command.env("KEYFERRY_DRILL", name);
    }
    run_command(&mut command)
}

fn play(workspace: &Workspace, scenarios: &[PathBuf], seed: u64) -> Result<()> {
    let keyferry = workspace.build_keyferry()?;
    for scenario in scenarios {
        let name = scenario.file_stem().unwrap_or_default().to_string_lossy();
        let report = workspace.target.join(format!("drills/{name}-{seed}"));
        let started = Instant::now();
        let mut command = workspace.command(&keyferry);
        command.args(["drill", "run"]).arg(scenario).args([
            "--target",
            "embedded",
            "--seed",
            &seed.to_string(),
        ]);
        run_command(command.arg("--report").arg(&report))?;
        println!("{name}: {:.1} s, report in {}", started.elapsed().as_secs_f64(), report.display());
    }
    Ok(())
}

fn scenarios(workspace: &Workspace, name: Option<&str>) -> Result<Vec<PathBuf>> {
    let folder = workspace.root.join("tests/drills");
    let mut found: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("{} can't be listed", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| name.is_none_or(|name| path.file_stem().is_some_and(|stem| stem == name)))
        .collect();
    found.sort();
    if found.is_empty() {
        bail!("there is no scenario {} in tests/drills", name.unwrap_or("at all"));
    }
    Ok(found)
}
