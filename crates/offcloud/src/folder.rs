//! A store in a folder: files of mode 0600 in folders of mode 0700, whole and durable or not there.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use keyferry_core::model::ListedObject;
use keyferry_seams::{Access, Disk, Found};

use crate::name::{checked, checked_folder, is_name, is_unfinished};
use crate::{MOST_LISTED, OffCloudError, Put};

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) root: PathBuf,
}

impl Folder {
    pub(crate) fn put_new(&self, name: &str, bytes: &[u8]) -> Result<Put, OffCloudError> {
        match self.disk.create(&self.place(checked(name)?)?, bytes, Access::Owner) {
            Ok(()) => Ok(Put::Written),
            Err(e) if e.is_taken() => Ok(Put::Exists),
            Err(e) => Err(e.into()),
        }
    }

    pub(crate) fn get(&self, name: &str, limit: usize) -> Result<Option<Bytes>, OffCloudError> {
        match self.disk.read(&self.place(checked(name)?)?, limit as u64) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(e) if e.is_absent() => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    pub(crate) fn delete(&self, name: &str) -> Result<(), OffCloudError> {
        let name = if is_unfinished(name) { name } else { checked(name)? };
        Ok(self.disk.remove(&self.place(name)?)?)
    }

    pub(crate) fn list(&self, below: &str) -> Result<Vec<ListedObject>, OffCloudError> {
        self.is_there()?;
        let (mut folders, mut listed) = (vec![checked_folder(below)?.to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            let path = self.root.join(&folder);
            if self.disk.look(&path)? != Some(Found::Folder) {
                continue;
            }
            for entry in self.disk.list(&path)? {
                let Some(part) = entry.file_name().and_then(|part| part.to_str()) else { continue };
                let name = if folder.is_empty() { part.to_owned() } else { format!("{folder}/{part}") };
                match self.disk.look(&entry)? {
                    Some(Found::File { size, modified }) if is_unfinished(&name) => {
                        listed.push(ListedObject { name, size, modified });
                    }
                    _ if !is_name(&name) => {}
                    Some(Found::Folder) => folders.push(name),
                    Some(Found::File { size, modified }) => {
                        listed.push(ListedObject { name, size, modified });
                    }
                    Some(Found::Other) | None => {}
                }
                if listed.len() + folders.len() > MOST_LISTED {
                    return Err(OffCloudError::TooMany { store: format!("file:{}", self.root.display()) });
                }
            }
        }
        Ok(listed)
    }

    fn is_there(&self) -> Result<(), OffCloudError> {
        // With the slash a link to a folder, which the root may be, is followed.
        match self.disk.look(&self.root.join(""))? {
            Some(Found::Folder) => Ok(()),
            _ => Err(OffCloudError::Absent(self.root.clone())),
        }
    }

    /// Where the object lies. A link below the root would lead out of the store, so none is followed.
    fn place(&self, name: &str) -> Result<PathBuf, OffCloudError> {
        self.is_there()?;
        let mut path = self.root.clone();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            path.push(part);
            let is_last = parts.peek().is_none();
            match self.disk.look(&path)? {
                None => {}
                Some(Found::Folder) if !is_last => {}
                Some(Found::File { .. }) if is_last => {}
                Some(_) => return Err(OffCloudError::Foreign(path)),
            }
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use keyferry_core::{Code, Explain as _};
    use keyferry_seams::{FaultyDisk, MemoryDisk, RealDisk};

    use super::*;
    use crate::{OffCloud, Probed};

    fn store(root: &Path) -> OffCloud {
        OffCloud::folder(Arc::new(RealDisk), root.to_path_buf())
    }

    fn temporary() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder for the test")
    }

    async fn put(store: &OffCloud, name: &str, text: &'static str) -> Put {
        store.put_new(name, Bytes::from(text)).await.expect("an answer")
    }

    async fn names(store: &OffCloud, below: &str) -> Vec<String> {
        store.list(below).await.expect("listed").into_iter().map(|object| object.name).collect()
    }

    #[tokio::test]
    async fn an_object_is_written_once_read_listed_and_deleted() {
        let root = temporary();
        let store = store(root.path());
        assert_eq!(put(&store, "a/b/one", "1").await, Put::Written);
        assert_eq!(put(&store, "a/b/one", "2").await, Put::Exists);
        assert_eq!(put(&store, "a/two", "22").await, Put::Written);
        assert_eq!(store.get("a/b/one", 1).await.expect("read"), Some(Bytes::from("1")));
        assert_eq!(store.get("a/b/none", 1).await.expect("read"), None);
        let listed = store.list("").await.expect("listed");
        let sizes: Vec<_> = listed.iter().map(|object| (object.name.as_str(), object.size)).collect();
        assert_eq!(sizes, [("a/b/one", 1), ("a/two", 2)]);
        assert!(listed.iter().all(|object| object.modified.is_some()));
        assert_eq!(names(&store, "a/b/").await, ["a/b/one"]);
        assert_eq!(names(&store, "a/tw").await.len(), 0, "a folder is meant, not the beginning of a name");
        store.delete("a/b/one").await.expect("deleted");
        store.delete("a/b/one").await.expect("deleted twice is deleted");
        assert_eq!(names(&store, "").await, ["a/two"]);
    }

    #[tokio::test]
    async fn only_the_owner_can_read_what_lies_there() {
        let root = temporary();
        put(&store(root.path()), "a/b", "secret").await;
        let mode =
            |path: &str| fs::metadata(root.path().join(path)).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode("a"), mode("a/b")), (0o700, 0o600));
    }

