//! JSON of secret management and retrieval. Keyferry lists secrets and never reads them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::identity::{DefinedTags, FreeformTags};
use keyferry_ids::open_enum;

open_enum! {
    /// State of a secret.
    SecretState {
        Creating = "CREATING", Active = "ACTIVE", Updating = "UPDATING", Deleting = "DELETING", Deleted = "DELETED",
        SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Failed = "FAILED",
    }
    /// What a version is among the versions of its secret; it may be several of these.
    SecretStage {
        Current = "CURRENT", Pending = "PENDING", Latest = "LATEST", Previous = "PREVIOUS",
        Deprecated = "DEPRECATED",
    }
}

/// What a user notes about a secret.
pub type SecretMetadata = BTreeMap<String, serde_json::Value>;

/// A secret as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SecretSummary {
    pub id: String,
    pub secret_name: String,
    pub compartment_id: String,
    pub vault_id: String,
    pub lifecycle_state: SecretState,
    pub time_created: Time,
    #[serde(default)]
    pub key_id: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default)]
    pub is_auto_generation_enabled: Option<bool>,
}

/// A secret, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Secret {
    #[serde(flatten)]
    pub summary: SecretSummary,
    #[serde(default)]
    pub current_version_number: Option<u64>,
    #[serde(default)]
    pub metadata: Option<SecretMetadata>,
}

/// The content of a new version. Its secret part has no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SecretContentDetails {
    /// `BASE64`.
    pub content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<SecretStage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl std::fmt::Debug for SecretContentDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretContentDetails").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a new secret needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateSecretDetails {
    pub compartment_id: String,
    pub secret_name: String,
    pub vault_id: String,
    pub key_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<SecretMetadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_content: Option<SecretContentDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_auto_generation: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_generation_context: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_rules: Option<Vec<serde_json::Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_config: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_config: Option<serde_json::Value>,
}

/// What of a secret is to change. Content and current version can't change together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateSecretDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version_number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<SecretMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_content: Option<SecretContentDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_generation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_generation_context: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_rules: Option<Vec<serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_config: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_config: Option<serde_json::Value>,
}

/// A version of a secret; lists show the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SecretVersion {
    pub secret_id: String,
    pub version_number: u64,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub content_type: Option<String>,
    #[serde(default)]
    pub stages: Vec<SecretStage>,
    pub time_created: Time,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    #[serde(default)]
    pub is_content_auto_generated: Option<bool>,
}

/// A version of a secret as the retrieval service lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SecretBundleVersion {
    pub secret_id: String,
    pub version_number: u64,
    #[serde(default)]
    pub version_name: Option<String>,
    #[serde(default)]
    pub stages: Vec<SecretStage>,
    #[serde(default)]
    pub time_created: Option<Time>,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    #[serde(default)]
    pub time_of_expiry: Option<Time>,
}

/// A version of a secret with its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SecretBundle {
    #[serde(flatten)]
    pub version: SecretBundleVersion,
    pub secret_bundle_content: SecretBundleContent,
    #[serde(default)]
    pub metadata: Option<SecretMetadata>,
}

/// The content of a version of a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SecretBundleContent {
    /// `BASE64`.
    pub content_type: String,
    pub content: String,
}

impl std::fmt::Debug for SecretBundleContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBundleContent(..)")
    }
}
