//! What a store outside of OCI really does. OCI's own buckets honour conditions and need no probe.

use keyferry_offcloud::Probed;

use crate::backend::Backend;
use crate::{Catalogue, CatalogueError};

impl Catalogue {
    /// Asks for next to nothing, to see whether the store answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), CatalogueError> {
        self.backend.list("keyferry/probe").await.map(drop)
    }

    /// Writes, reads, lists and removes small objects; none for a bucket of OCI.
    ///
    /// # Errors
    /// If the store can't be used.
    pub async fn probe(&self, chance: [u8; 16]) -> Result<Option<Probed>, CatalogueError> {
        match &*self.backend {
            Backend::Oci { .. } => Ok(None),
            Backend::OffCloud(store) => {
                let failed = |source| CatalogueError::OffCloud {
                    store: self.store().to_string(),
                    source: Box::new(source),
                };
                store.probe(chance).await.map(Some).map_err(failed)
            }
        }
    }
}
