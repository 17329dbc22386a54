//! The signed description inside a bundle: what was saved, what was not, and how to prove it.

mod complete;
mod seal;

use jiff::Timestamp;
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId, Region, VaultId};
use serde::{Deserialize, Serialize};

use crate::canary::Canary;
use crate::model::{KeyShape, KeyState, Origin, ProtectionMode, StoreUrl, Tags, VaultType, VersionState};
use crate::{Code, Completeness, Environment, Sha256};

pub use complete::complete;
pub use seal::{ManifestError, SealedManifest, open, open_unverified, seal};

/// The document's name.
pub const SCHEMA: &str = "keyferry.manifest";
/// The version written. Every version from 1 on is read.
pub const VERSION: u32 = 2;
/// SSHSIG namespace of manifest signatures.
pub const NAMESPACE: &str = "keyferry-manifest";

/// What the service's file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// The vault and its eligible HSM keys.
    WithKeys,
    /// The vault's own metadata; its keys may lie beside it, each in a file of its own.
    MetadataOnly,
    /// Single keys, each in a file of its own. The service puts the vault's metadata into each of them.
    Key,
}

/// A compartment as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCompartment {
    /// Its OCID, by which a restore finds it.
    pub id: CompartmentId,
    /// Its path, for people.
    pub path: String,
}

/// The vault as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestVault {
    /// Its OCID.
    pub id: VaultId,
    /// Display name.
    pub name: String,
    /// Kind.
    pub vault_type: VaultType,
    /// Where a restore will put it.
    pub compartment: RecordedCompartment,
    /// When it was made.
    pub time_created: Timestamp,
    /// The vault it had itself been restored from.
    pub restored_from: Option<VaultId>,
    /// Tags.
    pub tags: Tags,
}

/// A key that the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestKey {
    /// Its OCID.
    pub id: KeyId,
    /// Display name.
    pub name: String,
    /// Where a restore will put it.
    pub compartment: RecordedCompartment,
    /// Algorithm and size.
    pub shape: KeyShape,
    /// HSM, as only those are saved.
    pub protection_mode: ProtectionMode,
    /// State at the backup.
    pub lifecycle_state: KeyState,
    /// The version that encrypted then.
    pub current_version: KeyVersionId,
    /// Tags.
    pub tags: Tags,
    /// The versions that the file holds, oldest first.
    pub versions: Vec<ManifestVersion>,
    /// The key's own file, if it was backed up by itself. Since version 2.
    #[serde(default)]
    pub blob: Option<Blob>,
}

/// A key version that the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestVersion {
    /// Its OCID.
    pub id: KeyVersionId,
    /// State at the backup.
    pub lifecycle_state: VersionState,
    /// Who made the material.
    pub origin: Origin,
    /// When it was made.
    pub time_created: Timestamp,
    /// PEM; RSA and ECDSA only. Lets anybody check signatures offline.
    pub public_key: Option<String>,
}

/// The service's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Object name within the bundle.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Digest of all bytes.
    pub sha256: Sha256,
}

/// Something of the vault that the file does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSaved {
    /// `key`, `key_version` or `secret`.
    pub kind: String,
    /// Its OCID.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Why.
    pub code: Code,
    /// Why, in a sentence.
    pub because: String,
}

/// A version that the file holds and no canary can prove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnprovableVersion {
    /// The version.
    pub version_id: KeyVersionId,
    /// Why.
    pub because: String,
}

/// The backup of the same vault that came before, so that a gap or a rolled-back bucket can be noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its id.
    pub backup_id: String,
    /// Digest of its manifest.
    pub manifest_sha256: Sha256,
}

/// Everything a restore and its proof need, besides the service's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// `YYYYMMDDTHHMMSSZ-` and eight hexadecimal digits.
    pub backup_id: String,
    /// When the service was asked; what came later is not in the file.
    pub made_at: Timestamp,
    /// Program and version.
    pub made_by: String,
    /// Realm and tenancy; a restore stays within both.
    pub environment: Environment,
    /// The vault's region.
    pub region: Region,
    /// With keys or not.
    pub contents: Contents,
    /// The vault.
    pub vault: ManifestVault,
    /// The keys that the file holds.
    pub keys: Vec<ManifestKey>,
    /// The service's file of the vault; none for a backup of single keys.
    pub blob: Option<Blob>,
    /// Stores that held the bundle when this was signed; the first holds the vault's chain and is in its
    /// region, unless the service wrote through a pre-authenticated request.
    pub places: Vec<StoreUrl>,
    /// The service's work request, for its support.
    pub work_request_id: Option<String>,
    /// Listed against counted keys.
    pub completeness: Completeness,
    /// What the file does not hold.
    pub not_saved: Vec<NotSaved>,
    /// Canaries, minted now or carried on from earlier backups.
    pub canaries: Vec<Canary>,
    /// Versions without a canary.
    pub unprovable: Vec<UnprovableVersion>,
    /// The backup before this one.
    pub previous: Option<Previous>,
    /// Counts the backups of a vault from 1; 0 in manifests of version 1, which did not count.
    #[serde(default)]
    pub generation: u64,
    /// Of everything of the vault that a backup depends on: the same again, and there is nothing to save.
    #[serde(default)]
    pub fingerprint: Option<Sha256>,
    /// What was seen to change while the service wrote its file; what came last may not be in it.
    #[serde(default)]
    pub changed: Option<String>,
}

impl Manifest {
    /// The service's files: of the vault, then of single keys.
    pub fn files(&self) -> impl Iterator<Item = &Blob> {
        self.blob.iter().chain(self.keys.iter().filter_map(|key| key.blob.as_ref()))
    }

    /// Bytes of all files together.
    pub fn size(&self) -> u64 {
        self.files().map(|file| file.size).sum()
    }

    /// The first file: the vault's, or that of the first key.
    pub fn first_file(&self) -> Option<&Blob> {
        self.files().next()
    }

    /// All versions that the file holds, with their key.
    pub fn versions(&self) -> impl Iterator<Item = (&ManifestKey, &ManifestVersion)> {
        self.keys.iter().flat_map(|key| key.versions.iter().map(move |version| (key, version)))
    }

    /// The canaries of a version.
    pub fn canaries_of<'a>(&'a self, version: &'a KeyVersionId) -> impl Iterator<Item = &'a Canary> {
        self.canaries.iter().filter(move |canary| canary.version_id == *version)
    }

    /// Why a version has no canary, if it has none.
    pub fn unprovable_because(&self, version: &KeyVersionId) -> Option<&str> {
        self.unprovable.iter().find(|u| u.version_id == *version).map(|u| u.because.as_str())
    }
}
