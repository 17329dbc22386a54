//! JSON of the secret management service. Keyferry lists secrets and never reads them.

use serde::{Deserialize, Serialize};

use crate::Time;
use keyferry_ids::open_enum;

open_enum! {
    /// State of a secret.
    SecretState {
        Creating = "CREATING", Active = "ACTIVE", Updating = "UPDATING", Deleting = "DELETING", Deleted = "DELETED",
        SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Failed = "FAILED",
    }
}

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
}
