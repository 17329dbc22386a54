//! Benchmarks: builds with the release profile and runs the measuring program of package keyferry-tests.

use std::ffi::OsString;

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
    /// The protection ledger over a million backups: a look, making it anew, memory
    Ledger,
    /// A fleet's backup against Oracle's rates: its pace beside the least time, the Python SDK and oci-cli; its signatures
    Fleet(Fleet),
}

#[derive(Debug, clap::Args)]
struct Fleet {
    /// Keys in each vault: what is read of them takes a fleet's time
    #[arg(long, default_value_t = 100)]
    keys: usize,
    /// Without the Python SDK and oci-cli
    #[arg(long)]
    alone: bool,
    /// Measure the memory that ten times as many vaults need, and nothing else
    #[arg(long, conflicts_with_all = ["keys", "alone"])]
    memory: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let programs = workspace.target.join("release");
    let keyferry: OsString = programs.join("keyferry").into();
    let folder = |name: &str| workspace.target.join("bench").join(name).into();
    // Before anything is built: Python's packages may fail, and take no time.
    let words: Vec<OsString> = match &args.what {
        What::Realm => {
            let moto = python::environment(workspace, "bench")?.join("moto_server");
            vec!["realm".into(), keyferry, moto.into(), folder("realm")]
        }
        What::Ledger => vec!["ledger".into(), keyferry, folder("ledger")],
        What::Fleet(Fleet { memory: true, .. }) => vec!["fleet-memory".into(), keyferry],
        What::Fleet(Fleet { keys, alone, .. }) => {
            let mut words = vec!["fleet".into(), keyferry, keys.to_string().into()];
            if !alone {
                words.push(python::environment(workspace, "clients")?.join("python").into());
            }
            words
        }
    };
    workspace.cargo(&["build", "--quiet", "--release", "--package", "keyferry-cli"])?;
    workspace.cargo(&["build", "--quiet", "--release", "--package", "keyferry-tests", "--bin", "bench"])?;
    run_command(workspace.command(programs.join("bench")).args(words))
}
