//! The backup file of the embedded realm: armoured, encrypted and authenticated under the realm's root key.
//!
//! A header line, base64 lines of 76 characters, an end line; 7-bit ASCII with LF only, because some of
//! Oracle's clients read backup files as text.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use keyferry_ids::{RealmName, Region};
use keyferry_seams::Seed;
use keyferry_wire::identity::{DefinedTags, FreeformTags};
use keyferry_wire::kms::{KeyState, KeyVersionState, Origin, ProtectionMode, VaultType};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto_error::CryptoError;
use crate::material::{Material, MaterialId, Shape, open_sealed, seal as seal_bytes};
use crate::records::AutoRotation;

/// Starts every backup file, of whatever version.
const BEGIN: &str = "-----BEGIN KEYFERRY EMBEDDED REALM BACKUP v";
/// The whole first line of this version. It is authenticated along with the content.
const HEADER: &str = "-----BEGIN KEYFERRY EMBEDDED REALM BACKUP v1-----\n";
const END: &str = "-----END KEYFERRY EMBEDDED REALM BACKUP-----\n";
const LINE: usize = 76;
/// The version of [`BackupFile`], as in the header.
pub(crate) const VERSION: u32 = 1;
/// Larger files are neither made nor read.
const LARGEST: usize = 64 * 1024 * 1024;

/// What a backup file holds: everything a restore needs, in any region.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BackupFile {
    pub(crate) version: u32,
    pub(crate) realm: RealmName,
    pub(crate) tenancy_id: String,
    /// Where the backup was made.
    pub(crate) origin_region: Region,
    /// Whether keys were asked for; a vault may have none to give.
    pub(crate) contains_keys: bool,
    /// A backup of one key, which holds the metadata of its vault too.
    pub(crate) is_key_backup: bool,
    pub(crate) made_at: Timestamp,
    pub(crate) vault: VaultPart,
    pub(crate) keys: Vec<KeyPart>,
}

/// The metadata of a vault.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VaultPart {
    pub(crate) id: String,
    /// The id of the first vault this one descends from through restores; its own, if it was created.
    pub(crate) lineage_id: String,
    /// The region of that first vault.
    pub(crate) home_region: Region,
    pub(crate) compartment_id: String,
    pub(crate) display_name: String,
    pub(crate) vault_type: VaultType,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) time_created: Timestamp,
    pub(crate) wrapping_key_id: String,
}

/// A key with its versions.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeyPart {
    pub(crate) id: String,
    pub(crate) lineage_id: String,
    pub(crate) compartment_id: String,
    pub(crate) display_name: String,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) shape: Shape,
    pub(crate) protection_mode: ProtectionMode,
    /// The state to come back in.
    pub(crate) lifecycle_state: KeyState,
    pub(crate) current_version_id: String,
    pub(crate) time_created: Timestamp,
    /// Files written before there was any have none.
    #[serde(default)]
    pub(crate) auto_rotation: Option<AutoRotation>,
    pub(crate) versions: Vec<VersionPart>,
}

/// A key version with its material.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VersionPart {
    pub(crate) id: String,
    pub(crate) lineage_id: String,
    pub(crate) lifecycle_state: KeyVersionState,
    pub(crate) origin: Origin,
    pub(crate) time_created: Timestamp,
    pub(crate) material_id: MaterialId,
    pub(crate) material: Arc<Material>,
    #[serde(default)]
    pub(crate) is_auto_rotated: bool,
}

/// Why a backup file could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlobError {
    /// It does not begin like one.
    #[error("this is not a backup file of an embedded realm")]
    NotABackup,
    /// Made by a later Keyferry.
    #[error("this backup file has a version other than {VERSION}")]
    OtherVersion,
    /// The armour is broken: cut off, extended, or changed in transport.
    #[error("the backup file is incomplete or damaged")]
    Damaged,
    /// The armour is whole, but the content does not open.
    #[error("the backup file is damaged or was made by another embedded realm")]
    OtherRealmOrDamaged,
    /// Over the limit.
    #[error("a backup file has at most {LARGEST} bytes, not {0}")]
    TooLarge(usize),
    /// Authentic, and yet not understood.
    #[error("the content of the backup file is not understood")]
    Content(#[source] serde_json::Error),
    /// The cipher itself failed.
    #[error("the backup file could not be sealed")]
    Sealing(#[source] CryptoError),
}

/// Makes a backup file that only a realm with this root key can open. Equal contents and seeds give equal
/// bytes.
pub(crate) fn seal(file: &BackupFile, root_key: &Seed, seed: &Seed) -> Result<Vec<u8>, BlobError> {
    let payload = Zeroizing::new(serde_json::to_vec(file).map_err(BlobError::Content)?);
    seal_payload(&payload, root_key, seed)
}

/// Opens a backup file from its bytes alone.
pub(crate) fn open(bytes: &[u8], root_key: &Seed) -> Result<BackupFile, BlobError> {
    let payload = open_payload(bytes, root_key)?;
    let file: BackupFile = serde_json::from_slice(&payload).map_err(BlobError::Content)?;
    if file.version == VERSION { Ok(file) } else { Err(BlobError::OtherVersion) }
}

fn seal_payload(payload: &[u8], root_key: &Seed, seed: &Seed) -> Result<Vec<u8>, BlobError> {
    let sealed =
        seal_bytes(&*file_key(root_key), payload, HEADER.as_bytes(), seed).map_err(BlobError::Sealing)?;
    let bytes = armour(&sealed);
    if bytes.len() <= LARGEST { Ok(bytes) } else { Err(BlobError::TooLarge(bytes.len())) }
}

fn open_payload(bytes: &[u8], root_key: &Seed) -> Result<Zeroizing<Vec<u8>>, BlobError> {
    let sealed = unarmour(bytes)?;
    open_sealed(&*file_key(root_key), &sealed, HEADER.as_bytes()).map_err(|_| BlobError::OtherRealmOrDamaged)
}

fn file_key(root_key: &Seed) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(root_key.bytes("backup files"))
}

fn armour(sealed: &[u8]) -> Vec<u8> {
    let mut bytes = HEADER.as_bytes().to_vec();
    for line in BASE64_STANDARD.encode(sealed).as_bytes().chunks(LINE) {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(END.as_bytes());
    bytes
}

/// Takes the armour off. Only the one spelling that [`armour`] writes is taken, so that no byte of the
/// file can change unseen.
fn unarmour(bytes: &[u8]) -> Result<Vec<u8>, BlobError> {
    if bytes.len() > LARGEST {
        return Err(BlobError::TooLarge(bytes.len()));
    }
    if !bytes.starts_with(BEGIN.as_bytes()) {
        return Err(BlobError::NotABackup);
    }
    let body = bytes.strip_prefix(HEADER.as_bytes()).ok_or(BlobError::OtherVersion)?;
    let body = body.strip_suffix(END.as_bytes()).ok_or(BlobError::Damaged)?;
    let base64: Vec<u8> = body.iter().copied().filter(|&byte| byte != b'\n').collect();
    let sealed = BASE64_STANDARD.decode(base64).map_err(|_| BlobError::Damaged)?;
    if armour(&sealed) == bytes { Ok(sealed) } else { Err(BlobError::Damaged) }
}

#[cfg(test)]
mod tests;
