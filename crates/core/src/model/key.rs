//! Keys and their versions.

use jiff::Timestamp;
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId, VaultId, open_enum};
use serde::{Deserialize, Serialize};

use super::Tags;

open_enum! {
    /// Where the material lives. Only HSM keys can be backed up.
    ProtectionMode { Hsm = "HSM", Software = "SOFTWARE", External = "EXTERNAL" }
    /// A key's algorithm.
    Algorithm { Aes = "AES", Rsa = "RSA", Ecdsa = "ECDSA" }
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
    VersionState {
        Creating = "CREATING", Enabling = "ENABLING", Enabled = "ENABLED", Disabling = "DISABLING",
        Disabled = "DISABLED", SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Deleting = "DELETING", Deleted = "DELETED",
    }
}

/// Algorithm and size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyShape {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Size in BYTES, as OCI counts: AES 32, RSA-2048 256, P-384 48.
    pub length: u32,
    /// Curve of an ECDSA key in OCI's spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
}

impl std::fmt::Display for KeyShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.curve {
            Some(curve) => write!(f, "{} {curve}", self.algorithm),
            None => write!(f, "{}-{}", self.algorithm, self.length.saturating_mul(8)),
        }
    }
}

/// A master encryption key with all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its OCID.
    pub id: KeyId,
    /// Display name; not unique.
    pub name: String,
    /// The vault it belongs to.
    pub vault_id: VaultId,
    /// Where it lives; may differ from the vault's, and a restore puts it back there.
    pub compartment_id: CompartmentId,
    /// Where its material lives.
    pub protection_mode: ProtectionMode,
    /// Algorithm and size.
    pub shape: KeyShape,
    /// State when read.
    pub lifecycle_state: KeyState,
    /// The version that encrypts.
    pub current_version: KeyVersionId,
    /// The key whose backup it was restored from.
    pub restored_from: Option<KeyId>,
    /// False in a replica.
    pub is_primary: bool,
    /// When it was made.
    pub time_created: Timestamp,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
    /// All versions that are not deleted, oldest first.
    pub versions: Vec<KeyVersion>,
}

impl Key {
    /// True if a list of its versions leaves something out: the public halves of asymmetric ones, and the lineage
    /// of restored ones.
    pub fn has_unlisted_details(&self) -> bool {
        self.shape.algorithm != Algorithm::Aes || self.restored_from.is_some()
    }
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyVersion {
    /// Its OCID.
    pub id: KeyVersionId,
    /// State when read.
    pub lifecycle_state: VersionState,
    /// Who made the material.
    pub origin: Origin,
    /// When it was made.
    pub time_created: Timestamp,
    /// PEM of the public half; RSA and ECDSA only.
    pub public_key: Option<String>,
    /// The version it was restored from.
    pub restored_from: Option<KeyVersionId>,
}
