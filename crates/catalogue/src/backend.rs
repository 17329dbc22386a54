//! The four things that a catalogue does with any store.

use bytes::Bytes;
use keyferry_core::model::{ListedObject, OciStore, Protection};
use keyferry_oci::Client;
use keyferry_offcloud::{OffCloud, Put};

use crate::CatalogueError;

/// A store, by its own connector.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    /// A bucket of OCI.
    Oci {
        /// Signed calls.
        client: Client,
        /// The bucket.
        store: OciStore,
    },
    /// A folder or an S3-compatible store.
    OffCloud(OffCloud),
}

impl Backend {
    fn cloud(store: &OciStore) -> impl Fn(keyferry_oci::Error) -> CatalogueError + '_ {
        |source| CatalogueError::Cloud { store: store.to_string(), source: Box::new(source) }
    }

    fn off(store: &OffCloud) -> impl Fn(keyferry_offcloud::OffCloudError) -> CatalogueError + '_ {
        |source| CatalogueError::OffCloud { store: store.to_string(), source: Box::new(source) }
    }

    /// Writes an object unless one of that name is there; true if it wrote.
    pub(crate) async fn put_new(&self, name: &str, bytes: Bytes) -> Result<bool, CatalogueError> {
        match self {
            Self::Oci { client, store } => match client.put_object(&store.object(name), bytes, true).await {
                Ok(_) => Ok(true),
                Err(error) if error.is_precondition_failed() => Ok(false),
                Err(error) => Err(Self::cloud(store)(error)),
            },
            Self::OffCloud(store) => {
                Ok(store.put_new(name, bytes).await.map_err(Self::off(store))? == Put::Written)
            }
        }
    }

    /// Reads an object of at most `limit` bytes; none if it is absent.
    pub(crate) async fn get(&self, name: &str, limit: usize) -> Result<Option<Bytes>, CatalogueError> {
        match self {
            Self::Oci { client, store } => match client.object(&store.object(name), limit).await {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.is_absent_or_forbidden() => Ok(None),
                Err(error) => Err(Self::cloud(store)(error)),
            },
            Self::OffCloud(store) => store.get(name, limit).await.map_err(Self::off(store)),
        }
    }

    /// All objects below a folder, named without the store's own prefix.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<ListedObject>, CatalogueError> {
        match self {
            Self::Oci { client, store } => {
                let prefix = format!("{}/", store.object(folder).name);
                let cut = prefix.len() - folder.len() - 1;
                let listed = client.list_objects(store, &prefix).await.map_err(Self::cloud(store))?;
                let relative = |object: ListedObject| {
                    let name = object.name.get(cut..)?.to_owned();
                    Some(ListedObject { name, ..object })
                };
                Ok(listed.into_iter().filter_map(relative).collect())
            }
            Self::OffCloud(store) => store.list(folder).await.map_err(Self::off(store)),
        }
    }

    /// Deletes an object; one that is absent already is fine.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), CatalogueError> {
        match self {
            Self::Oci { client, store } => match client.delete_object(&store.object(name)).await {
                Ok(()) => Ok(()),
                Err(error) if error.is_absent_or_forbidden() => Ok(()),
                Err(error) => Err(Self::cloud(store)(error)),
            },
            Self::OffCloud(store) => store.delete(name).await.map_err(Self::off(store)),
        }
    }

    /// What the store does against deletion; none outside of OCI, where nobody can be asked.
    pub(crate) async fn protection(&self) -> Result<Option<Protection>, CatalogueError> {
        match self {
            Self::Oci { client, store } => {
                client.protection(store).await.map(Some).map_err(Self::cloud(store))
            }
            Self::OffCloud(_) => Ok(None),
        }
    }
}
