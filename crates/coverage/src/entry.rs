//! What the index keeps of a manifest. Read from the signed bytes directly: a manifest is long, this is not.

use jiff::Timestamp;
use keyferry_core::coverage::SavedVersion;
use keyferry_core::manifest::{self, Contents, ManifestError, SealedManifest};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Sha256, canonical};
use keyferry_ids::{KeyId, KeyVersionId, Region, VaultId};
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A backup whose signature was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub backup_id: String,
    /// When the service was asked.
    pub made_at: Timestamp,
    /// Counts the vault's backups; 0 if it was not counted.
    pub generation: u64,
    /// The vault.
    pub vault_id: VaultId,
    /// The vault's region.
    pub region: Region,
    /// Of everything of the vault that it depends on; none if the vault changed while it was made.
    pub fingerprint: Option<Sha256>,
    /// Digest of the manifest.
    pub manifest_sha256: Sha256,
    /// Stores that held it when it was signed.
    pub places: Vec<StoreUrl>,
    /// Keys that its files hold.
    pub keys: Vec<EntryKey>,
}

/// A key in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryKey {
    /// The key.
    pub id: KeyId,
    /// Its versions.
    pub versions: Vec<SavedVersion>,
}

#[derive(Deserialize)]
struct Slim {
    schema: String,
    version: u32,
    backup_id: String,
    made_at: Timestamp,
    #[serde(default)]
    generation: u64,
    #[serde(default)]
    fingerprint: Option<Sha256>,
    #[serde(default)]
    changed: Option<IgnoredAny>,
    region: Region,
    contents: Contents,
    vault: SlimVault,
    keys: Vec<SlimKey>,
    places: Vec<StoreUrl>,
    canaries: Vec<SlimCanary>,
}

#[derive(Deserialize)]
struct SlimVault {
    id: VaultId,
}

#[derive(Deserialize)]
struct SlimKey {
    id: KeyId,
    #[serde(default)]
    blob: Option<IgnoredAny>,
    versions: Vec<SlimVersion>,
}

#[derive(Deserialize)]
struct SlimVersion {
    id: KeyVersionId,
}

#[derive(Deserialize)]
struct SlimCanary {
    version_id: String,
}

impl Entry {
    /// Checks the signature, then reads what the index needs. That the bytes are in canonical form is left to
    /// whoever acts on the manifest; a trusted signer has signed exactly these.
    ///
    /// # Errors
    /// If the signature is not accepted, or the document is no manifest that this version reads.
    pub fn open(sealed: &SealedManifest, allowed: &AllowedSigners) -> Result<Self, ManifestError> {
        allowed.verify(manifest::NAMESPACE, &sealed.bytes, &sealed.signature)?;
        Self::read(sealed)
    }

    /// The same for many at once, on all cores.
    pub fn open_all(sealed: &[SealedManifest], allowed: &AllowedSigners) -> Vec<Result<Self, ManifestError>> {
        sealed.par_iter().map(|sealed| Self::open(sealed, allowed)).collect()
    }

    fn read(sealed: &SealedManifest) -> Result<Self, ManifestError> {
        if sealed.bytes.len() > canonical::LONGEST {
            return Err(canonical::CanonicalError::TooLong.into());
        }
        let slim: Slim = serde_json::from_slice(&sealed.bytes).map_err(canonical::CanonicalError::from)?;
        if slim.schema != manifest::SCHEMA || !(1..=manifest::VERSION).contains(&slim.version) {
            let schema = slim.schema.chars().take(64).collect();
            return Err(ManifestError::Version { schema, version: slim.version });
        }
        // Keys that a vault's file does not hold may still lie beside it, each in a file of its own.
        let is_held = |key: &SlimKey| slim.contents == Contents::WithKeys || key.blob.is_some();
        let has_canary =
            |id: &KeyVersionId| slim.canaries.iter().any(|canary| canary.version_id == id.as_str());
        let keys = slim.keys.into_iter().filter(is_held).map(|key| {
            let versions = key.versions.into_iter().map(|version| {
                let has_canary = has_canary(&version.id);
                SavedVersion { id: version.id, has_canary }
            });
            EntryKey { id: key.id, versions: versions.collect() }
        });
        Ok(Self {
            keys: keys.collect(),
            backup_id: slim.backup_id,
            made_at: slim.made_at,
            generation: slim.generation,
            vault_id: slim.vault.id,
            region: slim.region,
            fingerprint: slim.fingerprint.filter(|_| slim.changed.is_none()),
            manifest_sha256: sealed.sha256(),
            places: slim.places,
        })
    }
}
