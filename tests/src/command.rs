//! Whole Keyferry commands, run in this process with everything outside it chosen by the test.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use keyferry_cli::{Terminal, World};
use keyferry_oci::Reqwest;
use keyferry_seams::{Disk, HttpSend, RealDisk, Recorder, Seed, SystemClock};
use serde_json::Value;

use crate::block_on;

/// A user with a home folder and a realm.
#[derive(Debug)]
pub struct Keyferry {
    env: BTreeMap<String, String>,
    /// Everything that leaves the process.
    pub recorder: Arc<Recorder>,
    /// Files of state.
    pub disk: Arc<dyn Disk>,
    runs: Mutex<u64>,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: u8,
    /// Results.
    pub stdout: String,
    /// Messages.
    pub stderr: String,
}

impl Ran {
    /// The result as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", self.stdout, self.stderr))
    }

    /// Insists on an exit code.
    #[must_use]
    pub fn exits(self, code: u8) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// A stream whose bytes can be looked at afterwards.
#[derive(Debug, Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panicked here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    /// What was written.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no test panicked here")).into_owned()
    }
}

impl Keyferry {
    /// A user whose home is `home`, working against the realm in `realm`.
    pub fn new(home: &Path, realm: &Path) -> Self {
        let text = |path: &Path| path.display().to_string();
        let env = BTreeMap::from([("HOME".into(), text(home)), ("KEYFERRY_REALM".into(), text(realm))]);
        let network: Arc<dyn HttpSend> = Arc::new(Reqwest::new());
        Self {
            env,
            recorder: Arc::new(Recorder::new(network)),
            disk: Arc::new(RealDisk),
            runs: Mutex::new(0),
        }
    }

    /// Where the user's state is.
    pub fn state(&self) -> PathBuf {
        Path::new(&self.env["HOME"]).join(".local/state/keyferry")
    }

    /// Runs a command without a terminal.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_told(args, "")
    }

    /// Runs a command that finds something on its standard input.
    pub fn run_told(&self, args: &[&str], stdin: &str) -> Ran {
        let mut runs = self.runs.lock().expect("no test panicked here");
        *runs += 1;
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let world = World {
            http: Some(Arc::clone(&self.recorder) as Arc<dyn HttpSend>),
            clock: Arc::new(SystemClock),
            disk: Arc::clone(&self.disk),
            seed: Seed::from_number(*runs),
            env: self.env.clone(),
            stdin: Box::new(io::Cursor::new(stdin.to_owned())),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: Terminal::default(),
            interrupt: std::future::pending().boxed().shared(),
        };
        let args = std::iter::once("keyferry").chain(args.iter().copied()).map(OsString::from).collect();
        let code = block_on(keyferry_cli::run(args, world));
        Ran { code, stdout: stdout.text(), stderr: stderr.text() }
    }
}
