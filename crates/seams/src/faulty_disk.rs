//! A disk that stops working at the n-th change, as a crash or a full disk would.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Access, Disk, DiskError, FileLock, Found};

/// Lets `changes` changes through to the inner disk and refuses all later ones. Reads go on.
#[derive(Debug)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    changes_left: AtomicU64,
}

impl FaultyDisk {
    /// `changes` writes, creates, appends and removals succeed; the next fails and so do all after it.
    pub fn new(inner: Arc<dyn Disk>, changes: u64) -> Self {
        Self { inner, changes_left: AtomicU64::new(changes) }
    }

    fn admit(&self, path: &Path) -> Result<(), DiskError> {
        let take = |left: u64| left.checked_sub(1);
        match self.changes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(DiskError {
                doing: "write",
                path: path.to_path_buf(),
                source: io::Error::new(io::ErrorKind::StorageFull, "no space left (injected)"),
            }),
        }
    }
}

impl Disk for FaultyDisk {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, DiskError> {
        self.inner.read(path, limit)
    }

    fn mode(&self, path: &Path) -> Result<u32, DiskError> {
        self.inner.mode(path)
    }

    fn write(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.admit(path)?;
        self.inner.write(path, bytes, access)
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.admit(path)?;
        self.inner.create(path, bytes, access)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.admit(path)?;
        self.inner.append(path, bytes)
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
        self.inner.list(folder)
    }

    fn look(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        self.inner.look(path)
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.admit(path)?;
        self.inner.remove(path)
    }

    fn database(&self, path: &Path) -> Result<Option<std::fs::File>, DiskError> {
        self.inner.database(path)
    }

    fn lock(&self, path: &Path) -> Result<Option<FileLock>, DiskError> {
        self.inner.lock(path)
    }
}
