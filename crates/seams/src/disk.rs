//! Files of state: written whole or not at all, and durable before the call returns.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Mode 0600: keys, tokens, journals, reports of a drill.
    Owner,
    /// Mode 0644: results that others may read.
    Everyone,
}

/// What lies at a path; a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A file.
    File {
        /// Its length in bytes.
        size: u64,
        /// When it was last written; none where nobody keeps that.
        modified: Option<Timestamp>,
    },
    /// A folder.
    Folder,
    /// A link, a device, a pipe.
    Other,
}

/// A failed file operation: what was being done, and to which path.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing} {}", path.display())]
pub struct DiskError {
    /// The verb, as in "could not *read* PATH".
    pub doing: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl DiskError {
    /// True if the file or folder does not exist.
    pub fn is_absent(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// True if something of that name already exists.
    pub fn is_taken(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }
}

/// Writes all that belongs into a file.
pub type Pieces<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

/// Everything Keyferry does with files.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// Reads a whole file, refusing one over `limit` bytes.
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, DiskError>;
    /// The permission bits of a file, such as `0o600`.
    fn mode(&self, path: &Path) -> Result<u32, DiskError>;
    /// Replaces a file: write beside it, fsync, rename, fsync the folder. Makes missing folders.
    fn write(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError>;
    /// The same with bytes that come piece by piece, for files that need not fit into memory.
    fn write_pieces(&self, path: &Path, access: Access, pieces: &mut Pieces<'_>) -> Result<(), DiskError> {
        let mut bytes = Vec::new();
        pieces(&mut bytes).map_err(failed("write", path))?;
        self.write(path, &bytes, access)
    }
    /// Makes a file that must not exist yet, as durably as [`Disk::write`].
    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError>;
    /// Appends to a file, made 0600 if absent, and syncs it.
    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError>;
    /// Names in a folder, sorted; empty if there is no such folder.
    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, DiskError>;
    /// What lies at a path, `None` if nothing does.
    fn look(&self, path: &Path) -> Result<Option<Found>, DiskError>;
    /// Removes a file for good; that there is none is no failure.
    fn remove(&self, path: &Path) -> Result<(), DiskError>;
    /// Takes an advisory lock that ends with the returned value; `None` if another process holds it.
    fn lock(&self, path: &Path) -> Result<Option<FileLock>, DiskError>;
    /// Opens a file, made 0600 if absent, for a database that keeps it open and writes to it by itself. `None` on a
    /// disk that only this process can see: the database then stays in memory.
    fn database(&self, _path: &Path) -> Result<Option<File>, DiskError> {
        Ok(None)
    }
}

/// A held lock; released when dropped, also by the system when the process dies.
#[derive(Debug)]
pub struct FileLock(Option<File>);

impl FileLock {
    /// Leaves a note in the file for those who find it locked. It says nothing once the lock is free.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn note(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        file.set_len(0)?;
        file.write_all_at(bytes, 0)
    }

    /// A disk that only this process can see needs no lock.
    pub(crate) fn of_nothing() -> Self {
        Self(None)
    }
}

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_path_buf();
    move |source| DiskError { doing, path, source }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(folder: &Path) -> Result<(), DiskError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(failed("sync folder", folder))
}

/// Makes missing folders, each with its own entry synced, and as closed as the file that comes into them.
fn make_folder(folder: &Path, access: Access) -> Result<(), DiskError> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    make_folder(above, access)?;
    let mode = match access {
        Access::Owner => 0o700,
        Access::Everyone => 0o755,
    };
    match DirBuilder::new().mode(mode).create(folder) {
        // Another process was faster.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(failed("make folder", folder)(e)),
        Ok(()) => sync_folder(above),
    }
}

