//! A dated snapshot of the cloud, with what could not be read.

use jiff::Timestamp;
use keyferry_ids::Region;
use serde::{Deserialize, Serialize};

use crate::Environment;
use crate::model::{Compartment, Key, Secret, Usage, Vault};

/// A vault with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultStock {
    /// The vault.
    pub vault: Vault,
    /// Its keys from all compartments, ordered by creation.
    pub keys: Vec<Key>,
    /// Its secrets from all compartments.
    pub secrets: Vec<Secret>,
    /// The service's own count, if it could be read.
    pub usage: Option<Usage>,
}

/// A part of the cloud that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The region.
    pub region: Region,
    /// What was being read.
    pub reading: String,
    /// The compartment, vault or key it was about.
    pub subject: Option<String>,
    /// What happened.
    pub because: String,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// When reading began.
    pub taken_at: Timestamp,
    /// Realm and tenancy.
    pub environment: Environment,
    /// Regions that were read.
    pub regions: Vec<Region>,
    /// All compartments of the tenancy, the root first.
    pub compartments: Vec<Compartment>,
    /// All vaults, in order of region and creation.
    pub vaults: Vec<VaultStock>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Inventory {
    /// True if nothing is missing: no gap, and every vault's keys add up.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && self.vaults.iter().all(|stock| crate::completeness(stock).complete)
    }

    /// The path of a compartment, or its OCID if it is not known.
    pub fn compartment_path(&self, id: &keyferry_ids::CompartmentId) -> String {
        let known = self.compartments.iter().find(|compartment| compartment.id == *id);
        known.map_or_else(|| id.to_string(), |compartment| compartment.path.clone())
    }
}
