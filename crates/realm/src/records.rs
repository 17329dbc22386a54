//! What the realm remembers: one type per kind of thing.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::OperationName;
use keyferry_wire::identity::{DefinedTags, FreeformTags};
use keyferry_wire::kms::{KeyState, KeyVersionState, Origin, ProtectionMode, VaultState, VaultType};
use keyferry_wire::secrets::SecretState;
use keyferry_wire::work_requests::{WorkRequestError, WorkRequestLogEntry, WorkRequestResource};
use serde::{Deserialize, Serialize};

use crate::material::{Material, MaterialId, Shape};

/// A compartment below the root. The root is the tenancy itself and has no record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CompartmentRecord {
    pub(crate) id: String,
    /// The parent.
    pub(crate) compartment_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) time_created: Timestamp,
    pub(crate) etag: String,
}

/// A vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VaultRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    /// The extension in the OCIDs of the vault and its keys; also what its endpoints are called by.
    pub(crate) ext: String,
    /// The id of the first vault this one descends from through restores; its own, if it was created.
    pub(crate) lineage_id: String,
    /// The region of that first vault.
    pub(crate) home_region: Region,
    pub(crate) compartment_id: String,
    pub(crate) display_name: String,
    pub(crate) vault_type: VaultType,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) state: VaultState,
    pub(crate) time_created: Timestamp,
    pub(crate) time_of_deletion: Option<Timestamp>,
    /// `restoredFromVaultId`.
    pub(crate) restored_from: Option<String>,
    pub(crate) wrapping_key_id: String,
    pub(crate) etag: String,
}

/// A key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) vault_id: String,
    pub(crate) lineage_id: String,
    pub(crate) compartment_id: String,
    pub(crate) display_name: String,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) shape: Shape,
    pub(crate) protection_mode: ProtectionMode,
    pub(crate) state: KeyState,
    pub(crate) current_version_id: String,
    pub(crate) time_created: Timestamp,
    pub(crate) time_of_deletion: Option<Timestamp>,
    /// `restoredFromKeyId`.
    pub(crate) restored_from: Option<String>,
    pub(crate) etag: String,
}

/// A key version with its material.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VersionRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) vault_id: String,
    pub(crate) key_id: String,
    pub(crate) lineage_id: String,
    pub(crate) state: KeyVersionState,
    pub(crate) origin: Origin,
    pub(crate) time_created: Timestamp,
    pub(crate) time_of_deletion: Option<Timestamp>,
    /// `restoredFromKeyVersionId`.
    pub(crate) restored_from: Option<String>,
    pub(crate) material_id: MaterialId,
    pub(crate) material: Arc<Material>,
    pub(crate) etag: String,
}

/// A secret: only what a list shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecretRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) vault_id: String,
    pub(crate) key_id: Option<String>,
    pub(crate) compartment_id: String,
    pub(crate) name: String,
    pub(crate) state: SecretState,
    pub(crate) time_created: Timestamp,
}

/// A bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) name: String,
    pub(crate) compartment_id: String,
    pub(crate) created_by: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) public_access_type: String,
    pub(crate) storage_tier: String,
    pub(crate) object_events_enabled: bool,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) time_created: Timestamp,
    pub(crate) etag: String,
}

/// An object with its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    pub(crate) region: Region,
    pub(crate) bucket: String,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    pub(crate) content_type: String,
    /// Base64.
    pub(crate) md5: String,
    /// Names without `opc-meta-`.
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) time_created: Timestamp,
    pub(crate) time_modified: Timestamp,
    pub(crate) etag: String,
}

/// Which of the two work request services a work request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WorkService {
    General,
    Objects,
}

/// How a work request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
}

/// A work request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkRequestRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) service: WorkService,
    pub(crate) operation_type: String,
    pub(crate) compartment_id: String,
    /// While it runs, as it will be when it has succeeded.
    pub(crate) resources: Vec<WorkRequestResource>,
    pub(crate) time_accepted: Timestamp,
    /// When it is expected to end, for the percentage.
    pub(crate) due: Timestamp,
    pub(crate) ended: Option<(Timestamp, Outcome)>,
    pub(crate) errors: Vec<WorkRequestError>,
    pub(crate) log: Vec<WorkRequestLogEntry>,
}

/// The first answer to a request with a retry token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RetryRecord {
    pub(crate) region: Region,
    pub(crate) operation: OperationName,
    pub(crate) token: String,
    /// Over target and body: another request must not be answered from here.
    pub(crate) digest: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}
