//! Vaults and what lies around them: compartments, secrets, usage.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_ids::{CompartmentId, KeyId, Region, SecretId, VaultId, open_enum};
use serde::{Deserialize, Serialize};

open_enum! {
    /// Only VIRTUAL_PRIVATE vaults can be backed up.
    VaultType { Default = "DEFAULT", VirtualPrivate = "VIRTUAL_PRIVATE", External = "EXTERNAL" }
    /// State of a vault; unknown states mean "wait and see".
    VaultState {
        Creating = "CREATING", Active = "ACTIVE", Updating = "UPDATING", BackupInProgress = "BACKUP_IN_PROGRESS",
        Restoring = "RESTORING", SchedulingDeletion = "SCHEDULING_DELETION", PendingDeletion = "PENDING_DELETION",
        CancellingDeletion = "CANCELLING_DELETION", Deleting = "DELETING", Deleted = "DELETED",
    }
}

/// Free-form and defined tags.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tags {
    /// Key and value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub freeform: BTreeMap<String, String>,
    /// Namespace, key and value; values kept as JSON, because newer services send more than strings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defined: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

/// A vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// Its OCID.
    pub id: VaultId,
    /// Display name; not unique.
    pub name: String,
    /// Where it was found.
    pub region: Region,
    /// Where it lives, and the only compartment it can be restored to.
    pub compartment_id: CompartmentId,
    /// Kind of vault.
    pub vault_type: VaultType,
    /// State when read.
    pub lifecycle_state: VaultState,
    /// Base URL of the key operations.
    pub management_endpoint: String,
    /// Base URL of the crypto operations.
    pub crypto_endpoint: String,
    /// When it was made.
    pub time_created: Timestamp,
    /// When it will be deleted, if that is scheduled.
    pub time_of_deletion: Option<Timestamp>,
    /// The vault whose backup it was restored from.
    pub restored_from: Option<VaultId>,
    /// False for a replica, which takes no management operation and no backup.
    pub is_primary: bool,
    /// Whether it can be replicated to another region; unknown if the service does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_replicable: Option<bool>,
    /// The service's own RSA key of this vault, which wraps material to import. Nobody made it, it is in no list
    /// and in no count, and no backup need hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapping_key_id: Option<KeyId>,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

impl Vault {
    /// Where the primary of a replica is; none for a primary. A replica has the OCID of its primary, and an OCID
    /// names the region in which it was made.
    pub fn primary_region(&self) -> Option<Region> {
        self.id.region().filter(|region| !self.is_primary && *region != self.region)
    }
}

/// The service's own count of a vault's keys in all compartments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// HSM keys that are not deleted.
    pub keys: u64,
    /// Software keys that are not deleted.
    pub software_keys: u64,
    /// Versions of HSM keys.
    pub key_versions: u64,
    /// Versions of software keys.
    pub software_key_versions: u64,
}

/// A compartment, or the tenancy as the root one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compartment {
    /// Its OCID, the same in every region of the realm.
    pub id: CompartmentId,
    /// The parent; none for the root.
    pub parent_id: Option<CompartmentId>,
    /// Name, unique below its parent.
    pub name: String,
    /// Names from the root down, joined by `/`; the root itself is `/`.
    pub path: String,
    /// False while it is being deleted or already gone.
    pub is_active: bool,
}

/// A secret, listed and never read. No backup holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its OCID.
    pub id: SecretId,
    /// Name, unique in its vault.
    pub name: String,
    /// Where it lives; often not the vault's compartment.
    pub compartment_id: CompartmentId,
    /// The vault that holds it.
    pub vault_id: VaultId,
    /// The key that encrypts it.
    pub key_id: Option<KeyId>,
    /// OCI's word for its state.
    pub lifecycle_state: String,
}