fn staged(
    path: &Path,
    access: Access,
    pieces: &mut Pieces<'_>,
) -> Result<tempfile::NamedTempFile, DiskError> {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder_of(path);
    make_folder(folder, access)?;
    let mode = match access {
        Access::Owner => 0o600,
        Access::Everyone => 0o644,
    };
    let file = tempfile::Builder::new()
        .prefix(".keyferry-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(failed("write", path))?;
    let mut buffered = BufWriter::new(file);
    pieces(&mut buffered).map_err(failed("write", path))?;
    let file = buffered.into_inner().map_err(|e| failed("write", path)(e.into_error()))?;
    file.as_file().sync_all().map_err(failed("write", path))?;
    Ok(file)
}

impl Disk for RealDisk {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, DiskError> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|f| f.take(limit.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(failed("read", path))?;
        if bytes.len() as u64 > limit {
            let source = io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {limit} bytes"));
            return Err(DiskError { doing: "read", path: path.to_path_buf(), source });
        }
        Ok(bytes)
    }

    fn mode(&self, path: &Path) -> Result<u32, DiskError> {
        use std::os::unix::fs::PermissionsExt;
        let metadata = fs::metadata(path).map_err(failed("read", path))?;
        Ok(metadata.permissions().mode() & 0o7777)
    }

    fn write(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.write_pieces(path, access, &mut |file| file.write_all(bytes))
    }

    fn write_pieces(&self, path: &Path, access: Access, pieces: &mut Pieces<'_>) -> Result<(), DiskError> {
        let file = staged(path, access, pieces)?;
        file.persist(path).map_err(|e| failed("write", path)(e.error))?;
        sync_folder(folder_of(path))
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        let file = staged(path, access, &mut |file| file.write_all(bytes))?;
        file.persist_noclobber(path).map_err(|e| failed("create", path)(e.error))?;
        sync_folder(folder_of(path))
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let folder = folder_of(path);
        make_folder(folder, Access::Owner)?;
        let is_new = !path.exists();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(failed("append to", path))?;
        file.write_all(bytes).and_then(|()| file.sync_data()).map_err(failed("append to", path))?;
        if is_new { sync_folder(folder) } else { Ok(()) }
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed("list", folder)(e)),
        };
        let mut paths = entries
            .map(|entry| entry.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(failed("list", folder))?;
        paths.sort();
        Ok(paths)
    }

    fn look(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
                Ok(Some(Found::File { size: metadata.len(), modified }))
            }
            Ok(metadata) if metadata.is_dir() => Ok(Some(Found::Folder)),
            Ok(_) => Ok(Some(Found::Other)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed("look at", path)(e)),
        }
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        match fs::remove_file(path) {
            Ok(()) => sync_folder(folder_of(path)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed("remove", path)(e)),
        }
    }

    fn lock(&self, path: &Path) -> Result<Option<FileLock>, DiskError> {
        let folder = folder_of(path);
        make_folder(folder, Access::Owner)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed("lock", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FileLock(Some(file)))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(e)) => Err(failed("lock", path)(e)),
        }
    }

    fn database(&self, path: &Path) -> Result<Option<File>, DiskError> {
        make_folder(folder_of(path), Access::Owner)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        file.map(Some).map_err(failed("open", path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_whole_and_has_the_asked_mode() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("deep/er/file");
        RealDisk.write(&path, b"one", Access::Owner).expect("written");
        RealDisk.write(&path, b"two", Access::Owner).expect("replaced");
        assert_eq!(RealDisk.read(&path, 3).expect("read"), b"two");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(RealDisk.create(&path, b"three", Access::Owner).expect_err("taken").is_taken());
        assert_eq!(
            RealDisk.list(path.parent().expect("parent")).expect("listed"),
            std::slice::from_ref(&path)
        );
        assert!(RealDisk.read(&path, 2).is_err(), "longer than allowed");
        let mut pieces = |file: &mut dyn Write| {
            file.write_all(b"in ")?;
            file.write_all(b"pieces")
        };
        RealDisk.write_pieces(&path, Access::Owner, &mut pieces).expect("replaced");
        assert_eq!(RealDisk.read(&path, 9).expect("read"), b"in pieces");
        let mut torn = |file: &mut dyn Write| {
            file.write_all(b"one piece")?;
            Err(io::ErrorKind::InvalidData.into())
        };
        assert!(RealDisk.write_pieces(&path, Access::Owner, &mut torn).is_err());
        assert_eq!(RealDisk.read(&path, 9).expect("read"), b"in pieces", "whole or not at all");
    }

    #[test]
    fn a_folder_is_as_closed_as_the_file_it_was_made_for() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mode =
            |path: &str| fs::metadata(folder.path().join(path)).expect("there").permissions().mode() & 0o777;
        RealDisk.create(&folder.path().join("a/b/secret"), b"x", Access::Owner).expect("made");
        assert_eq!((mode("a"), mode("a/b"), mode("a/b/secret")), (0o700, 0o700, 0o600));
    }

    #[test]
    fn looking_does_not_follow_links_and_what_is_removed_is_gone() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        RealDisk.create(&file, b"four", Access::Owner).expect("made");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let look = |path: &Path| RealDisk.look(path).expect("can be looked at");
        assert!(matches!(look(&file), Some(Found::File { size: 4, modified: Some(_) })));
        assert_eq!(look(&link), Some(Found::Other));
        assert_eq!(look(folder.path()), Some(Found::Folder));
        RealDisk.remove(&file).expect("removed");
        RealDisk.remove(&file).expect("removed twice is removed");
        assert_eq!(look(&file), None);
    }

    #[test]
    fn a_lock_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("lock");
        let held = RealDisk.lock(&path).expect("lockable").expect("free");
        held.note(b"a long note").expect("noted");
        held.note(b"mine").expect("noted");
        assert!(RealDisk.lock(&path).expect("lockable").is_none());
        assert_eq!(RealDisk.read(&path, 10).expect("read"), b"mine", "those who wait can read who has it");
        drop(held);
        assert!(RealDisk.lock(&path).expect("lockable").is_some());
    }
}
