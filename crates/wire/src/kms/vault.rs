//! JSON of vaults. The live service sends every field, `null` when unset.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::identity::{DefinedTags, FreeformTags};
use keyferry_ids::open_enum;

open_enum! {
    /// Kind of vault. DEFAULT is shared ("virtual vault"), VIRTUAL_PRIVATE has a partition of its own.
    VaultType { Default = "DEFAULT", VirtualPrivate = "VIRTUAL_PRIVATE", External = "EXTERNAL" }
    /// State of a vault.
    VaultState {
        Creating = "CREATING", Active = "ACTIVE", Updating = "UPDATING", BackupInProgress = "BACKUP_IN_PROGRESS",
        Restoring = "RESTORING", SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Deleting = "DELETING", Deleted = "DELETED",
    }
}

/// Follows the replication of one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ReplicaDetails {
    #[serde(default)]
    pub replication_id: Option<String>,
}

/// A vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Vault {
    pub compartment_id: String,
    pub crypto_endpoint: String,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    pub display_name: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    pub id: String,
    pub lifecycle_state: VaultState,
    pub management_endpoint: String,
    pub time_created: Time,
    #[serde(default)]
    pub time_of_deletion: Option<Time>,
    pub vault_type: VaultType,
    #[serde(default)]
    pub restored_from_vault_id: Option<String>,
    /// The lower-case `k` is OCI's.
    #[serde(default)]
    pub wrappingkey_id: Option<String>,
    #[serde(default)]
    pub replica_details: Option<ReplicaDetails>,
    #[serde(default)]
    pub is_primary: Option<bool>,
    #[serde(default)]
    pub is_vault_replicable: Option<bool>,
    #[serde(default)]
    pub external_key_manager_metadata_summary: Option<serde_json::Value>,
}

/// A vault as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct VaultSummary {
    pub compartment_id: String,
    pub crypto_endpoint: String,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    pub display_name: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    pub id: String,
    pub lifecycle_state: VaultState,
    pub management_endpoint: String,
    pub time_created: Time,
    pub vault_type: VaultType,
    #[serde(default)]
    pub external_key_manager_metadata_summary: Option<serde_json::Value>,
}

/// What a new vault needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateVaultDetails {
    pub compartment_id: String,
    pub display_name: String,
    pub vault_type: VaultType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// What to change of a vault; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateVaultDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// Where to move a vault or key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ChangeCompartmentDetails {
    pub compartment_id: String,
}

/// When a vault, key or version shall be deleted; left out means in 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ScheduleDeletionDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_of_deletion: Option<Time>,
}

/// The service's own count of a vault's keys over all compartments, deleted ones excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct VaultUsage {
    pub key_count: u64,
    pub key_version_count: u64,
    #[serde(default)]
    pub software_key_count: Option<u64>,
    #[serde(default)]
    pub software_key_version_count: Option<u64>,
}
