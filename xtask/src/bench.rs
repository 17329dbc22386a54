//! Benchmarks: builds with the release profile and runs the measuring program of package keyferry-tests.

use anyhow::Result;

use crate::python;
use crate::workspace::{Workspace, run as run_command};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The embedded realm: encryption over HTTP beside moto's server, start, memory
    Realm,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let What::Realm = args.what;
    let moto = python::environment(workspace, "bench")?.join("moto_server");
    workspace.cargo(&["build", "--quiet", "--release", "--package", "keyferry-cli"])?;
    workspace.cargo(&["build", "--quiet", "--release", "--package", "keyferry-tests", "--bin", "bench"])?;
    let programs = workspace.target.join("release");
    let mut bench = workspace.command(programs.join("bench"));
    bench.arg("realm").arg(programs.join("keyferry")).arg(moto).arg(workspace.target.join("bench/realm"));
    run_command(&mut bench)
}
