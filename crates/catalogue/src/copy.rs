//! Copies a bundle to another store, through the client, and reads it back there.

use keyferry_core::Sha256;

use crate::{Catalogue, CatalogueError, OpenedBundle, bundle};

/// Copies file, signature and manifest, in this order, so that the copy is listed only when it is whole.
///
/// # Errors
/// If the source's bytes are not the signed ones, or the destination holds other bytes afterwards.
pub async fn copy(from: &Catalogue, to: &Catalogue, opened: &OpenedBundle) -> Result<(), CatalogueError> {
    let manifest = &opened.manifest;
    let name = bundle::blob(&manifest.backup_id);
    let source = from.store().object(&name);
    let limit = usize::try_from(manifest.blob.size).unwrap_or(usize::MAX).saturating_add(1);
    let bytes = from.get(&source, limit).await?;
    if Sha256::of(&bytes) != manifest.blob.sha256 {
        return Err(CatalogueError::Differs { object: source.to_string() });
    }
    to.put(&to.store().object(&name), bytes).await?;
    to.publish(&manifest.backup_id, &opened.sealed).await
}
