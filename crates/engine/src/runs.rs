//! Runs on disk: `STATE/runs/RUN/{plan.json,journal.jsonl}`.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_core::journal::{self, Progress};
use keyferry_core::plan::{Plan, PlanError};
use keyferry_core::{Code, Explain, Sha256, canonical};
use keyferry_ids::VaultId;
use keyferry_seams::{Access, Clock, Disk, DiskError, FileLock, Seed};

use crate::{EngineError, Holder, JournalFile};

/// Longest note of a run under way that is read.
const LONGEST_NOTE: u64 = 4096;

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
    #[error("another run works on {vault}{}", holder.as_ref().map(|holder| format!(": {holder}")).unwrap_or_default())]
    Locked {
        /// The vault.
        vault: String,
        /// Who that is, if it can be read.
        holder: Option<Holder>,
    },
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
            Self::Locked { .. } => Code::Locked,
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
        let journal = self.begin_as(&id, &bytes)?;
        Ok((id, journal))
    }

    /// Begins a run that is part of a fleet's, whose name it bears.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn begin_within(
        &self,
        plan: &Plan,
        vault: &VaultId,
        (fleet, number): (&str, usize),
    ) -> Result<(String, JournalFile), RunsError> {
        let bytes = plan.to_bytes()?;
        for attempt in 1.. {
            let again = if attempt == 1 { String::new() } else { format!("-{attempt}") };
            let id = format!("{fleet}.{number:04}{again}");
            self.open_note(&id, vault)?;
            match self.begin_as(&id, &bytes) {
                Ok(journal) => return Ok((id, journal)),
                // An earlier attempt, or one before the fleet was resumed.
                Err(RunsError::Disk(error)) if error.is_taken() => self.close_note(&id)?,
                Err(error) => return Err(error),
            }
        }
        unreachable!("numbers do not end")
    }

    fn begin_as(&self, id: &str, plan: &[u8]) -> Result<JournalFile, RunsError> {
        let folder = self.folder.join("runs").join(id);
        self.disk.create(&folder.join("plan.json"), plan, Access::Owner)?;
        let path = folder.join("journal.jsonl");
        Ok(JournalFile::new(Arc::clone(&self.disk), Arc::clone(&self.clock), path, Sha256::of(plan)))
    }

    /// A name for a fleet's run.
    pub fn new_id(&self, seed: &Seed) -> String {
        run_id(self.clock.now(), seed)
    }

    /// Opens a run's journal to go on with it. Only under the lock of what it works on.
    ///
    /// # Errors
    /// If there is no such run, or its files are damaged.
    pub fn reopen(&self, id: &str) -> Result<(Run, JournalFile), RunsError> {
        let folder = self.folder.join("runs").join(id);
        let plan = self.plan(id)?;
        let path = folder.join("journal.jsonl");
        let damaged = |source| RunsError::Journal { run: id.to_owned(), source };
        let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.clock));
        let (journal, lines) = JournalFile::reopen(disk, clock, path, plan.digest()?).map_err(damaged)?;
        let progress = journal::replay(&plan, &lines).map_err(|error| damaged(error.into()))?;
        Ok((Run { id: id.to_owned(), plan, progress }, journal))
    }

    /// The newest run of a fleet's vault, if it did not finish well.
    ///
    /// # Errors
    /// If the folder or the run can't be read.
    pub fn unfinished_of(&self, fleet: &str, number: usize) -> Result<Option<String>, RunsError> {
        let prefix = format!("{fleet}.{number:04}");
        let is_its = |id: &String| {
            id.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        // Shorter names are older: `-2` follows the one without, `-10` follows `-9`.
        let of_vault = self.ids()?.into_iter().filter(is_its);
        let Some(id) = of_vault.max_by_key(|id| (id.len(), id.clone())) else { return Ok(None) };
        let run = self.read(&id)?;
        Ok((!run.progress.is_finished_well()).then_some(id))
    }

    /// Backups of a vault that were neither finished nor given up. Under the lock of the vault: whoever made them was
    /// killed. Each has a note in `STATE/open` from before its first line to after its last, so that old runs are not
    /// read.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn cut_off(&self, vault: &VaultId) -> Result<Vec<String>, RunsError> {
        let mut found = Vec::new();
        for path in self.disk.list(&self.folder.join("open"))? {
            let Some(id) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let note = match self.disk.read(&path, LONGEST_NOTE) {
                Ok(note) => note,
                // Finished this moment.
                Err(error) if error.is_absent() => continue,
                Err(error) => return Err(error.into()),
            };
            if note == vault.as_str().as_bytes() {
                found.push(id.to_owned());
            }
        }
        Ok(found)
    }

    /// Backups of any vault that were neither finished nor given up, also those that somebody is at.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn under_way(&self) -> Result<Vec<String>, RunsError> {
        let paths = self.disk.list(&self.folder.join("open"))?;
        let name = |path: PathBuf| path.file_name().and_then(|n| n.to_str()).map(str::to_owned);
        Ok(paths.into_iter().filter_map(name).collect())
    }

    /// Notes that a run on this vault is under way.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn open_note(&self, id: &str, vault: &VaultId) -> Result<(), RunsError> {
        let path = self.folder.join("open").join(id);
        Ok(self.disk.write(&path, vault.as_str().as_bytes(), Access::Owner)?)
    }

    /// True if a run has a plan. A process killed before it wrote one has left a note and nothing else.
    ///
    /// # Errors
    /// If the disk does not say.
    pub fn is_begun(&self, id: &str) -> Result<bool, RunsError> {
        Ok(self.disk.look(&self.folder.join("runs").join(id).join("plan.json"))?.is_some())
    }

    /// Takes the note back: the run has finished, or was given up.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn close_note(&self, id: &str) -> Result<(), RunsError> {
        Ok(self.disk.remove(&self.folder.join("open").join(id))?)
    }

    /// Takes the lock on a vault: at most one operation of ours is under way on it.
    ///
    /// # Errors
    /// If another process holds it.
    pub fn lock(&self, vault: &str) -> Result<FileLock, RunsError> {
        let path = self.folder.join("locks").join(format!("{vault}.lock"));
        let Some(lock) = self.disk.lock(&path)? else {
            let holder = Holder::read(self.disk.as_ref(), &path);
            return Err(RunsError::Locked { vault: vault.to_owned(), holder });
        };
        let note = serde_json::to_vec(&Holder::own(self.disk.as_ref(), self.clock.now())).unwrap_or_default();
        // Only for messages: without it the lock holds all the same.
        let _ = lock.note(&note);
        Ok(lock)
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

    /// The run that a word means: an id, the beginning of one, or `latest`.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn resolve(&self, name: &str) -> Result<String, RunsError> {
        let ids = self.ids()?;
        if ids.iter().any(|id| id == name) {
            return Ok(name.to_owned());
        }
        let is_meant = |id: &&String| id.starts_with(name) && (name.contains('.') || !id.contains('.'));
        let mut fitting = ids.iter().filter(is_meant);
        let id = match (name, fitting.next(), fitting.next()) {
            // A fleet's single backups are not runs of their own.
            ("latest", _, _) => {
                ids.iter().rfind(|id| !id.contains('.')).ok_or_else(|| RunsError::Unknown(name.to_owned()))?
            }
            (_, Some(id), None) if !name.is_empty() => id,
            (_, Some(_), Some(_)) => return Err(RunsError::Ambiguous(name.to_owned())),
            _ => return Err(RunsError::Unknown(name.chars().take(60).collect())),
        };
        Ok(id.clone())
    }

    /// Reads the run that a word means.
    ///
    /// # Errors
    /// If there is none, more than one, or its files are damaged.
    pub fn open(&self, name: &str) -> Result<Run, RunsError> {
        self.read(&self.resolve(name)?)
    }

    fn plan(&self, id: &str) -> Result<Plan, RunsError> {
        let path = self.folder.join("runs").join(id).join("plan.json");
        let bytes = self.disk.read(&path, canonical::LONGEST as u64)?;
        Plan::from_bytes(&bytes).map_err(|source| RunsError::Plan { run: id.to_owned(), source })
    }

    /// Reads a run by its whole id.
    ///
    /// # Errors
    /// If there is no such run, or its files are damaged.
    pub fn read(&self, id: &str) -> Result<Run, RunsError> {
        let plan = self.plan(id)?;
        let path = self.folder.join("runs").join(id).join("journal.jsonl");
        let progress = JournalFile::read(self.disk.as_ref(), &path)
            .and_then(|lines| Ok(journal::replay(&plan, &lines)?))
            .map_err(|source| RunsError::Journal { run: id.to_owned(), source })?;
        Ok(Run { id: id.to_owned(), plan, progress })
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

/// `20261124T231500Z-1a2b3c4d`: unique by chance.
fn run_id(now: Timestamp, seed: &Seed) -> String {
    stamped(now, u32::from_be_bytes(seed.bytes(&format!("run {now}"))))
}

/// A name that sorts by time: the first three of the eight digits are the second's fraction, so that of two in the
/// same second the later one comes last; the other five are chance.
pub fn stamped(now: Timestamp, chance: u32) -> String {
    let nanoseconds = u64::try_from(now.subsec_nanosecond()).unwrap_or(0);
    let fraction = nanoseconds * 4096 / 1_000_000_000;
    format!("{}-{fraction:03x}{:05x}", now.strftime("%Y%m%dT%H%M%SZ"), chance & 0xf_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_names_in_the_same_second_the_later_one_comes_last() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let early = stamped(at("2026-11-24T23:15:00.010Z"), u32::MAX);
        let late = stamped(at("2026-11-24T23:15:00.012Z"), 0);
        assert_eq!(early, "20261124T231500Z-028fffff");
        assert!(early < late && late < stamped(at("2026-11-24T23:15:01Z"), 0), "{late}");
    }
}