    #[tokio::test]
    async fn a_longer_object_than_allowed_is_not_read() {
        let root = temporary();
        put(&store(root.path()), "long", "12345").await;
        assert_eq!(store(root.path()).get("long", 4).await.expect_err("too long").code(), Code::Disk);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_no_empty_store() {
        let root = temporary();
        let store = store(&root.path().join("not-mounted"));
        assert_eq!(store.list("").await.expect_err("not there").code(), Code::NotFound);
        assert_eq!(store.get("a", 1).await.expect_err("not there").code(), Code::NotFound);
        let put = store.put_new("a", Bytes::new()).await;
        assert_eq!(put.expect_err("not there").code(), Code::NotFound);
        assert!(!root.path().join("not-mounted").exists(), "nor is it made");
    }

    #[tokio::test]
    async fn no_link_leads_out_of_the_store_but_the_store_may_be_one() {
        let (outside, root) = (temporary(), temporary());
        RealDisk.write(&outside.path().join("file"), b"theirs", Access::Owner).expect("written");
        let real = root.path().join("real");
        fs::create_dir(&real).expect("made");
        symlink(&real, root.path().join("link")).expect("linked");
        symlink(outside.path(), real.join("folder")).expect("linked");
        symlink(outside.path().join("file"), real.join("file")).expect("linked");
        let store = store(&root.path().join("link"));
        assert!(matches!(store.get("file", 10).await, Err(OffCloudError::Foreign(_))));
        assert!(matches!(store.get("folder/file", 10).await, Err(OffCloudError::Foreign(_))));
        assert!(matches!(store.delete("folder/file").await, Err(OffCloudError::Foreign(_))));
        let put_new = store.put_new("folder/new", Bytes::new()).await;
        assert!(matches!(put_new, Err(OffCloudError::Foreign(_))));
        assert_eq!(put(&store, "own", "x").await, Put::Written);
        assert_eq!(names(&store, "").await, ["own"]);
    }

    #[tokio::test]
    async fn what_came_from_elsewhere_is_not_listed() {
        let root = temporary();
        for name in ["a file", "lost+found", ".keyferry-"] {
            RealDisk.write(&root.path().join(name), b"x", Access::Owner).expect("written");
        }
        assert_eq!(names(&store(root.path()), "").await.len(), 0);
    }

    #[tokio::test]
    async fn what_a_killed_writer_left_among_objects_is_listed_and_can_be_deleted_but_not_read_or_written() {
        let root = temporary();
        let store = store(root.path());
        let left = "keyferry/b1/.keyferry-a1B2c3";
        for name in [left, "keyferry/b1/.hidden", "keyferry/.git/.keyferry-a1B2c3"] {
            RealDisk.write(&root.path().join(name), b"half", Access::Owner).expect("written");
        }
        assert_eq!(names(&store, "keyferry").await, [left]);
        assert!(matches!(store.get(left, 10).await, Err(OffCloudError::Name(_))));
        assert!(matches!(store.put_new(left, Bytes::new()).await, Err(OffCloudError::Name(_))));
        assert!(matches!(store.delete("keyferry/b1/.hidden").await, Err(OffCloudError::Name(_))));
        store.delete(left).await.expect("deleted");
        assert_eq!(names(&store, "keyferry").await.len(), 0);
    }

    #[tokio::test]
    async fn of_many_writers_one_wins() {
        let root = temporary();
        let attempts: Vec<_> = (0..32_u8)
            .map(|writer| {
                let store = store(root.path());
                std::thread::spawn(move || {
                    futures_util::FutureExt::now_or_never(async move {
                        store.put_new("claim/1", Bytes::from(vec![writer])).await.expect("an answer")
                    })
                })
            })
            .collect();
        let won = |attempt: std::thread::JoinHandle<Option<Put>>| {
            attempt.join().expect("no panic") == Some(Put::Written)
        };
        assert_eq!(attempts.into_iter().map(won).filter(|won| *won).count(), 1);
    }

    #[tokio::test]
    async fn a_folder_passes_the_probe_and_nothing_of_it_stays() {
        let root = temporary();
        let probed = store(root.path()).probe([7; 16]).await.expect("probed");
        assert_eq!(probed, Probed { honours_create: true, one_wins: true, reads_back: true, lists: true });
        assert_eq!(names(&store(root.path()), "").await.len(), 0);
    }

    #[tokio::test]
    async fn what_a_killed_probe_left_is_taken_away_by_the_next_and_does_not_mislead_it() {
        let root = temporary();
        for name in ["twice", "race"] {
            put(&store(root.path()), &format!("keyferry/probe/{}/{name}", "07".repeat(16)), "left").await;
        }
        let probed = store(root.path()).probe([7; 16]).await.expect("probed");
        assert_eq!(probed, Probed { honours_create: true, one_wins: true, reads_back: true, lists: true });
        assert_eq!(names(&store(root.path()), "").await.len(), 0);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_nothing_is_listed() {
        let memory = Arc::new(MemoryDisk::default());
        memory.write(Path::new("/store/.mounted"), b"", Access::Owner).expect("written");
        let store = OffCloud::folder(Arc::new(FaultyDisk::new(memory, 0)), "/store".into());
        assert_eq!(store.put_new("a", Bytes::new()).await.expect_err("full").code(), Code::Disk);
        assert_eq!(names(&store, "").await.len(), 0);
    }
}
