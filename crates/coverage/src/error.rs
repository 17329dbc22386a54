//! Why the index can't be used.

use std::io;

use keyferry_core::{Code, Explain};
use keyferry_seams::DiskError;

/// A failure of the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file can't be opened.
    #[error("the index of backups can't be opened")]
    Disk(#[source] DiskError),
    /// One process at a time.
    #[error("another process uses the index of backups")]
    InUse,
    /// The database says no.
    #[error("the index of backups failed")]
    Database(#[source] redb::Error),
    /// A row is not what this version writes.
    #[error("the index of backups can't be understood")]
    Row(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IndexError {
    pub(crate) fn row(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Row(error.into())
    }

    /// True if a new index would do better.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Row(_) => true,
            // The library says it like this when the file is no database, or not a whole one.
            Self::Database(redb::Error::Io(error)) => {
                matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
            }
            Self::Database(_) => true,
            Self::Disk(_) | Self::InUse => false,
        }
    }
}

impl<E: Into<redb::Error>> From<E> for IndexError {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            other => Self::Database(other),
        }
    }
}

impl Explain for IndexError {
    fn code(&self) -> Code {
        match self {
            Self::InUse => Code::Locked,
            Self::Disk(_) | Self::Database(_) | Self::Row(_) => Code::Disk,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Database(_) | Self::Row(_) => {
                vec!["remove index.redb from the state folder; it is made anew from index.jsonl beside it, or else from the stores".to_owned()]
            }
            other => vec![other.code().help().to_owned()],
        }
    }
}
