//! The end of a process at a moment that the test chooses: from then on nothing it does reaches disk or network.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response};
use keyferry_seams::{Access, BoxFuture, Disk, DiskError, FileLock, Found, HttpSend, NoAnswer};
use tokio::sync::Notify;

/// Ends the process at its n-th effect: a change on disk, or a request that changes something in the cloud.
#[derive(Debug)]
pub(crate) struct Fate {
    at: u64,
    /// The effect itself still happens, but the process does not live to see it.
    is_after: bool,
    effects: AtomicU64,
    is_over: AtomicBool,
    over: Notify,
}

impl Fate {
    pub(crate) fn new(at: u64, is_after: bool) -> Arc<Self> {
        let (effects, is_over, over) = (AtomicU64::new(0), AtomicBool::new(false), Notify::new());
        Arc::new(Self { at, is_after, effects, is_over, over })
    }

    /// Ready when it is over.
    pub(crate) async fn over(&self) {
        self.over.notified().await;
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.over.notify_one();
    }

    /// Counts an effect; true if this is the one.
    fn is_it(&self) -> bool {
        self.effects.fetch_add(1, Ordering::SeqCst) + 1 == self.at
    }

    fn change<T>(&self, path: &Path, act: impl FnOnce() -> Result<T, DiskError>) -> Result<T, DiskError> {
        let is_it = !self.is_over() && self.is_it();
        if is_it && !self.is_after {
            self.end();
        }
        if self.is_over() {
            return Err(gone(path));
        }
        let done = act();
        if is_it {
            self.end();
            return Err(gone(path));
        }
        done
    }

    fn look<T>(&self, path: &Path, act: impl FnOnce() -> Result<T, DiskError>) -> Result<T, DiskError> {
        if self.is_over() { Err(gone(path)) } else { act() }
    }
}

/// Nobody lives to read it.
fn gone(path: &Path) -> DiskError {
    DiskError { doing: "reach", path: path.to_path_buf(), source: io::ErrorKind::Other.into() }
}

/// The disk as a process that will be killed sees it.
#[derive(Debug)]
pub(crate) struct Mortal<T: ?Sized> {
    pub(crate) fate: Arc<Fate>,
    pub(crate) inner: Arc<T>,
}

impl Disk for Mortal<dyn Disk> {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, DiskError> {
        self.fate.look(path, || self.inner.read(path, limit))
    }

    fn mode(&self, path: &Path) -> Result<u32, DiskError> {
        self.fate.look(path, || self.inner.mode(path))
    }

    fn write(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.fate.change(path, || self.inner.write(path, bytes, access))
    }

    fn create(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), DiskError> {
        self.fate.change(path, || self.inner.create(path, bytes, access))
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.fate.change(path, || self.inner.append(path, bytes))
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
        self.fate.look(folder, || self.inner.list(folder))
    }

    fn look(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        self.fate.look(path, || self.inner.look(path))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.fate.change(path, || self.inner.remove(path))
    }

    fn lock(&self, path: &Path) -> Result<Option<FileLock>, DiskError> {
        self.fate.look(path, || self.inner.lock(path))
    }
}

impl HttpSend for Mortal<dyn HttpSend> {
    fn send(
        &self,
        request: Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<Response<Bytes>, NoAnswer>> {
        Box::pin(async move {
            let is_change = !matches!(*request.method(), Method::GET | Method::HEAD);
            let is_it = is_change && !self.fate.is_over() && self.fate.is_it();
            if is_it && !self.fate.is_after {
                self.fate.end();
            }
            if self.fate.is_over() {
                return std::future::pending().await;
            }
            let answer = self.inner.send(request, max_reply).await;
            if is_it {
                self.fate.end();
            }
            if self.fate.is_over() { std::future::pending().await } else { answer }
        })
    }
}
