//! The store: the world on disk. Every answered change is in it before the answer leaves.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::table::RowError;
use crate::world::World;

/// All rows: by table, and by key within it.
const ROWS: TableDefinition<'_, (&str, &[u8]), &[u8]> = TableDefinition::new("rows");
const HEADER: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("header");
/// What is read and written here. Fields that are added with a default do not change it.
const FORMAT: u32 = 1;
/// The world is in memory anyway.
const CACHE: usize = 8 << 20;

/// Why the store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file can't be opened.
    #[error("could not open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database says no.
    #[error("the database of the realm's state failed")]
    Database(#[source] redb::Error),
    /// What is stored is not what this version stores.
    #[error("the stored state can't be understood")]
    Row(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Stored by a later version.
    #[error("the state has the form {0}, which this version does not know")]
    Format(u32),
    /// A state belongs to one tenancy.
    #[error("the state is one of {theirs}, and the realm is {ours}")]
    OtherTenancy {
        /// Whose state it is.
        theirs: String,
        /// Who the realm is.
        ours: String,
    },
    /// Not a saved state, or not a whole one.
    #[error("this is not the saved state of a realm, or not a whole one")]
    Damaged,
}

impl From<RowError> for StoreError {
    fn from(error: RowError) -> Self {
        Self::Row(Box::new(error))
    }
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

/// Whose state it is, and how often it was taken up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    format: u32,
    pub(crate) tenancy_id: String,
    /// How often the realm began with this state. Chance is drawn anew each time, since requests that change
    /// nothing are not counted on disk.
    pub(crate) starts: u64,
}

impl Header {
    pub(crate) fn new(tenancy_id: &str, starts: u64) -> Self {
        Self { format: FORMAT, tenancy_id: tenancy_id.to_owned(), starts }
    }

    /// Refuses what another version or another realm wrote.
    pub(crate) fn check(&self, tenancy_id: &str) -> Result<(), StoreError> {
        if self.format != FORMAT {
            Err(StoreError::Format(self.format))
        } else if self.tenancy_id != tenancy_id {
            let (theirs, ours) = (self.tenancy_id.clone(), tenancy_id.to_owned());
            Err(StoreError::OtherTenancy { theirs, ours })
        } else {
            Ok(())
        }
    }
}

/// The database.
#[derive(Debug)]
pub(crate) struct Store(Database);

impl Store {
    /// Opens the file, or makes it, readable for its owner only.
    #[expect(
        clippy::disallowed_methods,
        reason = "the database keeps the file open and writes to it by itself"
    )]
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open { path: path.to_path_buf(), source };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let backend = FileBackend::new(file.map_err(failed)?)?;
        Ok(Self(Database::builder().set_cache_size(CACHE).create_with_backend(backend)?))
    }

    /// Everything that was written. Nothing at all, if this is new.
    pub(crate) fn read(&self) -> Result<(Option<Header>, World), StoreError> {
        let mut world = World::default();
        let transaction = self.0.begin_read()?;
        let header = match transaction.open_table(HEADER) {
            Ok(table) => table.get("header")?,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok((None, world)),
            Err(e) => return Err(e.into()),
        };
        let Some(header) = header else { return Ok((None, world)) };
        let header = rmp_serde::from_slice(header.value()).map_err(RowError::from)?;
        let rows = transaction.open_table(ROWS)?;
        for (name, table) in world.tables() {
            let (first, after) = ((name, &b""[..]), (format!("{name}\0"), &b""[..]));
            for row in rows.range(first..(after.0.as_str(), after.1))? {
                let (key, row) = row?;
                table.restore(key.value().1, row.value())?;
            }
        }
        world.resume();
        Ok((Some(header), world))
    }

    /// Writes what has changed in the world, all of it or nothing, and returns when it is durable.
    pub(crate) fn write(&self, world: &mut World) -> Result<(), StoreError> {
        let tables = world.tables();
        let changes = tables.iter().flat_map(|(name, table)| table.changed().map(move |row| (*name, row)));
        let mut changes = changes.peekable();
        if changes.peek().is_none() {
            return Ok(());
        }
        self.durably(|transaction| {
            let mut rows = transaction.open_table(ROWS)?;
            for (name, row) in changes {
                match row? {
                    (key, Some(row)) => drop(rows.insert((name, key.as_slice()), row.as_slice())?),
                    (key, None) => drop(rows.remove((name, key.as_slice()))?),
                }
            }
            Ok(())
        })
    }

    /// Writes down that the realm begins.
    pub(crate) fn begin(&self, header: &Header) -> Result<(), StoreError> {
        self.durably(|transaction| {
            // So that it is there to be read, also while it is empty.
            transaction.open_table(ROWS)?;
            write_header(transaction, header)
        })
    }

    /// Replaces everything.
    pub(crate) fn replace(&self, header: &Header, world: &mut World) -> Result<(), StoreError> {
        self.durably(|transaction| {
            transaction.delete_table(ROWS)?;
            let mut rows = transaction.open_table(ROWS)?;
            for (name, table) in world.tables() {
                for row in table.all() {
                    let (key, row) = row?;
                    if let Some(row) = row {
                        rows.insert((name, key.as_slice()), row.as_slice())?;
                    }
                }
            }
            write_header(transaction, header)
        })
    }

    fn durably(
        &self,
        write: impl FnOnce(&WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        write(&transaction)?;
        Ok(transaction.commit()?)
    }
}

fn write_header(transaction: &WriteTransaction, header: &Header) -> Result<(), StoreError> {
    let bytes = rmp_serde::to_vec_named(header).map_err(RowError::from)?;
    transaction.open_table(HEADER)?.insert("header", bytes.as_slice())?;
    Ok(())
}

#[cfg(test)]
mod tests;
