//! Bytes: every object of a bundle present, with size and SHA-256 as in the signed manifest.

use bytes::Bytes;
use keyferry_core::Sha256;
use keyferry_core::plan::ExpectedBytes;
use rayon::prelude::*;

use crate::{Catalogue, CatalogueError, OpenedBundle, bundle};

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
    /// The service's file.
    pub objects: Vec<CheckedObject>,
}

/// Reads the files of these bundles and hashes them on all cores. Manifests were checked when they were opened.
///
/// # Errors
/// If the store does not answer. A missing or damaged object is a result.
pub async fn check(catalogue: &Catalogue, bundles: &[OpenedBundle]) -> Result<Vec<Checked>, CatalogueError> {
    let mut read: Vec<(&OpenedBundle, String, Option<Bytes>)> = Vec::new();
    for opened in bundles {
        let place = catalogue.store().object(&bundle::blob(&opened.manifest.backup_id));
        // One byte more than allowed is enough to see that an object is too long.
        let limit = usize::try_from(opened.manifest.blob.size).unwrap_or(usize::MAX).saturating_add(1);
        let bytes = match catalogue.get(&place, limit).await {
            Ok(bytes) => Some(bytes),
            Err(CatalogueError::Missing(_)) => None,
            Err(CatalogueError::Cloud { source, .. }) if source.is_too_large() => Some(Bytes::new()),
            Err(error) => return Err(error),
        };
        read.push((opened, place.to_string(), bytes));
    }
    let hash = |(opened, object, bytes): &(&OpenedBundle, String, Option<Bytes>)| Checked {
        backup_id: opened.manifest.backup_id.clone(),
        signer: opened.signer.principal.clone(),
        objects: vec![CheckedObject {
            object: object.clone(),
            expected: ExpectedBytes { size: opened.manifest.blob.size, sha256: opened.manifest.blob.sha256 },
            found: bytes.as_ref().map(|b| ExpectedBytes { size: b.len() as u64, sha256: Sha256::of(b) }),
        }],
    };
    Ok(read.par_iter().map(hash).collect())
}
