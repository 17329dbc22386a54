//! The record beside the index: what was accepted and what was seen, in JSON lines that are only ever appended to.
//! The index is made anew from it without asking any store. It is believed as the index itself is: local state, behind
//! the permissions of the state folder. A line that can't be read costs no more than a file of another version does:
//! what it held is fetched from the stores again, and its signature checked again.

use std::borrow::Cow;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_core::Sha256;
use keyferry_core::canonical;
use keyferry_core::coverage::Keeping;
use keyferry_seams::{Access, Disk, DiskError, Found};
use serde::{Deserialize, Serialize};

use crate::IndexError;

const SCHEMA: &str = "keyferry.index_record";
const VERSION: u32 = 1;
/// Longest line that is read. Each is shorter than the manifest that it comes from.
const LONGEST: usize = canonical::LONGEST;
/// Longest first line.
const LONGEST_HEADER: usize = 256;
/// Read at once.
const CHUNK: usize = 4 << 20;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header<'a> {
    schema: Cow<'a, str>,
    version: u32,
    /// Counts how often the record was written anew. Of two records of one index the higher one is the newer one.
    edition: u64,
}

/// Any other line. Identifiers that repeat have the index's numbers, each told before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact<'a> {
    /// What has a number: an OCID, a store's address or a region.
    Named {
        /// The number.
        number: u32,
        /// What has it.
        #[serde(borrow)]
        name: Cow<'a, str>,
    },
    /// A backup that no store was known to hold.
    #[serde(borrow)]
    Saved(Saved<'a>),
    /// A backup that another store was known to hold, with the same manifest.
    #[serde(borrow)]
    Copied(Copy<'a>),
    /// A store does not hold that backup any more.
    #[serde(borrow)]
    Gone(Copy<'a>),
    /// A store was listed as a whole.
    Listed {
        /// Its number.
        store: u32,
        /// When, to the second.
        at: Timestamp,
    },
    /// How well a store keeps what is in it.
    Keeps {
        /// Its address.
        #[serde(borrow)]
        store: Cow<'a, str>,
        /// How well.
        keeping: Keeping,
    },
}

/// A key with its versions, and whether these have a canary.
pub(crate) type NumberedKey = (u32, Vec<(u32, bool)>);

/// A backup in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Copy<'a> {
    #[serde(borrow)]
    pub(crate) backup: Cow<'a, str>,
    pub(crate) store: u32,
    pub(crate) vault: u32,
    pub(crate) made_at: Timestamp,
}

/// What the index keeps of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved<'a> {
    #[serde(borrow)]
    pub(crate) backup: Cow<'a, str>,
    pub(crate) store: u32,
    pub(crate) vault: u32,
    pub(crate) made_at: Timestamp,
    pub(crate) region: u32,
    pub(crate) generation: u64,
    pub(crate) manifest: Sha256,
    pub(crate) fingerprint: Option<Sha256>,
    /// Stores that the manifest names.
    pub(crate) places: Cow<'a, [u32]>,
    /// Keys in its files.
    pub(crate) keys: Cow<'a, [NumberedKey]>,
}

/// Facts on their way into the record.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<u8>);

