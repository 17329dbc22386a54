//! Copies a bundle to another store, through the client, and reads it back there.

use bytes::Bytes;
use keyferry_core::Sha256;
use keyferry_core::manifest::Blob;

use crate::{Catalogue, CatalogueError, OpenedBundle, bundle};

/// Copies files, signature and manifest, in this order, so that the copy is listed only when it is whole.
///
/// # Errors
/// If the source's bytes are not the signed ones, or the destination holds other bytes afterwards.
pub async fn copy(from: &Catalogue, to: &Catalogue, opened: &OpenedBundle) -> Result<(), CatalogueError> {
    let manifest = &opened.manifest;
    for file in manifest.files() {
        let bytes = from.signed_file(&manifest.backup_id, file).await?;
        to.put(&bundle::file(&manifest.backup_id, &file.name), bytes).await?;
    }
    to.publish(&manifest.backup_id, &opened.sealed).await
}

impl Catalogue {
    /// Reads a file of a backup, and insists that it is as signed.
    pub(crate) async fn signed_file(&self, backup_id: &str, file: &Blob) -> Result<Bytes, CatalogueError> {
        let name = bundle::file(backup_id, &file.name);
        let limit = usize::try_from(file.size).unwrap_or(usize::MAX);
        let differs = || CatalogueError::Differs { object: self.store().object_text(&name) };
        let bytes = match self.need(&name, limit).await {
            Err(error) if error.is_too_large() => return Err(differs()),
            read => read?,
        };
        if Sha256::of(&bytes) == file.sha256 { Ok(bytes) } else { Err(differs()) }
    }
}
