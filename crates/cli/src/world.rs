//! Everything outside the program that a command can touch, so that tests can bring a world of their own.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use keyferry_seams::{BoxFuture, Clock, Disk, HttpSend, RealDisk, Seed, SystemClock};

/// The outside of a command.
pub struct World {
    /// Sends requests; the network if left out.
    pub http: Option<Arc<dyn HttpSend>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Files.
    pub disk: Arc<dyn Disk>,
    /// Chance.
    pub seed: Seed,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Answers to questions.
    pub stdin: Box<dyn BufRead + Send>,
    /// Results.
    pub stdout: Box<dyn Write + Send>,
    /// Progress and messages.
    pub stderr: Box<dyn Write + Send>,
    /// Who reads them.
    pub terminal: Terminal,
    /// Ends when the user or the system wants the command to end.
    pub interrupt: Shared<BoxFuture<'static, ()>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// Which of the three streams are a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// A person can be asked.
    pub stdin: bool,
    /// A person reads the results.
    pub stdout: bool,
    /// A person sees progress.
    pub stderr: bool,
    /// Columns, if known.
    pub width: Option<u16>,
}

impl World {
    /// The machine.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn real() -> io::Result<Self> {
        let width = console::Term::stdout().size_checked().map(|(_, columns)| columns);
        Ok(Self {
            http: None,
            clock: Arc::new(SystemClock),
            disk: Arc::new(RealDisk),
            seed: Seed::from_system()?,
            env: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            stdin: Box::new(io::BufReader::new(io::stdin())),
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
            terminal: Terminal {
                stdin: io::stdin().is_terminal(),
                stdout: io::stdout().is_terminal(),
                stderr: io::stderr().is_terminal(),
                width,
            },
            interrupt: interrupted().boxed().shared(),
        })
    }
}

/// Ctrl-C, or SIGTERM from whoever runs the program.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}