impl Facts {
    pub(crate) fn push(&mut self, fact: &Fact<'_>) -> Result<(), IndexError> {
        write_line(&mut self.0, fact).map_err(IndexError::row)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes a line.
pub(crate) fn write_line(to: &mut (impl Write + ?Sized), line: &impl Serialize) -> std::io::Result<()> {
    // Lines are short and many, so each goes out in one piece.
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    to.write_all(&bytes)
}

/// The file.
#[derive(Debug)]
pub(crate) struct Record {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

/// What the record is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// How often it was written anew.
    pub(crate) edition: u64,
    /// Its length in bytes.
    pub(crate) length: u64,
}

impl Record {
    pub(crate) fn new(disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        Self { disk, path }
    }

    /// None if there is no record, or none that this version reads.
    pub(crate) fn state(&self) -> Result<Option<State>, IndexError> {
        let length = self.length()?;
        let mut first =
            vec![0; usize::try_from(length).map_or(LONGEST_HEADER, |length| length.min(LONGEST_HEADER))];
        if first.is_empty() {
            return Ok(None);
        }
        self.open()?.read_exact_at(&mut first, 0).map_err(|e| self.failed(e))?;
        let end = first.iter().position(|byte| *byte == b'\n').unwrap_or_default();
        let header = first.get(..end).and_then(|line| serde_json::from_slice::<Header<'_>>(line).ok());
        let ours = header.filter(|header| header.schema == SCHEMA && header.version == VERSION);
        Ok(ours.map(|header| State { edition: header.edition, length }))
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> Result<u64, IndexError> {
        match self.disk.look(&self.path).map_err(IndexError::Disk)? {
            Some(Found::File { size, .. }) => Ok(size),
            _ => Ok(0),
        }
    }

    /// Appends facts, durably.
    pub(crate) fn append(&self, facts: &Facts) -> Result<(), IndexError> {
        self.disk.append(&self.path, &facts.0).map_err(IndexError::Disk)
    }

    /// Ends a line that a crash has torn, so that the next one begins anew. It was never claimed.
    pub(crate) fn end_line(&self) -> Result<(), IndexError> {
        self.disk.append(&self.path, b"\n").map_err(IndexError::Disk)
    }

    /// Writes it anew: whole or not at all. `facts` writes the lines after the first.
    pub(crate) fn replace(
        &self,
        edition: u64,
        mut facts: impl FnMut(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<(), IndexError> {
        let mut pieces = |file: &mut dyn Write| {
            write_line(file, &Header { schema: SCHEMA.into(), version: VERSION, edition })?;
            facts(file)
        };
        self.disk.write_pieces(&self.path, Access::Owner, &mut pieces).map_err(IndexError::Disk)
    }

    /// Its whole lines from that byte on, many at once.
    pub(crate) fn read(&self, from: u64) -> Result<Chunks, IndexError> {
        Ok(Chunks { file: self.open()?, path: self.path.clone(), at: from, rest: Vec::new(), is_torn: false })
    }

    fn open(&self) -> Result<File, IndexError> {
        let gone = || self.failed(std::io::ErrorKind::NotFound.into());
        self.disk.database(&self.path).map_err(IndexError::Disk)?.ok_or_else(gone)
    }

    fn failed(&self, source: std::io::Error) -> IndexError {
        IndexError::Disk(DiskError { doing: "read", path: self.path.clone(), source })
    }
}

/// Walks through a record.
#[derive(Debug)]
pub(crate) struct Chunks {
    file: File,
    path: PathBuf,
    at: u64,
    rest: Vec<u8>,
    is_torn: bool,
}

impl Chunks {
    /// The next lines, each whole; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, IndexError> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let before = bytes.len();
            bytes.resize(before + CHUNK, 0);
            let room = bytes.get_mut(before..).unwrap_or_default();
            let failed = |source| DiskError { doing: "read", path: self.path.clone(), source };
            let read = self.file.read_at(room, self.at).map_err(failed).map_err(IndexError::Disk)?;
            bytes.truncate(before + read);
            self.at += read as u64;
            if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
                self.rest = bytes.split_off(end + 1);
                return Ok(Some(bytes));
            }
            if read == 0 {
                self.is_torn = !bytes.is_empty();
                return Ok(None);
            }
            if bytes.len() > LONGEST {
                // No line of ours: what is left of it makes one that can't be read.
                bytes.clear();
            }
        }
    }

    /// True if what comes after the last whole line is none.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// How far it was read.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }
}

/// The facts of some lines; what can't be read is left out, the first line among it.
pub(crate) fn facts(lines: &[u8]) -> impl Iterator<Item = Fact<'_>> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}
