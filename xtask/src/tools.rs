//! Programs of others that our tests need, installed once under target/tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, cargo, run};

/// A program from cargo's registry. It is run as a program only, so its licence does not touch ours.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What of it is built.
    pub(crate) features: &'static [&'static str],
}

impl Tool {
    /// Where the program lies, which may take minutes the first time.
    pub(crate) fn path(&self, workspace: &Workspace) -> Result<PathBuf> {
        let folder = workspace.target.join("tools");
        let path = folder.join("bin").join(self.name);
        // Cargo writes this list last, so an installation that was cut short is not in it.
        let installed = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
        if !installed.contains(&format!("\"{} {} (", self.name, self.version)) {
            self.install(workspace, &folder)?;
        }
        Ok(path)
    }

    /// Builds it, from where cargo's own settings say that crates come from.
    fn install(&self, workspace: &Workspace, folder: &Path) -> Result<()> {
        let package = format!("{}@{}", self.name, self.version);
        println!("installing {package} into target/tools, once; this takes minutes");
        let started = Instant::now();
        let build = folder.join("build");
        let mut install = workspace.command(cargo());
        install
            .args(["install", "--quiet", "--locked", &package])
            .args(self.features)
            .arg("--root")
            .arg(folder);
        // It has to be right, not fast.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
        run(install.env("CARGO_TARGET_DIR", &build))?;
        fs::remove_dir_all(&build).with_context(|| format!("{} can't be removed", build.display()))?;
        println!("installed {package} in {:.0} s", started.elapsed().as_secs_f64());
        Ok(())
    }
}
