//! Looks at where a backup shall go: the bucket, and the newest trusted backup of the same vault in it.

use keyferry_catalogue::{Catalogue, CatalogueError, OpenedBundle};
use keyferry_core::Environment;
use keyferry_core::model::{Bucket, StoreUrl};
use keyferry_core::sshsig::AllowedSigners;
use keyferry_ids::VaultId;
use keyferry_oci::Client;

use crate::BackupError;

/// What is known of the place that a vault's backup goes to.
#[derive(Debug)]
pub struct Destination {
    /// The store in the vault's region.
    pub store: StoreUrl,
    /// Its bucket, if it exists and may be seen.
    pub bucket: Option<Bucket>,
    /// The newest trusted backup of the same vault, whose canaries are carried on.
    pub previous: Option<OpenedBundle>,
    /// Bundles in the store that are damaged, or newer but not trusted.
    pub passed_over: Vec<CatalogueError>,
}

/// Looks. A store in another region is not asked: it can't take the backup anyway.
///
/// # Errors
/// If the store does not answer.
pub async fn look(
    client: &Client,
    environment: &Environment,
    vault: &VaultId,
    store: &StoreUrl,
    allowed: &AllowedSigners,
) -> Result<Destination, BackupError> {
    let cloud = |source| CatalogueError::Cloud { store: store.to_string(), source: Box::new(source) };
    let bucket = client.bucket(store.region, &store.namespace, &store.bucket).await.map_err(cloud)?;
    let mut destination =
        Destination { store: store.clone(), bucket, previous: None, passed_over: Vec::new() };
    if destination.bucket.is_some() {
        let listing = Catalogue::new(client.clone(), store.clone()).list().await?;
        let (previous, untrusted) = listing.newest_of(vault, environment, allowed);
        destination.previous = previous;
        destination.passed_over = listing.damaged.into_iter().map(|d| d.error).chain(untrusted).collect();
    }
    Ok(destination)
}
