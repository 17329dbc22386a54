//! Oracle's own clients against the embedded realm: the story in tests/clients, told by oci-cli and the Python SDK.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, run as run_command};

const REGIONS: &str = "us-ashburn-1,eu-frankfurt-1,us-phoenix-1";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    let python = clients(workspace)?;
    let keyferry = workspace.build_keyferry()?;
    let data = workspace.target.join(format!("clients/realm-{}", std::process::id()));
    let server = Server::start(workspace, &keyferry, &data)?;
    println!("realm ready, process {}", server.0.id());
    let mut story = workspace.command(&python);
    story
        .arg("tests/clients/story.py")
        .arg(data.join("realm.json"))
        .arg(&keyferry)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let told = run_command(&mut story);
    drop(server);
    told.with_context(|| format!("the realm's folder is kept: {}", data.display()))?;
    fs::remove_dir_all(&data).with_context(|| format!("{} can't be removed", data.display()))?;
    println!("clients: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// The Python of a virtual environment that holds exactly the pinned clients.
fn clients(workspace: &Workspace) -> Result<PathBuf> {
    let pins = workspace.root.join("tests/clients/requirements.txt");
    let wanted = fs::read_to_string(&pins).context("tests/clients/requirements.txt can't be read")?;
    let folder = workspace.target.join("clients/venv");
    let python = folder.join("bin/python");
    // Written last, so that an installation that was cut short is not taken for a whole one.
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|known| known == wanted) {
        return Ok(python);
    }
    println!("installing {}", wanted.split_whitespace().collect::<Vec<_>>().join(", "));
    run_command(workspace.command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = workspace.command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run_command(pip.arg(&pins))?;
    fs::write(&installed, wanted).with_context(|| format!("{} can't be written", installed.display()))?;
    Ok(python)
}

/// A running realm; ends when dropped, whatever happened to the story.
struct Server(Child);

impl Server {
    fn start(workspace: &Workspace, keyferry: &Path, data: &Path) -> Result<Self> {
        let mut command = workspace.command(keyferry);
        command.args(["realm", "serve", "--regions", REGIONS, "--port", "0", "--data"]).arg(data);
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut server = Self(process.context("the realm can't be started")?);
        let stdout = server.0.stdout.take().context("the realm has no output")?;
        // One line says that it is ready; realm.json in its folder says the same.
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
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
