//! Makes a scenario's world through the same API as everybody else. Only secrets are put into the realm
//! directly: Keyferry has no use for creating them.

use std::collections::BTreeMap;
use std::time::Duration;

use keyferry_core::model::{OciStore, VaultState};
use keyferry_ids::{CompartmentId, VaultId};
use keyferry_oci::{NewKey, NewVault};
use keyferry_realm::Secret;
use keyferry_seams::Clock as _;

use crate::embedded::Ground;
use crate::{DrillError, Scenario};

/// What the story needs to know of its world.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) stores: BTreeMap<String, OciStore>,
    pub(crate) vaults: BTreeMap<String, VaultId>,
}

/// Longest time, in looks of one second, that a new vault may take to become ACTIVE.
const LOOKS: u32 = 600;

pub(crate) async fn make(scenario: &Scenario, ground: &Ground) -> Result<World, DrillError> {
    let client = &ground.context.client;
    let unknown = |kind, name: &str| crate::ScenarioError::Unknown { kind, name: name.to_owned() };
    let home = *scenario.regions.first().ok_or_else(|| unknown("region", "home"))?;
    let root = CompartmentId::from(client.tenancy_id().clone());
    let mut compartments = BTreeMap::new();
    for new in &scenario.compartments {
        let made = client.create_compartment(home, &root, &new.name, "made for a drill", None).await?;
        compartments.insert(new.name.clone(), made);
    }
    let compartment = |name: &str| compartments.get(name).ok_or_else(|| unknown("compartment", name));
    let namespace = client.namespace(home).await?;
    let mut world = World::default();
    for new in &scenario.buckets {
        client.create_bucket(new.region, &namespace, &new.name, compartment(&new.compartment)?, None).await?;
        let store = OciStore {
            bucket: new.name.clone(),
            namespace: namespace.clone(),
            region: new.region,
            prefix: String::new(),
        };
        world.stores.insert(new.name.clone(), store);
    }
    for new in &scenario.vaults {
        let details = NewVault {
            compartment_id: compartment(&new.compartment)?,
            name: &new.name,
            vault_type: new.vault_type.clone(),
            tags: BTreeMap::new(),
        };
        let id = client.create_vault(new.region, details, None).await?.id;
        let mut vault = client.vault(new.region, &id).await?;
        for _ in 0..LOOKS {
            if vault.lifecycle_state == VaultState::Active {
                break;
            }
            ground.clock.sleep(Duration::from_secs(1)).await;
            vault = client.vault(new.region, &id).await?;
        }
        for key in &new.keys {
            let details = NewKey {
                compartment_id: compartment(key.compartment.as_ref().unwrap_or(&new.compartment))?,
                name: &key.name,
                shape: key.shape()?,
                protection_mode: key.protection.clone(),
                tags: BTreeMap::new(),
            };
            let key_id = client.create_key(&vault, details, None).await?;
            // A new key is CREATING for a while; nothing can be done with it before.
            ground.clock.sleep(Duration::from_secs(60)).await;
            if key.disabled {
                client.disable_key(&vault, &key_id, None).await?;
            }
        }
        for secret in &new.secrets {
            let secret = Secret {
                region: new.region,
                vault_id: id.to_string(),
                compartment_id: compartment(&secret.compartment)?.to_string(),
                name: secret.name.clone(),
                key_id: None,
            };
            ground.realm.seed_secret(&secret, ground.clock.now())?;
        }
        world.vaults.insert(new.name.clone(), id);
    }
    ground.clock.sleep(Duration::from_secs(60)).await;
    Ok(world)
}
