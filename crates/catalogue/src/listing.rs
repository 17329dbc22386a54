//! Choosing a backup by a word: an id, the beginning of one, `latest`, `latest~2`, `latest@REGION`. Pure.

use keyferry_core::Code;
use keyferry_core::manifest::Manifest;
use keyferry_core::{Sha256, manifest::SealedManifest};

use crate::CatalogueError;

/// A backup found in a store. Its signature has not been checked yet.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The manifest as it says of itself.
    pub manifest: Manifest,
    /// Its bytes and signature, to be opened.
    pub sealed: SealedManifest,
}

impl Listed {
    /// Digest of the manifest's bytes.
    pub fn manifest_sha256(&self) -> Sha256 {
        self.sealed.sha256()
    }
}

/// Finds the one backup that a word means. `all` is ordered from old to new.
///
/// # Errors
/// If there is none, or the word is the beginning of more than one id.
pub fn select<'a>(all: &'a [Listed], word: &str) -> Result<&'a Listed, CatalogueError> {
    let none = || CatalogueError::Unknown { word: word.chars().take(80).collect(), code: Code::NotFound };
    let (name, region) = match word.split_once('@') {
        Some((name, region)) => (name, Some(region)),
        None => (word, None),
    };
    let of_region: Vec<_> = all
        .iter()
        .filter(|b| region.is_none_or(|r| b.manifest.region.name() == r || b.manifest.region.key() == r))
        .collect();
    let back = match name.strip_prefix("latest") {
        Some("") => Some(0),
        Some(rest) => rest.strip_prefix('~').and_then(|n| n.parse::<usize>().ok()),
        None => None,
    };
    if let Some(back) = back {
        return of_region.into_iter().rev().nth(back).ok_or_else(none);
    }
    let mut fitting =
        of_region.into_iter().filter(|b| !name.is_empty() && b.manifest.backup_id.starts_with(name));
    match (fitting.next(), fitting.next()) {
        (Some(backup), None) => Ok(backup),
        (Some(_), Some(_)) => {
            Err(CatalogueError::Unknown { word: word.chars().take(80).collect(), code: Code::Ambiguous })
        }
        (None, _) => Err(none()),
    }
}
