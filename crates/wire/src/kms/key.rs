//! JSON of keys and key versions.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::rotation::AutoKeyRotationDetails;
use super::vault::ReplicaDetails;
use crate::Time;
use crate::identity::{DefinedTags, FreeformTags};
use keyferry_ids::open_enum;

open_enum! {
    /// Where key material lives. HSM keys can be backed up, the others can't.
    ProtectionMode { Hsm = "HSM", Software = "SOFTWARE", External = "EXTERNAL" }
    /// A key's algorithm.
    Algorithm { Aes = "AES", Rsa = "RSA", Ecdsa = "ECDSA" }
    /// An ECDSA key's curve.
    CurveId { NistP256 = "NIST_P256", NistP384 = "NIST_P384", NistP521 = "NIST_P521" }
    /// Who made the material.
    Origin { Internal = "INTERNAL", External = "EXTERNAL" }
    /// State of a key.
    KeyState {
        Creating = "CREATING", Enabling = "ENABLING", Enabled = "ENABLED", Disabling = "DISABLING",
        Disabled = "DISABLED", Updating = "UPDATING", BackupInProgress = "BACKUP_IN_PROGRESS",
        Restoring = "RESTORING", SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Deleting = "DELETING", Deleted = "DELETED",
    }
    /// State of a key version.
    KeyVersionState {
        Creating = "CREATING", Enabling = "ENABLING", Enabled = "ENABLED", Disabling = "DISABLING",
        Disabled = "DISABLED", SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Deleting = "DELETING", Deleted = "DELETED",
    }
}

/// Algorithm and size. `length` is in BYTES: AES 16, 24, 32; RSA 256, 384, 512; ECDSA 32, 48, 66.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct KeyShape {
    pub algorithm: Algorithm,
    #[serde(deserialize_with = "lenient::number")]
    pub length: u32,
    #[serde(default)]
    pub curve_id: Option<CurveId>,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Key {
    pub compartment_id: String,
    pub current_key_version: String,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    pub display_name: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    pub id: String,
    pub key_shape: KeyShape,
    #[serde(default)]
    pub protection_mode: Option<ProtectionMode>,
    pub lifecycle_state: KeyState,
    pub time_created: Time,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    pub vault_id: String,
    #[serde(default)]
    pub restored_from_key_id: Option<String>,
    #[serde(default)]
    pub replica_details: Option<ReplicaDetails>,
    #[serde(default)]
    pub is_primary: Option<bool>,
    #[serde(default)]
    pub is_auto_rotation_enabled: Option<bool>,
    #[serde(default)]
    pub auto_key_rotation_details: Option<AutoKeyRotationDetails>,
    #[serde(default)]
    pub external_key_reference_details: Option<serde_json::Value>,
}

/// A key as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct KeySummary {
    pub compartment_id: String,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    pub display_name: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    pub id: String,
    pub lifecycle_state: KeyState,
    pub time_created: Time,
    pub vault_id: String,
    #[serde(default)]
    pub protection_mode: Option<ProtectionMode>,
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
    #[serde(default)]
    pub external_key_reference_details: Option<serde_json::Value>,
    #[serde(default)]
    pub is_auto_rotation_enabled: Option<bool>,
}

/// What a new key needs. Without a protection mode it becomes an HSM key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateKeyDetails {
    pub compartment_id: String,
    pub display_name: String,
    pub key_shape: KeyShape,
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

/// What to change of a key; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateKeyDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_bool")]
    pub is_auto_rotation_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_key_rotation_details: Option<AutoKeyRotationDetails>,
}

/// What a rotation may carry: nothing, but for external keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateKeyVersionDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key_version_id: Option<String>,
}

/// A key version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct KeyVersion {
    pub compartment_id: String,
    pub id: String,
    pub key_id: String,
    /// PEM; RSA and ECDSA only.
    #[serde(default)]
    pub public_key: Option<String>,
    #[serde(default)]
    pub lifecycle_state: Option<KeyVersionState>,
    #[serde(default)]
    pub origin: Option<Origin>,
    pub time_created: Time,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    pub vault_id: String,
    #[serde(default)]
    pub restored_from_key_version_id: Option<String>,
    #[serde(default)]
    pub replica_details: Option<ReplicaDetails>,
    #[serde(default)]
    pub is_primary: Option<bool>,
    #[serde(default)]
    pub external_key_reference_details: Option<serde_json::Value>,
    #[serde(default)]
    pub is_auto_rotated: Option<bool>,
}

/// A key version as listed: no public key and no lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct KeyVersionSummary {
    pub compartment_id: String,
    pub id: String,
    pub key_id: String,
    #[serde(default)]
    pub lifecycle_state: Option<KeyVersionState>,
    #[serde(default)]
    pub origin: Option<Origin>,
    pub time_created: Time,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    pub vault_id: String,
    #[serde(default)]
    pub external_key_reference_details: Option<serde_json::Value>,
    #[serde(default)]
    pub is_auto_rotated: Option<bool>,
}
