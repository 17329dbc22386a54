//! Bytes: every file of a bundle present, with size and SHA-256 as in the signed manifest.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use keyferry_core::Sha256;
use keyferry_core::plan::ExpectedBytes;
use rayon::prelude::*;

use crate::{Catalogue, CatalogueError, OpenedBundle, bundle};

/// Bundles held in memory at the same time.
const AT_ONCE: usize = 16;
/// Files of one bundle read at the same time.
const FILES_AT_ONCE: usize = 4;

/// What was found of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedObject {
    /// Where.
    pub object: String,
    /// What the manifest says.
    pub expected: ExpectedBytes,
    /// What is there; none if it is missing.
    pub found: Option<ExpectedBytes>,
}

impl CheckedObject {
    /// True if exactly the signed bytes are there.
    pub fn is_intact(&self) -> bool {
        self.found == Some(self.expected)
    }
}

/// What was found of one bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The backup.
    pub backup_id: String,
    /// Who signed its manifest.
    pub signer: String,
    /// The service's files.
    pub objects: Vec<CheckedObject>,
}

impl Checked {
    /// True if all files are there as signed.
    pub fn is_intact(&self) -> bool {
        self.objects.iter().all(CheckedObject::is_intact)
    }
}

/// Reads the files of these bundles, some at a time, and hashes them on all cores. Manifests were checked when
/// they were opened.
///
/// # Errors
/// If the store does not answer. A missing or damaged object is a result.
pub async fn check(catalogue: &Catalogue, bundles: &[OpenedBundle]) -> Result<Vec<Checked>, CatalogueError> {
    let mut all = Vec::new();
    for some in bundles.chunks(AT_ONCE) {
        let read = some.iter().map(|opened| read(catalogue, opened));
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        all.extend(
            some.par_iter()
                .zip(&read)
                .map(|(opened, files)| judge(catalogue, opened, files))
                .collect::<Vec<_>>(),
        );
    }
    Ok(all)
}

async fn read(catalogue: &Catalogue, opened: &OpenedBundle) -> Result<Vec<Option<Bytes>>, CatalogueError> {
    let files = opened.manifest.files().map(|file| async move {
        let name = bundle::file(&opened.manifest.backup_id, &file.name);
        // One byte more than allowed is enough to see that an object is too long.
        let limit = usize::try_from(file.size).unwrap_or(usize::MAX).saturating_add(1);
        match catalogue.backend.get(&name, limit).await {
            Err(error) if error.is_too_large() => Ok(Some(Bytes::new())),
            read => read,
        }
    });
    stream::iter(files).buffered(FILES_AT_ONCE).try_collect().await
}

fn judge(catalogue: &Catalogue, opened: &OpenedBundle, files: &[Option<Bytes>]) -> Checked {
    let objects = opened.manifest.files().zip(files).map(|(file, bytes)| CheckedObject {
        object: catalogue.store().object_text(&bundle::file(&opened.manifest.backup_id, &file.name)),
        expected: ExpectedBytes { size: file.size, sha256: file.sha256 },
        found: bytes.as_ref().map(|b| ExpectedBytes { size: b.len() as u64, sha256: Sha256::of(b) }),
    });
    Checked {
        backup_id: opened.manifest.backup_id.clone(),
        signer: opened.signer.principal.clone(),
        objects: objects.collect(),
    }
}
