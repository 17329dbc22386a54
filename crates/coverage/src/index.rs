//! The index: a database of backups, of the newest one of each key, and of proofs.

mod add;
mod latest;
mod listed;
mod proofs;
mod read;
mod tables;

use std::path::Path;

use keyferry_seams::Disk;
use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Database, Durability, ReadableDatabase as _, WriteTransaction};

use crate::IndexError;
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
pub struct Index(Database);

impl Index {
    /// Opens the index, or makes it. A damaged one, or one of another version, is made anew: it is only a cache.
    ///
    /// # Errors
    /// If another process uses it, or the disk refuses.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, IndexError> {
        match Self::at(disk, path) {
            Err(error) if error.is_damage() => {
                disk.remove(path).map_err(IndexError::Disk)?;
                Self::at(disk, path)
            }
            opened => opened,
        }
    }

    fn at(disk: &dyn Disk, path: &Path) -> Result<Self, IndexError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let index = match disk.database(path).map_err(IndexError::Disk)? {
            Some(file) => Self(builder.create_with_backend(FileBackend::new(file)?)?),
            None => Self(builder.create_with_backend(InMemoryBackend::new())?),
        };
        match index.format()? {
            Some(FORMAT) => {}
            Some(other) => return Err(IndexError::row(format!("an index of form {other}"))),
            None => index.write(|transaction| {
                make_all(transaction)?;
                transaction.open_table(META)?.insert("format", FORMAT)?;
                Ok(())
            })?,
        }
        Ok(index)
    }

    /// An index that is gone with the process.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn memory() -> Result<Self, IndexError> {
        Self::at(&keyferry_seams::MemoryDisk::default(), Path::new("index"))
    }

    fn format(&self) -> Result<Option<u64>, IndexError> {
        match self.0.begin_read()?.open_table(META) {
            Ok(table) => Ok(table.get("format")?.map(|format| format.value())),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// All of it or nothing. The allocator's state is written along, so that a killed process costs no repair.
    fn write<T>(
        &self,
        act: impl FnOnce(&WriteTransaction) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        let result = act(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests;
