//! Runs on disk: `STATE/runs/RUN/{plan.json,journal.jsonl}`.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_core::journal::{self, Progress};
use keyferry_core::plan::{Plan, PlanError};
use keyferry_core::{Code, Explain, Sha256, canonical};
use keyferry_seams::{Access, Clock, Disk, DiskError, FileLock, Seed};

use crate::{EngineError, JournalFile};

/// Why a run can't be begun or read.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The disk.
    #[error("the state folder can't be used")]
    Disk(#[from] DiskError),
    /// The plan in a run's folder.
    #[error("the plan of run {run} can't be read")]
    Plan {
        /// The run.
        run: String,
        /// Why.
        #[source]
        source: PlanError,
    },
    /// The journal in a run's folder.
    #[error("the journal of run {run} can't be read")]
    Journal {
        /// The run.
        run: String,
        /// Why.
        #[source]
        source: EngineError,
    },
    /// A plan has no bytes.
    #[error("the plan can't be written")]
    Unwritable(#[from] canonical::CanonicalError),
    /// The same plan was applied before.
    #[error("this plan was already applied by run {0}")]
    Used(String),
    /// Another process works on the same vault.
    #[error("another run works on {0}")]
    Locked(String),
    /// No run of that name.
    #[error("there is no run `{0}`")]
    Unknown(String),
    /// A prefix of more than one.
    #[error("`{0}` is the beginning of more than one run")]
    Ambiguous(String),
}

impl Explain for RunsError {
    fn code(&self) -> Code {
        match self {
            Self::Disk(_) => Code::Disk,
            Self::Plan { source, .. } => source.code(),
            Self::Journal { source, .. } => source.code(),
            Self::Unwritable(_) => Code::Internal,
            Self::Used(_) => Code::PlanUsed,
            Self::Locked(_) => Code::Locked,
            Self::Unknown(_) => Code::NotFound,
            Self::Ambiguous(_) => Code::Ambiguous,
        }
    }
}

/// A run as found on disk.
#[derive(Debug)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The plan it performs or performed.
    pub plan: Plan,
    /// How far it came.
    pub progress: Progress,
}

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct Runs {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
}

impl Runs {
    /// The runs below a state folder.
    pub fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, state: impl Into<PathBuf>) -> Self {
        Self { disk, clock, folder: state.into() }
    }

    /// Begins a run: writes its plan and opens its journal. `once`: refuse a plan that any run has used.
    ///
    /// # Errors
    /// If the plan was used before, or the disk refuses.
    pub fn begin(&self, plan: &Plan, seed: &Seed, once: bool) -> Result<(String, JournalFile), RunsError> {
        let bytes = plan.to_bytes()?;
        if once && let Some(used) = self.used(&Sha256::of(&bytes))? {
            return Err(RunsError::Used(used));
        }
        let id = run_id(self.clock.now(), seed);
        let folder = self.folder.join("runs").join(&id);
        self.disk.create(&folder.join("plan.json"), &bytes, Access::Owner)?;
        let path = folder.join("journal.jsonl");
        Ok((id, JournalFile::new(Arc::clone(&self.disk), Arc::clone(&self.clock), path)))
    }

    /// Takes the lock on a vault: at most one operation of ours is under way on it.
    ///
    /// # Errors
    /// If another process holds it.
    pub fn lock(&self, vault: &str) -> Result<FileLock, RunsError> {
        let path = self.folder.join("locks").join(format!("{vault}.lock"));
        self.disk.lock(&path)?.ok_or_else(|| RunsError::Locked(vault.to_owned()))
    }

    /// All ids, oldest first.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn ids(&self) -> Result<Vec<String>, RunsError> {
        let paths = self.disk.list(&self.folder.join("runs"))?;
        let name = |path: PathBuf| path.file_name().and_then(|n| n.to_str()).map(str::to_owned);
        Ok(paths.into_iter().filter_map(name).collect())
    }

    /// Reads a run by id, by the beginning of an id, or the `latest`.
    ///
    /// # Errors
    /// If there is none, more than one, or its files are damaged.
    pub fn open(&self, name: &str) -> Result<Run, RunsError> {
        let ids = self.ids()?;
        let mut fitting = ids.iter().filter(|id| id.starts_with(name));
        let id = match (name, fitting.next(), fitting.next()) {
            ("latest", _, _) => ids.last().ok_or_else(|| RunsError::Unknown(name.to_owned()))?,
            (_, Some(id), None) if !name.is_empty() => id,
            (_, Some(_), Some(_)) => return Err(RunsError::Ambiguous(name.to_owned())),
            _ => return Err(RunsError::Unknown(name.chars().take(60).collect())),
        };
        let folder = self.folder.join("runs").join(id);
        let bytes = self.disk.read(&folder.join("plan.json"), canonical::LONGEST as u64)?;
        let plan = Plan::from_bytes(&bytes).map_err(|source| RunsError::Plan { run: id.clone(), source })?;
        let progress = JournalFile::read(self.disk.as_ref(), &folder.join("journal.jsonl"))
            .and_then(|lines| Ok(journal::replay(&plan, &lines)?))
            .map_err(|source| RunsError::Journal { run: id.clone(), source })?;
        Ok(Run { id: id.clone(), plan, progress })
    }

    fn used(&self, digest: &Sha256) -> Result<Option<String>, RunsError> {
        for id in self.ids()? {
            let path = self.folder.join("runs").join(&id).join("plan.json");
            match self.disk.read(&path, canonical::LONGEST as u64) {
                Ok(bytes) if Sha256::of(&bytes) == *digest => return Ok(Some(id)),
                Err(error) if !error.is_absent() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// `20261124T231500Z-1a2b3c4d`: sorts by time, unique by chance.
fn run_id(now: Timestamp, seed: &Seed) -> String {
    let chance = u32::from_be_bytes(seed.bytes(&format!("run {now}")));
    format!("{}-{chance:08x}", now.strftime("%Y%m%dT%H%M%SZ"))
}
