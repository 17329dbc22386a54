//! JSON of key material on its way in and out, which is wrapped under an RSA key.

use serde::{Deserialize, Serialize};

use super::key::{KeyShape, KeyState, ProtectionMode};
use super::lenient;
use super::rotation::AutoKeyRotationDetails;
use crate::Time;
use crate::identity::{DefinedTags, FreeformTags};
use keyferry_ids::open_enum;

open_enum! {
    /// How material is wrapped: by RSA-OAEP alone, or by AES key wrap with padding under a temporary AES key
    /// that RSA-OAEP wraps and that goes in front.
    WrappingAlgorithm { RsaOaepSha256 = "RSA_OAEP_SHA256", RsaOaepAesSha256 = "RSA_OAEP_AES_SHA256" }
}

/// The key of a vault that material to import is wrapped with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WrappingKey {
    pub compartment_id: String,
    pub id: String,
    pub lifecycle_state: KeyState,
    /// PEM, RSA-4096.
    pub public_key: String,
    pub time_created: Time,
    pub vault_id: String,
}

/// Wrapped material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WrappedImportKey {
    /// Base64.
    pub key_material: String,
    pub wrapping_algorithm: WrappingAlgorithm,
}

/// A new key with the caller's material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ImportKeyDetails {
    pub compartment_id: String,
    pub display_name: String,
    pub key_shape: KeyShape,
    pub wrapped_import_key: WrappedImportKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection_mode: Option<ProtectionMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_bool")]
    pub is_auto_rotation_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_key_rotation_details: Option<AutoKeyRotationDetails>,
}

/// A new version with the caller's material. Tags are taken and mean nothing: versions have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ImportKeyVersionDetails {
    pub wrapped_import_key: WrappedImportKey,
}

/// Which version of a SOFTWARE key to export, and under whose key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ExportKeyDetails {
    pub key_id: String,
    /// The current version if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version_id: Option<String>,
    pub algorithm: WrappingAlgorithm,
    /// PEM of an RSA key of 2048, 3072 or 4096 bits.
    pub public_key: String,
}

/// An exported key version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ExportedKeyData {
    pub key_version_id: String,
    pub key_id: String,
    pub time_created: Time,
    pub vault_id: String,
    /// Base64.
    pub encrypted_key: String,
    /// Unwrap by this one: the service may use another than the one asked for.
    pub algorithm: WrappingAlgorithm,
}
