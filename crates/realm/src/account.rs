//! What stays the same while the realm runs: who its tenant is, its keys, its speed and its endpoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use keyferry_ids::{RealmName, Region};
use keyferry_seams::Seed;
use serde::{Deserialize, Serialize};

use crate::authenticate::{ApiKeys, SessionTokens};
use crate::latency::Latency;
use crate::mint;
use crate::semantics::Semantics;
use crate::wrapping_keys::WrappingKeys;

/// Begins the unique part of an embedded realm's OCIDs of tenancy and user, so that nobody mistakes them.
const MARK: &str = "aaaaaaaakeyferryembedded";

/// Who the one tenant of the realm is, and in which regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The tenancy, which is also the root compartment.
    pub tenancy_id: String,
    /// Its one user.
    pub user_id: String,
    /// The Object Storage namespace, the same in all regions.
    pub namespace: String,
    /// The regions that the realm serves; the first is home.
    pub regions: Vec<Region>,
    /// The regions that the tenancy is subscribed to from the beginning, besides home; all if none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribed: Option<Vec<Region>>,
}

impl Identity {
    /// The identity that belongs to the seed.
    pub fn mint(regions: Vec<Region>, seed: &Seed) -> Self {
        let realm = regions.first().map_or_else(|| RealmName::new("oc1"), |region| region.realm());
        let id = |kind: &str| {
            let unique = mint::letters(&seed.bytes::<36>(kind));
            format!("ocid1.{kind}.{realm}..{MARK}{unique}")
        };
        let namespace = mint::letters(&seed.bytes::<12>("namespace"));
        Self { tenancy_id: id("tenancy"), user_id: id("user"), namespace, regions, subscribed: None }
    }
}

/// Gives each vault a port of its own.
pub(crate) trait VaultPorts: Send + Sync + std::fmt::Debug {
    /// The base URL at which the vault with that extension answers, opened if it was not yet.
    fn endpoint(&self, region: Region, ext: &str) -> Option<String>;
}

/// The identity with everything secret and technical around it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) identity: Identity,
    /// The home region, where identity changes are made.
    pub(crate) home: Region,
    /// Opens backup files.
    pub(crate) root_key: Seed,
    pub(crate) wrapping_keys: WrappingKeys,
    pub(crate) latency: Latency,
    pub(crate) semantics: Semantics,
    pub(crate) api_keys: ApiKeys,
    /// Base URLs without a slash at the end.
    pub(crate) endpoints: BTreeMap<Region, String>,
    /// Opens a port for each vault; without it, vaults' endpoints are paths below their region's.
    pub(crate) vault_ports: Option<Arc<dyn VaultPorts>>,
}

impl Account {
    /// The region's base URL.
    pub(crate) fn endpoint(&self, region: Region) -> &str {
        self.endpoints.get(&region).map_or("", String::as_str)
    }

    /// `managementEndpoint` of a vault.
    pub(crate) fn management_endpoint(&self, region: Region, ext: &str) -> String {
        self.vault_endpoint(region, ext, "management")
    }

    /// `cryptoEndpoint` of a vault.
    pub(crate) fn crypto_endpoint(&self, region: Region, ext: &str) -> String {
        self.vault_endpoint(region, ext, "crypto")
    }

    fn vault_endpoint(&self, region: Region, ext: &str, plane: &str) -> String {
        let own = self.vault_ports.as_ref().and_then(|ports| ports.endpoint(region, ext));
        own.unwrap_or_else(|| format!("{}/vaults/{ext}/{plane}", self.endpoint(region)))
    }

    /// Reads the tokens of sessions.
    pub(crate) fn session_tokens(&self) -> SessionTokens {
        SessionTokens::new(&self.root_key, &self.identity)
    }

    /// Whether the tenancy was subscribed to the region from the beginning.
    pub(crate) fn was_subscribed(&self, region: Region) -> bool {
        let Identity { regions, subscribed, .. } = &self.identity;
        regions.contains(&region)
            && (region == self.home || subscribed.as_ref().is_none_or(|those| those.contains(&region)))
    }
}
