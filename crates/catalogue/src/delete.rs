//! What `forget` needs of a store.

use keyferry_core::model::{ListedObject, Protection};

use crate::{Catalogue, CatalogueError, bundle};

impl Catalogue {
    /// Every object of every backup, of whole ones and of others.
    ///
    /// # Errors
    /// If the store can't be listed.
    pub async fn objects(&self) -> Result<Vec<ListedObject>, CatalogueError> {
        self.backend.list(bundle::FOLDER).await
    }

    /// What the store does against deletion; none outside of OCI, where nobody can be asked.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn protection(&self) -> Result<Option<Protection>, CatalogueError> {
        self.backend.protection().await
    }

    /// Deletes an object. OCI answers alike if it is absent and if we may not: only a listing tells.
    ///
    /// # Errors
    /// If the store refuses.
    pub async fn delete(&self, name: &str) -> Result<(), CatalogueError> {
        self.backend.delete(name).await
    }
}
