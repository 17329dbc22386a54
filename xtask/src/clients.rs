//! Oracle's own clients against the embedded realm: the story in tests/clients, told by oci-cli and the Python SDK.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::python;
use crate::workspace::{Workspace, run as run_command};

const REGIONS: &str = "us-ashburn-1,eu-frankfurt-1,us-phoenix-1";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    let python = python::environment(workspace, "clients")?.join("python");
    let keyferry = workspace.build_keyferry()?;
    let data = workspace.target.join(format!("clients/realm-{}", std::process::id()));
    let server = Server::start(workspace, &keyferry, &data)?;
    println!("realm ready, process {}", server.process.id());
    let mut story = workspace.command(&python);
    story
        .arg("tests/clients/story.py")
        .arg(server.ready.trim())
        .arg(&keyferry)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let told = run_command(&mut story);
    drop(server);
    told.with_context(|| format!("the realm's folder is kept: {}", data.display()))?;
    fs::remove_dir_all(&data).with_context(|| format!("{} can't be removed", data.display()))?;
    println!("clients: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// A running realm; ends when dropped, whatever happened to the story.
struct Server {
    process: Child,
    /// The line of JSON by which it says that it is ready.
    ready: String,
}

impl Server {
    fn start(workspace: &Workspace, keyferry: &Path, data: &Path) -> Result<Self> {
        let mut command = workspace.command(keyferry);
        command.args(["realm", "serve", "--regions", REGIONS, "--port", "0", "--data"]).arg(data);
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut server =
            Self { process: process.context("the realm can't be started")?, ready: String::new() };
        let stdout = server.process.stdout.take().context("the realm has no output")?;
        BufReader::new(stdout).read_line(&mut server.ready)?;
        if !server.ready.starts_with('{') {
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
