//! A disk that is gone with the process: rehearsals and tests leave nothing behind.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Access, Disk, DiskError, FileLock, Found};

/// Files in memory.
#[derive(Debug, Default)]
pub struct MemoryDisk(Mutex<BTreeMap<PathBuf, (Vec<u8>, Access)>>);

impl MemoryDisk {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<PathBuf, (Vec<u8>, Access)>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn failed(doing: &'static str, path: &Path, kind: io::ErrorKind) -> DiskError {
    DiskError { doing, path: path.to_path_buf(), source: kind.into() }
}

impl Disk for MemoryDisk {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, DiskError> {
        let found = self.with(|files| files.get(path).map(|(bytes, _)| bytes.clone()));
        let bytes = found.ok_or_else(|| failed("read", path, io::ErrorKind::NotFound))?;
        if bytes.len() as u64 > limit {
            return Err(failed("read", path, io::ErrorKind::FileTooLarge));
        }
        Ok(bytes)
    }

    fn mode(&self, path: &Path) -> Result<u32, DiskError> {
        let access = self.with(|files| files.get(path).map(|(_, access)| *access));
        match access.ok_or_else(|| failed("read", path, io::ErrorKind::NotFound))? {
            Access::Owner => Ok(0o600),
            Access::Everyone => Ok(0o644),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.with(|files| files.insert(path.to_path_buf(), (bytes.to_vec(), access)));
        Ok(())
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.with(|files| match files.entry(path.to_path_buf()) {
            Entry::Occupied(_) => Err(failed("create", path, io::ErrorKind::AlreadyExists)),
            Entry::Vacant(place) => {
                place.insert((bytes.to_vec(), access));
                Ok(())
            }
        })
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let new = || (Vec::new(), Access::Owner);
        self.with(|files| files.entry(path.to_path_buf()).or_insert_with(new).0.extend_from_slice(bytes));
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
        let child = |path: &PathBuf| {
            let first = path.strip_prefix(folder).ok()?.components().next()?;
            Some(folder.join(first))
        };
        let mut children: Vec<_> = self.with(|files| files.keys().filter_map(child).collect());
        children.dedup();
        Ok(children)
    }

    fn look(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        Ok(self.with(|files| match files.get(path) {
            Some((bytes, _)) => Some(Found::File { size: bytes.len() as u64, modified: None }),
            None => files.keys().any(|file| file.starts_with(path)).then_some(Found::Folder),
        }))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.with(|files| files.remove(path));
        Ok(())
    }

    fn lock(&self, _: &Path) -> Result<Option<FileLock>, DiskError> {
        Ok(Some(FileLock::of_nothing()))
    }
}
