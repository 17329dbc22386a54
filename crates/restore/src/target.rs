//! Looks at the region a restore goes to. Asks nothing of any other region.

use keyferry_core::Environment;
use keyferry_core::model::{Compartment, VaultState};
use keyferry_ids::{CompartmentId, Region, VaultId};
use keyferry_oci::Client;

/// What a plan has to know about its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Realm and tenancy of the caller.
    pub environment: Environment,
    /// Regions the tenancy may use.
    pub subscribed: Vec<Region>,
    /// All compartments as the target region knows them.
    pub compartments: Vec<Compartment>,
    /// The vault itself or one that was restored from it.
    pub existing: Option<VaultId>,
}

/// Looks. `ask` is the region that the backup was just read from, so it answers: it says which regions the
/// tenancy may use. `vault` is the vault in the backup with its recorded compartment.
///
/// # Errors
/// If a region does not answer. A target of another realm or without subscription is not asked at all.
pub async fn look(
    client: &Client,
    environment: &Environment,
    ask: Region,
    into: Region,
    vault: Option<(&VaultId, &CompartmentId)>,
) -> Result<Target, keyferry_oci::Error> {
    let mut target = Target {
        environment: environment.clone(),
        subscribed: Vec::new(),
        compartments: Vec::new(),
        existing: None,
    };
    if into.realm() != environment.realm {
        return Ok(target);
    }
    let subscriptions = client.region_subscriptions(ask).await?;
    target.subscribed = subscriptions.known.iter().filter(|s| s.is_ready).map(|s| s.region).collect();
    if !target.subscribed.contains(&into) {
        return Ok(target);
    }
    target.compartments = client.compartments(into).await?;
    // In a compartment that is gone, or of another tenancy, nothing can be listed.
    let is_there = |id: &CompartmentId| target.compartments.iter().any(|c| c.id == *id && c.is_active);
    if let Some((id, compartment)) = vault.filter(|(_, compartment)| is_there(compartment)) {
        let vaults = client.list_vaults(into, compartment).await?;
        let is_it = |v: &&keyferry_core::model::Vault| {
            (v.id == *id || v.restored_from.as_ref() == Some(id)) && v.lifecycle_state != VaultState::Deleted
        };
        target.existing = vaults.iter().find(is_it).map(|v| v.id.clone());
    }
    Ok(target)
}
