//! The journal of one run on disk: each line is synced before the call returns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyferry_core::journal::{self, Entry, Line};
use keyferry_seams::{Clock, Disk, DiskError};

use crate::EngineError;

/// Longest journal that is read back.
const LONGEST: u64 = 256 << 20;

/// An open journal.
#[derive(Debug)]
pub struct JournalFile {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    seq: u64,
}

impl JournalFile {
    /// A new, empty journal.
    pub fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, path: PathBuf) -> Self {
        Self { disk, clock, path, seq: 0 }
    }

    /// The lines of an existing journal.
    ///
    /// # Errors
    /// If the file can't be read or is damaged before its last line.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Vec<Line>, EngineError> {
        Ok(journal::parse(&disk.read(path, LONGEST)?)?)
    }

    /// Writes down that something happened, durably.
    ///
    /// # Errors
    /// If it could not be made durable; the caller must then not go on.
    pub fn record(&mut self, entry: Entry) -> Result<Line, DiskError> {
        let line = Line {
            schema: journal::SCHEMA.into(),
            version: journal::VERSION,
            seq: self.seq + 1,
            ts: self.clock.now(),
            entry,
        };
        let mut bytes = serde_json::to_vec(&line).map_err(|e| DiskError {
            doing: "write",
            path: self.path.clone(),
            source: e.into(),
        })?;
        bytes.push(b'\n');
        self.disk.append(&self.path, &bytes)?;
        self.seq += 1;
        Ok(line)
    }
}
