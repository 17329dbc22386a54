//! Keyferry as a user runs it: a process of its own, with its time, its CPU time and its memory.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keyferry_tests::Fleet;
use serde_json::Value;

use crate::process::{cpu_of, status_of};

/// How often a process is looked at. Its peak is kept by the system, so only what it does at its very end is missed.
const LOOK: Duration = Duration::from_millis(10);

/// The program, and a user of it.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    keyferry: &'a Path,
    realm: &'a Path,
    home: PathBuf,
    settings: PathBuf,
}

/// A command that has ended well.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) took: Duration,
    /// All threads, until shortly before the end.
    pub(crate) cpu: Duration,
    /// Most memory that was resident at any time, in bytes.
    pub(crate) peak: u64,
    /// Its result.
    pub(crate) shown: Value,
}

impl<'a> Program<'a> {
    /// Works on the fleet with these settings (TOML).
    pub(crate) fn new(keyferry: &'a Path, fleet: &'a Fleet, settings: &str) -> Self {
        let home = fleet.folder.path().join("user");
        std::fs::create_dir_all(&home).expect("a folder");
        let file = home.join("keyferry.toml");
        std::fs::write(&file, settings).expect("settings");
        Self { keyferry, realm: &fleet.realm.data, home, settings: file }
    }

    /// Runs a command for its result in JSON.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let (result, messages) = (self.home.join("result.json"), self.home.join("messages"));
        let file = |path: &Path| Stdio::from(File::create(path).expect("a file"));
        let mut command = Command::new(self.keyferry);
        command.args(words).args(["-o", "json", "--settings"]).arg(&self.settings);
        command.env_clear().env("HOME", &self.home).env("KEYFERRY_REALM", self.realm);
        command.stdin(Stdio::null()).stdout(file(&result)).stderr(file(&messages));
        let started = Instant::now();
        let mut process = command.spawn().expect("it starts");
        let (mut cpu, mut peak) = (Duration::ZERO, 0);
        let status = loop {
            if let Some(status) = process.try_wait().expect("a child of ours") {
                break status;
            }
            // What has just ended has no figures any more.
            cpu = cpu_of(process.id()).unwrap_or(cpu);
            peak = status_of(process.id(), "VmHWM").unwrap_or(peak);
            std::thread::sleep(LOOK);
        };
        let took = started.elapsed();
        let said = std::fs::read_to_string(&messages).expect("its messages");
        assert!(status.success(), "{words:?}: {status}\n{said}");
        let shown = serde_json::from_slice(&std::fs::read(&result).expect("its result")).expect("JSON");
        Ran { took, cpu, peak, shown }
    }

    /// Saves what a policy selects and insists that this many vaults were saved.
    pub(crate) fn back_up(&self, policy: &str, vaults: usize) -> Ran {
        let ran = self.run(&["backup", "--policy", policy, "--force"]);
        let backups = ran.shown.pointer("/backups").and_then(Value::as_array).map(Vec::len);
        assert_eq!(backups, Some(vaults), "all of them were saved");
        ran
    }
}
