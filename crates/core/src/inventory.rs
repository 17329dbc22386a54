//! A dated snapshot of the cloud, with what could not be read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_ids::{CompartmentId, Region};
use serde::{Deserialize, Serialize};

use crate::Environment;
use crate::model::{Compartment, Key, Secret, Usage, Vault};

/// A vault with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultStock {
    /// The vault.
    pub vault: Vault,
    /// Its keys from all compartments that are not deleted, ordered by creation.
    pub keys: Vec<Key>,
    /// Its secrets from all compartments.
    pub secrets: Vec<Secret>,
    /// The service's own count, if it could be read.
    pub usage: Option<Usage>,
}

impl VaultStock {
    /// How many of its secrets lie in which compartment.
    pub fn secrets_by_compartment(&self) -> BTreeMap<&CompartmentId, usize> {
        let mut counts = BTreeMap::new();
        for secret in &self.secrets {
            *counts.entry(&secret.compartment_id).or_default() += 1;
        }
        counts
    }
}

/// How much of a service limit on vaults is left in a region. It takes a permission of its own to see that, and
/// nothing of the stock depends on it: what is unknown here makes no inventory incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// The region.
    pub region: Region,
    /// OCI's name for the limit, such as `virtual-private-vault-count`.
    pub name: String,
    /// How much is used.
    pub used: Option<u64>,
    /// How much more is allowed.
    pub available: Option<u64>,
    /// Why it is not known.
    pub unknown: Option<String>,
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
    /// All vaults, in order of region and creation. A replica has the OCID of its primary.
    pub vaults: Vec<VaultStock>,
    /// Limits on vaults, by region.
    #[serde(default)]
    pub limits: Vec<LimitUse>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Inventory {
    /// True if nothing is missing: no gap, and every vault's keys add up.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && self.vaults.iter().all(|stock| crate::completeness(stock).complete)
    }

    /// The regions with a replica of a primary vault, as far as they were read.
    pub fn replicas_of(&self, vault: &Vault) -> impl Iterator<Item = Region> {
        let replicas = self
            .vaults
            .iter()
            .map(|stock| &stock.vault)
            .filter(|other| other.id == vault.id && vault.is_primary && !other.is_primary);
        replicas.map(|replica| replica.region)
    }

    /// The path of a compartment, or its OCID if it is not known.
    pub fn compartment_path(&self, id: &CompartmentId) -> String {
        let known = self.compartments.iter().find(|compartment| compartment.id == *id);
        known.map_or_else(|| id.to_string(), |compartment| compartment.path.clone())
    }
}
