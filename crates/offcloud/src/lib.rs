//! Stores outside of OCI: a folder, or a service that speaks S3.
//!
//! A folder is reached through [`Disk`], a service through [`HttpSend`]: of the object-store library only what it
//! knows of S3 is used, never its own way to the network.

mod environment;
mod error;
mod exchange;
mod folder;
mod name;
mod probe;
mod s3;
#[cfg(test)]
mod shelf;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use keyferry_core::model::ListedObject;
use keyferry_seams::{Disk, HttpSend};

pub use error::{OffCloudError, Trouble};
pub use probe::Probed;

use folder::Folder;
use s3::S3;

/// No more objects than this are listed in one call.
pub const MOST_LISTED: usize = 100_000;

/// A store outside of OCI. Its texts and `Debug` hold no secret.
#[derive(Debug, Clone)]
pub struct OffCloud(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Folder(Folder),
    S3(Arc<S3>),
}

/// What became of an object that was to be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now and is durable.
    Written,
    /// One of that name was there before, perhaps from an earlier try whose answer was lost: read it to know.
    Exists,
}

impl OffCloud {
    /// The folder, which must be there: a disk that is not mounted must not look like an empty store.
    pub fn folder(disk: Arc<dyn Disk>, root: PathBuf) -> Self {
        Self(Kind::Folder(Folder { disk, root }))
    }

    /// The bucket of a service that speaks S3. Endpoint, region and credentials come from `environment`, by the names
    /// that AWS's own tools use. Nothing is asked of the service yet.
    ///
    /// # Errors
    /// If bucket, prefix or a variable can't be used, or no credentials are given.
    pub fn s3(
        http: Arc<dyn HttpSend>,
        bucket: &str,
        prefix: &str,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, OffCloudError> {
        S3::new(http, bucket, prefix, environment).map(|s3| Self(Kind::S3(Arc::new(s3))))
    }

    /// Writes an object that must not exist yet. Whether the store sees to that, [`OffCloud::probe`] tells.
    ///
    /// # Errors
    /// If it can't be written.
    pub async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, OffCloudError> {
        match &self.0 {
            Kind::Folder(folder) => folder.put_new(name, &bytes),
            Kind::S3(s3) => s3.put_new(name, bytes).await,
        }
    }

    /// A whole object, `None` if there is none.
    ///
    /// # Errors
    /// If it can't be read or is longer than `limit`.
    pub async fn get(&self, name: &str, limit: usize) -> Result<Option<Bytes>, OffCloudError> {
        match &self.0 {
            Kind::Folder(folder) => folder.get(name, limit),
            Kind::S3(s3) => s3.get(name, limit).await,
        }
    }

    /// All objects below a folder of the store (`""` is all of it), sorted. What has a name that
    /// Keyferry does not write is left out; what a killed writer left in a folder is there, to be deleted.
    ///
    /// # Errors
    /// If the store can't be read or holds more than [`MOST_LISTED`].
    pub async fn list(&self, below: &str) -> Result<Vec<ListedObject>, OffCloudError> {
        let mut listed = match &self.0 {
            Kind::Folder(folder) => folder.list(below)?,
            Kind::S3(s3) => s3.list(below).await?,
        };
        listed.sort_unstable();
        Ok(listed)
    }

    /// Removes an object; that there is none is no failure.
    ///
    /// # Errors
    /// If it can't be removed.
    pub async fn delete(&self, name: &str) -> Result<(), OffCloudError> {
        match &self.0 {
            Kind::Folder(folder) => folder.delete(name),
            Kind::S3(s3) => s3.delete(name).await,
        }
    }
}

impl fmt::Display for OffCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Folder(folder) => write!(f, "file:{}", folder.root.display()),
            Kind::S3(s3) => f.write_str(&s3.shown),
        }
    }
}
