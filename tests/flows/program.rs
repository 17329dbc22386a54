//! Keyferry as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A user of the program: a home folder, a realm, and what stands before each command line.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    home: PathBuf,
    realm: PathBuf,
    settings: PathBuf,
}

impl Program {
    pub(crate) fn new(home: &Path, realm: &Path, settings: &Path) -> Self {
        Self { home: home.to_owned(), realm: realm.to_owned(), settings: settings.to_owned() }
    }

    /// Starts it and does not wait. What it was told is in its output as JSON.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_keyferry-under-test"))
            .args(args)
            .args(["-o", "json"])
            .env_clear()
            .env("HOME", &self.home)
            .env("KEYFERRY_REALM", &self.realm)
            .env("KEYFERRY_SETTINGS", &self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::of(self.start(args).wait_with_output())
    }
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: std::io::Result<Output>) -> Self {
        let output = output.expect("its output can be read");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", self.stdout, self.stderr))
    }
}
