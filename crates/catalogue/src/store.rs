//! A store of bundles in a bucket.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use keyferry_core::manifest::{self, Manifest, SealedManifest};
use keyferry_core::model::{ObjectPlace, StoreUrl};
use keyferry_core::sshsig::{AllowedSigners, Signer};
use keyferry_core::{Sha256, canonical};
use keyferry_oci::Client;

use crate::{CatalogueError, Damaged, Listed, Listing, bundle};

/// Longest signature that is read.
const LONGEST_SIGNATURE: usize = 4096;
/// Manifests read at the same time.
const AT_ONCE: usize = 8;

/// The bundles in one store.
#[derive(Debug, Clone)]
pub struct Catalogue {
    client: Client,
    store: StoreUrl,
}

/// A bundle whose manifest was checked.
#[derive(Debug, Clone)]
pub struct OpenedBundle {
    /// What it says.
    pub manifest: Manifest,
    /// Who signed it.
    pub signer: Signer,
    /// Its bytes and signature.
    pub sealed: SealedManifest,
}

impl OpenedBundle {
    /// Checks a listed backup's signature; only now its manifest may be acted on.
    ///
    /// # Errors
    /// If the signature does not match or its signer is not allowed.
    pub fn open(listed: &Listed, allowed: &AllowedSigners) -> Result<Self, CatalogueError> {
        let bad = |source| CatalogueError::Manifest { backup_id: listed.manifest.backup_id.clone(), source };
        let (manifest, signer) = manifest::open(&listed.sealed, allowed).map_err(bad)?;
        Ok(Self { manifest, signer, sealed: listed.sealed.clone() })
    }
}

impl Catalogue {
    /// The bundles in that store.
    pub fn new(client: Client, store: StoreUrl) -> Self {
        Self { client, store }
    }

    /// Which store this is.
    pub fn store(&self) -> &StoreUrl {
        &self.store
    }

    pub(crate) fn cloud(&self) -> impl Fn(keyferry_oci::Error) -> CatalogueError + '_ {
        |source| CatalogueError::Cloud { store: self.store.to_string(), source: Box::new(source) }
    }

    /// All backups. A bundle whose manifest is missing a part or damaged is listed as that.
    ///
    /// # Errors
    /// If the bucket can't be read.
    pub async fn list(&self) -> Result<Listing, CatalogueError> {
        let root = self.store.object(bundle::FOLDER);
        let prefix = format!("{}/", root.name);
        let names = self.client.list_objects(&self.store, &prefix).await.map_err(self.cloud())?;
        let cut = if self.store.prefix.is_empty() { 0 } else { self.store.prefix.len() + 1 };
        let ids = names.iter().filter_map(|(name, _)| bundle::backup_of(name.get(cut..)?)).map(str::to_owned);
        let read = |id: String| async move { (self.read(&id).await, id) };
        let all: Vec<_> = stream::iter(ids).map(read).buffered(AT_ONCE).collect().await;
        let mut listing = Listing::default();
        for (read, backup_id) in all {
            match read {
                Ok(listed) => listing.backups.push(listed),
                Err(error @ CatalogueError::Cloud { .. }) => return Err(error),
                Err(error) => listing.damaged.push(Damaged { backup_id, error }),
            }
        }
        listing.backups.sort_by(|a, b| {
            let key = |l: &Listed| (l.manifest.made_at, l.manifest.backup_id.clone());
            key(a).cmp(&key(b))
        });
        Ok(listing)
    }

    /// Reads one manifest without judging its signature.
    ///
    /// # Errors
    /// If a part is missing or the manifest is damaged.
    pub async fn read(&self, backup_id: &str) -> Result<Listed, CatalogueError> {
        let place = self.store.object(&bundle::manifest(backup_id));
        let bytes = self.get(&place, canonical::LONGEST).await?;
        let signature =
            self.get(&self.store.object(&bundle::signature(backup_id)), LONGEST_SIGNATURE).await?;
        let sealed = SealedManifest {
            bytes: bytes.to_vec(),
            signature: String::from_utf8_lossy(&signature).into_owned(),
        };
        let bad = |source| CatalogueError::Manifest { backup_id: backup_id.to_owned(), source };
        let manifest = manifest::open_unverified(&sealed.bytes).map_err(bad)?;
        if manifest.backup_id != backup_id {
            let says = manifest.backup_id.chars().take(64).collect::<String>().escape_debug().to_string();
            return Err(CatalogueError::Misplaced { folder: backup_id.to_owned(), says });
        }
        Ok(Listed { manifest, sealed })
    }

    /// Writes manifest and signature of a backup whose file is already there, and reads them back.
    ///
    /// # Errors
    /// If the store refuses, or holds other bytes afterwards.
    pub async fn publish(&self, backup_id: &str, sealed: &SealedManifest) -> Result<(), CatalogueError> {
        let parts = [
            (bundle::signature(backup_id), Bytes::from(sealed.signature.clone())),
            (bundle::manifest(backup_id), Bytes::from(sealed.bytes.clone())),
        ];
        for (name, bytes) in parts {
            self.put(&self.store.object(&name), bytes).await?;
        }
        Ok(())
    }

    /// Writes a new object and reads it back. An equal object that is already there is fine.
    pub(crate) async fn put(&self, place: &ObjectPlace, bytes: Bytes) -> Result<(), CatalogueError> {
        match self.client.put_object(place, bytes.clone(), true).await {
            Ok(_) => {}
            Err(error) if error.is_precondition_failed() => {}
            Err(error) => return Err(self.cloud()(error)),
        }
        let read = self.get(place, bytes.len().saturating_add(1)).await?;
        if Sha256::of(&read) == Sha256::of(&bytes) {
            Ok(())
        } else {
            Err(CatalogueError::Differs { object: place.to_string() })
        }
    }

    pub(crate) async fn get(&self, place: &ObjectPlace, limit: usize) -> Result<Bytes, CatalogueError> {
        match self.client.object(place, limit).await {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.is_absent_or_forbidden() => Err(CatalogueError::Missing(place.to_string())),
            Err(error) => Err(self.cloud()(error)),
        }
    }
}
