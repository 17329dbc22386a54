//! Virtual environments of Python that hold exactly the pinned packages.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, run};

/// The folder with the programs of target/NAME/venv, which holds what tests/NAME/requirements.txt pins.
pub(crate) fn environment(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let pins = workspace.root.join(format!("tests/{name}/requirements.txt"));
    let wanted = fs::read_to_string(&pins).with_context(|| format!("{} can't be read", pins.display()))?;
    let folder = workspace.target.join(format!("{name}/venv"));
    let programs = folder.join("bin");
    // Written last, so that an installation that was cut short is not taken for a whole one.
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|known| known == wanted) {
        return Ok(programs);
    }
    println!("installing {}", wanted.split_whitespace().collect::<Vec<_>>().join(", "));
    run(workspace.command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = workspace.command(programs.join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(pip.arg(&pins))?;
    fs::write(&installed, wanted).with_context(|| format!("{} can't be written", installed.display()))?;
    Ok(programs)
}
