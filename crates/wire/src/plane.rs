//! Which service an operation belongs to, and at which host Oracle runs it.

use keyferry_ids::Region;
use serde::{Deserialize, Serialize};

/// A service endpoint. Sending an operation to another plane is a 404 in OCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plane {
    /// Key management, regional: vaults.
    Vault,
    /// Key management at one vault's `managementEndpoint`: keys.
    Management,
    /// Key management at one vault's `cryptoEndpoint`: encrypt, decrypt, sign, verify.
    Crypto,
    /// Object Storage.
    Objects,
    /// Identity: tenancy, compartments, region subscriptions.
    Identity,
    /// The general work request service, which follows vault backups and restores.
    WorkRequests,
    /// Secret management ("vaults" service).
    Secrets,
    /// Secret retrieval: the content of secrets.
    SecretRetrieval,
    /// Service limits.
    Limits,
    /// The record of calls made.
    Audit,
}

impl Plane {
    /// The host of a regional plane, from the SDKs' endpoint templates; `None` for the two planes whose
    /// endpoint only the vault itself can name.
    pub fn host(self, region: Region) -> Option<String> {
        let (name, domain) = (region.name(), region.domain());
        match self {
            Self::Vault => Some(format!("kms.{name}.{domain}")),
            Self::Objects => Some(format!("objectstorage.{name}.{domain}")),
            Self::Identity => Some(format!("identity.{name}.oci.{domain}")),
            Self::WorkRequests => Some(format!("iaas.{name}.{domain}")),
            Self::Secrets => Some(format!("vaults.{name}.oci.{domain}")),
            Self::SecretRetrieval => Some(format!("secrets.vaults.{name}.oci.{domain}")),
            Self::Limits => Some(format!("limits.{name}.oci.{domain}")),
            Self::Audit => Some(format!("audit.{name}.{domain}")),
            Self::Management | Self::Crypto => None,
        }
    }
}
