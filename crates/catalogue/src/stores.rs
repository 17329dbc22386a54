//! Opens stores of every kind.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use keyferry_core::model::{OciStore, StoreUrl};
use keyferry_oci::Client;
use keyferry_offcloud::OffCloud;
use keyferry_seams::{Disk, HttpSend};

use crate::backend::Backend;
use crate::{Catalogue, CatalogueError};

/// What it takes to reach a store: a client for OCI, and the environment variables that other clouds' conventions
/// name.
#[derive(Clone)]
pub struct Stores {
    client: Client,
    http: Arc<dyn HttpSend>,
    disk: Arc<dyn Disk>,
    environment: Arc<BTreeMap<String, String>>,
}

// The environment may hold credentials.
impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

impl Stores {
    /// Nothing is opened yet.
    pub fn new(
        client: Client,
        http: Arc<dyn HttpSend>,
        disk: Arc<dyn Disk>,
        environment: BTreeMap<String, String>,
    ) -> Self {
        Self { client, http, disk, environment: Arc::new(environment) }
    }

    /// The bundles in that store.
    ///
    /// # Errors
    /// If the environment does not say how to reach it.
    pub fn open(&self, url: &StoreUrl) -> Result<Catalogue, CatalogueError> {
        let opened = match url {
            StoreUrl::Oci(store) => return Ok(self.oci(store.clone())),
            StoreUrl::File { path } => OffCloud::folder(Arc::clone(&self.disk), PathBuf::from(path)),
            StoreUrl::S3 { bucket, prefix } => {
                OffCloud::s3(Arc::clone(&self.http), bucket, prefix, &self.environment).map_err(|source| {
                    CatalogueError::OffCloud { store: url.to_string(), source: Box::new(source) }
                })?
            }
        };
        Ok(Catalogue::new(url.clone(), Backend::OffCloud(opened)))
    }

    /// The bundles in a bucket of OCI.
    pub fn oci(&self, store: OciStore) -> Catalogue {
        let backend = Backend::Oci { client: self.client.clone(), store: store.clone() };
        Catalogue::new(StoreUrl::Oci(store), backend)
    }
}
