//! Packages for Node exactly as they are pinned.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, run};

const PINS: [&str; 2] = ["package.json", "package-lock.json"];

/// The folder target/NAME/node, in which the packages of tests/NAME/package-lock.json lie.
pub(crate) fn packages(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let (pins, folder) = (workspace.root.join("tests").join(name), workspace.target.join(name).join("node"));
    let read =
        |file| fs::read_to_string(pins.join(file)).with_context(|| format!("tests/{name} has no {file}"));
    let wanted = PINS.map(read).into_iter().collect::<Result<Vec<_>>>()?.concat();
    // Written last, so that an installation that was cut short is not taken for a whole one.
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|known| known == wanted) {
        return Ok(folder);
    }
    println!("installing the packages of tests/{name}/package.json");
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    for file in PINS {
        fs::copy(pins.join(file), folder.join(file)).with_context(|| format!("{file} can't be copied"))?;
    }
    let mut npm = workspace.command("npm");
    run(npm.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    fs::write(&installed, wanted).with_context(|| format!("{} can't be written", installed.display()))?;
    Ok(folder)
}
