//! The index: a database of backups, of the newest one of each key, and of proofs.

mod add;
mod kept;
mod latest;
mod listed;
mod proofs;
mod read;
mod replay;
mod tables;

use std::path::Path;
use std::sync::Arc;

use keyferry_seams::{Disk, FileLock};
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Database, Durability, ReadableDatabase as _, WriteTransaction};

use crate::IndexError;
use crate::record::{Facts, Record};
use tables::{META, make_all};

pub use add::Added;
pub use listed::{Difference, Listed};
pub use proofs::Proof;

/// What is read and written here.
const FORMAT: u64 = 1;
/// The newest backups of a large fleet fit; the history need not.
const CACHE: usize = 48 << 20;

/// The index of one state folder.
#[derive(Debug)]
pub struct Index {
    database: Database,
    /// None if the index is gone with the process anyway.
    record: Option<Record>,
    /// Both files are one process's.
    _lock: Option<FileLock>,
}

impl Index {
    /// Opens the index, or makes it. A damaged one, or one of another version, is made anew from the record beside it,
    /// which has the same name and ends in `.jsonl`; so is what a crash has kept from getting into it.
    ///
    /// # Errors
    /// If another process uses it, or the disk refuses.
    pub fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<Self, IndexError> {
        let lock = disk.lock(&path.with_extension("lock")).map_err(IndexError::Disk)?;
        let lock = lock.ok_or(IndexError::InUse)?;
        let index = match Self::at(disk, path) {
            Err(error) if error.is_damage() => {
                disk.remove(path).map_err(IndexError::Disk)?;
                Self::at(disk, path)?
            }
            opened => opened?,
        };
        Ok(Self { _lock: Some(lock), ..index })
    }

    fn at(disk: &Arc<dyn Disk>, path: &Path) -> Result<Self, IndexError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let (database, record) = match disk.database(path).map_err(IndexError::Disk)? {
            Some(file) => {
                let record = Record::new(Arc::clone(disk), path.with_extension("jsonl"));
                (builder.create_with_backend(FileBackend::new(file)?)?, Some(record))
            }
            None => (builder.create_with_backend(InMemoryBackend::new())?, None),
        };
        let index = Self { database, record, _lock: None };
        match index.format()? {
            Some(FORMAT) => {}
            Some(other) => return Err(IndexError::row(format!("an index of form {other}"))),
            None => {
                let transaction = index.begin()?;
                make_all(&transaction)?;
                transaction.open_table(META)?.insert("format", FORMAT)?;
                transaction.commit()?;
            }
        }
        index.catch_up()?;
        Ok(index)
    }

    /// An index that is gone with the process.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn memory() -> Result<Self, IndexError> {
        let disk: Arc<dyn Disk> = Arc::new(keyferry_seams::MemoryDisk::default());
        Self::open(&disk, Path::new("index"))
    }

    fn format(&self) -> Result<Option<u64>, IndexError> {
        match self.database.begin_read()?.open_table(META) {
            Ok(table) => Ok(table.get("format")?.map(|format| format.value())),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The allocator's state is written along, so that a killed process costs no repair.
    fn begin(&self) -> Result<WriteTransaction, IndexError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// All of it or nothing. What is to be remembered is in the record before the index claims it.
    fn write<T>(
        &self,
        act: impl FnOnce(&WriteTransaction, &mut Facts) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        self.catch_up()?;
        let transaction = self.begin()?;
        let mut facts = Facts::default();
        let result = act(&transaction, &mut facts)?;
        if let Some(record) = &self.record
            && !facts.is_empty()
        {
            record.append(&facts)?;
            transaction.open_table(META)?.insert("recorded", record.length()?)?;
        }
        transaction.commit()?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests;
