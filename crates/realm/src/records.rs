//! What the realm remembers: one type per kind of thing.

mod objects;
mod secret;
mod tenancy;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::OperationName;
use keyferry_wire::identity::{DefinedTags, FreeformTags};
use keyferry_wire::kms::{
    KeyState, KeyVersionState, Origin, ProtectionMode, RotationStatus, VaultReplicaStatus, VaultState,
    VaultType,
};
use keyferry_wire::pars::{ParAccess, ParListing};
use keyferry_wire::work_requests::{WorkRequestError, WorkRequestLogEntry, WorkRequestResource};
use serde::{Deserialize, Serialize};

pub(crate) use self::objects::{
    Attributes, BucketRecord, Content, MasterKey, NamespaceRecord, ObjectRecord, PartRecord, UploadRecord,
    Versioning,
};
pub(crate) use self::secret::{SecretRecord, SecretVersionRecord};
pub(crate) use self::tenancy::{
    ApiKeyRecord, CompartmentRecord, LimitRecord, SubscriptionRecord, TagNamespaceRecord, TagRecord,
};
use crate::material::{Material, MaterialId, Shape};

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
    /// The one key whose backup or restore keeps the vault busy, if it is not the vault's own.
    pub(crate) busy_key: Option<String>,
    /// There is one at most.
    pub(crate) replica: Option<Replica>,
    /// A replica whose source was lost with that region. It can do what it could before, and no more.
    pub(crate) lost_source: Option<Region>,
    pub(crate) etag: String,
}

impl VaultRecord {
    /// Whether the vault or its replica is to be seen there.
    pub(crate) fn is_in(&self, region: Region) -> bool {
        let is_there =
            |replica: &Replica| replica.region == region && replica.status != VaultReplicaStatus::Creating;
        self.region == region || self.replica.as_ref().is_some_and(is_there)
    }

    /// Whether it is the vault itself that is to be seen there, not a replica.
    pub(crate) fn is_primary_in(&self, region: Region) -> bool {
        self.region == region && self.lost_source.is_none()
    }
}

/// A vault's replica in another region. It has the vault's own OCIDs, keys and versions: what is done to the
/// vault is done to the replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replica {
    pub(crate) region: Region,
    pub(crate) status: VaultReplicaStatus,
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
    /// What it comes back to when an update is over or its deletion is called off.
    #[serde(default)]
    pub(crate) state_before: Option<KeyState>,
    #[serde(default)]
    pub(crate) auto_rotation: Option<AutoRotation>,
    pub(crate) current_version_id: String,
    pub(crate) time_created: Timestamp,
    pub(crate) time_of_deletion: Option<Timestamp>,
    /// `restoredFromKeyId`.
    pub(crate) restored_from: Option<String>,
    pub(crate) etag: String,
}

/// When a key rotates by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AutoRotation {
    pub(crate) interval_days: u32,
    pub(crate) start: Timestamp,
    pub(crate) next: Timestamp,
    pub(crate) last: Option<LastRotation>,
}

/// How the latest automatic rotation of a key went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastRotation {
    pub(crate) time: Timestamp,
    pub(crate) status: RotationStatus,
    pub(crate) message: Option<String>,
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
    /// None once it is deleted.
    pub(crate) material: Option<Arc<Material>>,
    #[serde(default)]
    pub(crate) is_auto_rotated: bool,
    pub(crate) etag: String,
}

/// A pre-authenticated request. Of its token only the digest is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ParRecord {
    pub(crate) region: Region,
    /// SHA-256, in hexadecimal digits.
    pub(crate) token_digest: String,
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) name: String,
    pub(crate) access: ParAccess,
    /// The object, or a prefix.
    pub(crate) object_name: Option<String>,
    pub(crate) listing: Option<ParListing>,
    pub(crate) time_created: Timestamp,
    pub(crate) time_expires: Timestamp,
}

/// Which of the two work request services a work request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WorkService {
    General,
    /// Of identity: the general service shows it too, in every region.
    Identity,
    Objects,
}

/// How a work request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    Canceled,
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
