//! Which stores the ledger rests on: the one that is named, or all that the settings know of.

use std::collections::BTreeSet;

use keyferry_core::model::{StoreUrl, Vault, VaultState};
use keyferry_core::policy::Policy;
use keyferry_core::{Inventory, eligibility};
use keyferry_ids::Region;

use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};

/// `--store`, or each store with a name and each that a policy saves its vaults into, once.
pub(super) async fn all(
    on: &Invocation,
    cloud: &Cloud,
    inventory: &Inventory,
) -> Result<Vec<StoreUrl>, Failure> {
    if on.globals.store.is_some() {
        return Ok(vec![on.store()?]);
    }
    let mut all: Vec<StoreUrl> = on.own.stores().cloned().collect();
    for policy in on.own.policies() {
        let regions = regions(policy, inventory);
        for region in &regions {
            if let Some(bucket) = policy.bucket(*region) {
                all.push(store(cloud, inventory, bucket, *region).await?);
            }
        }
        for copy in &policy.copy_to {
            let copy = on.own.store(copy)?;
            // Each vault takes those that would survive its own region.
            if regions.iter().any(|region| copy.region() != Some(*region)) {
                all.push(copy);
            }
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|store| seen.insert(store.to_string()));
    Ok(if all.is_empty() { vec![on.store()?] } else { all })
}

/// Where the vaults are that the policy saves.
fn regions(policy: &Policy, inventory: &Inventory) -> BTreeSet<Region> {
    let is_saved = |vault: &&Vault| {
        vault.lifecycle_state != VaultState::Deleted
            && eligibility::vault(vault).is_empty()
            && policy.selects(vault, &inventory.compartment_path(&vault.compartment_id))
    };
    inventory.vaults.iter().map(|stock| &stock.vault).filter(is_saved).map(|vault| vault.region).collect()
}

/// A policy's bucket. A tenancy has one namespace in all regions, so that a lost one need not be asked.
async fn store(
    cloud: &Cloud,
    inventory: &Inventory,
    bucket: &str,
    region: Region,
) -> Result<StoreUrl, Failure> {
    let (name, namespace) = match bucket.split_once('@') {
        Some((name, namespace)) => (name, namespace.to_owned()),
        None => {
            let mut found = cloud.client.namespace(region).await;
            for other in inventory.regions.iter().filter(|other| **other != region) {
                if found.is_err() {
                    found = cloud.client.namespace(*other).await;
                }
            }
            (bucket, found?)
        }
    };
    let store = format!("oci://{name}@{namespace}/{region}").parse();
    store.map_err(|error| CliError::Usage(format!("bucket {name}: {error}")).into())
}
