//! Oracle's own clients against the embedded realm: the programs in tests/clients, which speak by oci-cli, the Python
//! SDK and the packages for Node.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, run as run_command};
use crate::{node, python, s3};

const REGIONS: &str = "us-ashburn-1,eu-frankfurt-1,us-phoenix-1";

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Compare the requests of Keyferry's client with those of the Python SDK, and do nothing else
    #[arg(long)]
    wire: bool,
    /// Run the stores outside of OCI against two real S3 servers, and do nothing else
    #[arg(long, conflicts_with = "wire")]
    s3: bool,
    /// Write down which operations a client never did, and keep the reasons
    #[arg(long, conflicts_with_all = ["wire", "s3"])]
    bless: bool,
}

/// The loss of a region first, then each operation by each client, each in a realm of its own.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.wire {
        return wire(workspace);
    }
    if args.s3 {
        return s3::run(workspace);
    }
    let started = Instant::now();
    let keyferry = workspace.build_keyferry()?;
    in_realm(workspace, &keyferry, "story", |story| story)?;
    println!("story: {:.0} s", started.elapsed().as_secs_f64());
    let packages = node::packages(workspace, "clients")?;
    in_realm(workspace, &keyferry, "coverage", |coverage| {
        coverage.arg(packages).args(args.bless.then_some("--bless"))
    })?;
    println!("clients: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// What Keyferry's own client sends, beside what the Python SDK sends for the same.
pub(crate) fn wire(workspace: &Workspace) -> Result<()> {
    workspace.cargo(&["build", "--quiet", "--package", "keyferry-tests", "--bin", "send_each"])?;
    let send_each = workspace.target.join("debug/send_each");
    run_command(program(workspace, "wire")?.arg(send_each))
}

/// A program of tests/clients.
fn program(workspace: &Workspace, name: &str) -> Result<Command> {
    let python = python::environment(workspace, "clients")?.join("python");
    let mut program = workspace.command(python);
    program.arg(format!("tests/clients/{name}.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(program)
}

/// Runs such a program against a new realm, whose folder stays if something fails.
fn in_realm(
    workspace: &Workspace,
    keyferry: &Path,
    name: &str,
    more: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<()> {
    let mut program = program(workspace, name)?;
    let data: PathBuf = workspace.target.join(format!("clients/{name}-{}", std::process::id()));
    let server = Server::start(workspace, keyferry, &data)?;
    println!("realm ready, process {}", server.process.id());
    let told = run_command(more(program.arg(data.join("realm.json")).arg(keyferry)));
    drop(server);
    told.with_context(|| format!("the realm's folder is kept: {}", data.display()))?;
    fs::remove_dir_all(&data).with_context(|| format!("{} can't be removed", data.display()))
}

/// A running realm; ends when dropped, whatever happened meanwhile.
struct Server {
    process: Child,
}

impl Server {
    fn start(workspace: &Workspace, keyferry: &Path, data: &Path) -> Result<Self> {
        let mut command = workspace.command(keyferry);
        command.args(["realm", "serve", "--regions", REGIONS, "--port", "0", "--data"]).arg(data);
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut server = Self { process: process.context("the realm can't be started")? };
        let stdout = server.process.stdout.take().context("the realm has no output")?;
        // Once it is ready it says so in a line of JSON, which is in its folder too.
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready)?;
        if !ready.starts_with('{') {
            bail!("the realm ended without a word; see its messages above");
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about a failure here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
