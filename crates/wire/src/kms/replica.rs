//! JSON of vault replicas.

use serde::{Deserialize, Serialize};

use keyferry_ids::open_enum;

open_enum! {
    /// State of a replica.
    VaultReplicaStatus {
        Creating = "CREATING", Created = "CREATED", Deleting = "DELETING", Deleted = "DELETED",
    }
}

/// Where a vault shall be replicated to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateVaultReplicaDetails {
    pub replica_region: String,
    /// For external vaults only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_vault_metadata: Option<serde_json::Value>,
}

/// Which replica shall go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct DeleteVaultReplicaDetails {
    pub replica_region: String,
}

/// A replica of a vault: it has the vault's OCIDs and endpoints of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct VaultReplicaSummary {
    #[serde(default)]
    pub crypto_endpoint: Option<String>,
    #[serde(default)]
    pub management_endpoint: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub status: Option<VaultReplicaStatus>,
}
