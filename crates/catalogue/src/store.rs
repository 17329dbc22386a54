//! The bundles in one store: listed, read, published.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use keyferry_core::manifest::{self, Manifest, SealedManifest};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::{AllowedSigners, Signer};
use keyferry_core::{Sha256, canonical};

use crate::backend::Backend;
use crate::{CatalogueError, Damaged, Listed, Listing, bundle, listing};

/// Longest signature that is read.
pub(crate) const LONGEST_SIGNATURE: usize = 4096;
/// Manifests read at the same time.
const AT_ONCE: usize = 16;

/// The bundles in one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue {
    url: StoreUrl,
    pub(crate) backend: Arc<Backend>,
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

impl Listed {
    /// Reads what lies in the folder of a backup without judging its signature.
    pub(crate) fn read(backup_id: &str, sealed: SealedManifest) -> Result<Self, CatalogueError> {
        let bad = |source| CatalogueError::Manifest { backup_id: backup_id.to_owned(), source };
        let manifest = manifest::open_unverified(&sealed.bytes).map_err(bad)?;
        if manifest.backup_id != backup_id {
            let says = manifest.backup_id.chars().take(64).collect::<String>().escape_debug().to_string();
            return Err(CatalogueError::Misplaced { folder: backup_id.to_owned(), says });
        }
        if let Some(file) = manifest.files().find(|file| !bundle::is_file_name(&file.name)) {
            let name = file.name.chars().take(64).collect::<String>().escape_debug().to_string();
            return Err(CatalogueError::OddName { backup_id: backup_id.to_owned(), name });
        }
        Ok(Self { manifest, sealed })
    }
}

impl Catalogue {
    pub(crate) fn new(url: StoreUrl, backend: Backend) -> Self {
        Self { url, backend: Arc::new(backend) }
    }

    /// Which store this is.
    pub fn store(&self) -> &StoreUrl {
        &self.url
    }

    /// The ids of all backups with a manifest, oldest first. One listing, nothing is read.
    ///
    /// # Errors
    /// If the store can't be listed.
    pub async fn ids(&self) -> Result<Vec<String>, CatalogueError> {
        Ok(listing::ids(&self.backend.list(bundle::FOLDER).await?))
    }

    /// All backups. A bundle whose manifest is missing a part or damaged is listed as that.
    ///
    /// # Errors
    /// If the store can't be read.
    pub async fn list(&self) -> Result<Listing, CatalogueError> {
        let read = |id: String| async move { (self.read(&id).await, id) };
        let objects = self.backend.list(bundle::FOLDER).await?;
        let ids = listing::ids(&objects);
        let all: Vec<_> = stream::iter(ids).map(read).buffered(AT_ONCE).collect().await;
        let mut listing = Listing { objects, ..Listing::default() };
        for (read, backup_id) in all {
            match read {
                Ok(listed) => listing.backups.push(listed),
                Err(error) if error.is_of_the_store() => return Err(error),
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
        let bytes = self.need(&bundle::manifest(backup_id), canonical::LONGEST).await?;
        let signature = self.need(&bundle::signature(backup_id), LONGEST_SIGNATURE).await?;
        let sealed = SealedManifest {
            bytes: bytes.to_vec(),
            signature: String::from_utf8_lossy(&signature).into_owned(),
        };
        Listed::read(backup_id, sealed)
    }

    /// Writes manifest and signature of a backup whose files are already there, and reads them back.
    ///
    /// # Errors
    /// If the store refuses, or holds other bytes afterwards.
    pub async fn publish(&self, backup_id: &str, sealed: &SealedManifest) -> Result<(), CatalogueError> {
        self.put(&bundle::signature(backup_id), Bytes::from(sealed.signature.clone())).await?;
        self.put(&bundle::manifest(backup_id), Bytes::from(sealed.bytes.clone())).await
    }

    /// Writes a new object and reads it back. An equal object that is already there is fine.
    ///
    /// # Errors
    /// If the store refuses, or holds other bytes afterwards.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<(), CatalogueError> {
        self.backend.put_new(name, bytes.clone()).await?;
        let differs = || CatalogueError::Differs { object: self.url.object_text(name) };
        let read = match self.need(name, bytes.len()).await {
            // Longer than what was written.
            Err(error) if error.is_too_large() => return Err(differs()),
            read => read?,
        };
        if Sha256::of(&read) == Sha256::of(&bytes) { Ok(()) } else { Err(differs()) }
    }

    /// Reads an object that has to be there.
    ///
    /// # Errors
    /// If it is missing or longer than `limit` bytes.
    pub async fn need(&self, name: &str, limit: usize) -> Result<Bytes, CatalogueError> {
        let read = self.backend.get(name, limit).await?;
        read.ok_or_else(|| CatalogueError::Missing(self.url.object_text(name)))
    }
}
