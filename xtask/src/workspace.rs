//! Where the workspace is, what cargo knows of it, and how its programs are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The workspace this program was built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// `cargo metadata` with the resolved graph of all packages.
    pub(crate) metadata: Value,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in no workspace")?;
        let output = Command::new(cargo())
            .args(["metadata", "--format-version", "1"])
            .current_dir(root)
            .output()
            .context("cargo can't be started")?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        let target =
            metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
        Ok(Self { root: root.to_path_buf(), target: target.into(), metadata })
    }

    /// A command that starts in the workspace's root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Runs cargo and lets it speak to the terminal.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Result<()> {
        run(self.command(cargo()).args(arguments))
    }

    /// Builds the program and says where it lies.
    pub(crate) fn build_keyferry(&self) -> Result<PathBuf> {
        self.cargo(&["build", "--quiet", "--package", "keyferry-cli"])?;
        Ok(self.target.join("debug/keyferry"))
    }
}

/// Runs a command to its end; anything but success is an error that shows how to repeat it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    let status = command.status().with_context(|| format!("`{line}` can't be started"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_else(|| command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The cargo that runs us.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
