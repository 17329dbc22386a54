//! The journal of one run on disk: each line is synced before the call returns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_core::Sha256;
use keyferry_core::journal::{self, Entry, Line};
use keyferry_seams::{Access, Clock, Disk, DiskError};

use crate::EngineError;

/// Longest journal that is read back.
const LONGEST: u64 = 256 << 20;

/// An open journal.
#[derive(Debug)]
pub struct JournalFile {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    plan_sha256: Sha256,
    seq: u64,
}

impl JournalFile {
    /// A new, empty journal of a run of that plan.
    pub fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, path: PathBuf, plan_sha256: Sha256) -> Self {
        Self { disk, clock, path, plan_sha256, seq: 0 }
    }

    /// Digest of the plan whose run it tells of.
    pub fn plan_sha256(&self) -> Sha256 {
        self.plan_sha256
    }

    /// The lines of a journal; none if it was not begun.
    ///
    /// # Errors
    /// If the file can't be read or is damaged before its last line.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Vec<Line>, EngineError> {
        match disk.read(path, LONGEST) {
            Ok(bytes) => Ok(journal::parse(&bytes)?),
            // Killed between the plan and the first line.
            Err(error) if error.is_absent() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a journal to go on with it. A line that a crash has torn was never claimed; it is cut off.
    ///
    /// # Errors
    /// If the file can't be read or written, or is damaged before its last line.
    pub fn reopen(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        path: PathBuf,
        plan_sha256: Sha256,
    ) -> Result<(Self, Vec<Line>), EngineError> {
        let bytes = match disk.read(&path, LONGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.is_absent() => {
                return Ok((Self::new(disk, clock, path, plan_sha256), Vec::new()));
            }
            Err(error) => return Err(error.into()),
        };
        let lines = journal::parse(&bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            disk.write(&path, &bytes[..whole], Access::Owner)?;
        }
        Ok((Self { disk, clock, path, plan_sha256, seq: lines.len() as u64 }, lines))
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.seq
    }

    /// Writes down that something happened, durably, and gives the time of it.
    ///
    /// # Errors
    /// If it could not be made durable; the caller must then not go on.
    pub fn record(&mut self, entry: Entry) -> Result<Timestamp, DiskError> {
        self.record_all([entry])
    }

    /// Writes down what happened at the same time: one write, one sync. After a crash the first of them may be there
    /// and the others not.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn record_all(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<Timestamp, DiskError> {
        let ts = self.clock.now();
        let (mut bytes, mut seq) = (Vec::new(), self.seq);
        for entry in entries {
            seq += 1;
            let line = Line { schema: journal::SCHEMA.into(), version: journal::VERSION, seq, ts, entry };
            serde_json::to_writer(&mut bytes, &line).map_err(|e| DiskError {
                doing: "write",
                path: self.path.clone(),
                source: e.into(),
            })?;
            bytes.push(b'\n');
        }
        self.disk.append(&self.path, &bytes)?;
        self.seq = seq;
        Ok(ts)
    }
}
