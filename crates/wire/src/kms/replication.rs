//! JSON of the replication of one change.

use serde::{Deserialize, Serialize};

use keyferry_ids::open_enum;

open_enum! {
    /// How far a change has come.
    ReplicationStatus { Replicating = "REPLICATING", Replicated = "REPLICATED" }
}

/// How far a change has come in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ReplicationProgress {
    pub region: String,
    pub status: ReplicationStatus,
}

/// How far a change has come in all regions with a replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ReplicationStatusDetails {
    #[serde(default)]
    pub replica_details: Vec<ReplicationProgress>,
}
