//! Secrets and their versions.

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::identity::{DefinedTags, FreeformTags};
use keyferry_wire::secrets::{SecretMetadata, SecretState};
use serde::{Deserialize, Serialize};

/// A secret with its versions, oldest first. One that was put into the realm from outside has none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecretRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) vault_id: String,
    pub(crate) key_id: Option<String>,
    pub(crate) compartment_id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) metadata: SecretMetadata,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) state: SecretState,
    pub(crate) versions: Vec<SecretVersionRecord>,
    /// The number of the version in force.
    pub(crate) current: Option<u64>,
    /// The number of the version that was in force before.
    pub(crate) previous: Option<u64>,
    pub(crate) time_created: Timestamp,
    pub(crate) time_of_deletion: Option<Timestamp>,
    pub(crate) etag: String,
}

/// A version of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecretVersionRecord {
    pub(crate) number: u64,
    pub(crate) name: Option<String>,
    /// Not in force yet.
    pub(crate) is_pending: bool,
    /// A data key, encrypted under the secret's key.
    pub(crate) sealed_key: Bytes,
    /// The content, encrypted under the data key.
    pub(crate) sealed: Bytes,
    pub(crate) time_created: Timestamp,
}
