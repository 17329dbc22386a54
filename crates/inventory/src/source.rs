//! Walks all compartments of all subscribed regions.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use keyferry_core::model::{Compartment, Key, Secret, Vault};
use keyferry_core::{Environment, Event, EventKind, Gap, Inventory, Observer, VaultStock};
use keyferry_ids::{CompartmentId, Region};
use keyferry_oci::{Client, Error};
use keyferry_seams::Clock;

/// Compartments read at the same time; the service allows ten reads a second.
const AT_ONCE: usize = 4;

/// What is to be read.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The region that is asked for subscriptions and compartments.
    pub ask: Option<Region>,
    /// These regions only; all subscribed ones if empty.
    pub regions: Vec<Region>,
    /// Vaults of this compartment only. Their keys and secrets are still looked for everywhere.
    pub compartment: Option<CompartmentId>,
}

/// Reads everything in scope. What can't be read becomes a gap.
///
/// # Errors
/// Only if not even the compartments can be read: nothing could then be said about anything.
pub async fn take(
    client: &Client,
    clock: &dyn Clock,
    observer: &Arc<dyn Observer>,
    environment: &Environment,
    home: Region,
    scope: &Scope,
) -> Result<Inventory, Error> {
    let ask = scope.ask.unwrap_or(home);
    let taken_at = clock.now();
    let mut gaps = Vec::new();
    let subscriptions = client.region_subscriptions(ask).await?;
    let compartments = client.compartments(ask).await?;
    let mut regions: Vec<Region> =
        subscriptions.known.iter().filter(|s| s.is_ready).map(|s| s.region).collect();
    for asked in &scope.regions {
        if !regions.contains(asked) {
            gaps.push(Gap {
                region: *asked,
                reading: "vaults".into(),
                subject: None,
                because: "the tenancy is not subscribed to this region".into(),
            });
        }
    }
    // Newer than our table: there may be vaults that we can't even address.
    let unknown = subscriptions.unknown.iter().map(|name| Gap {
        region: ask,
        reading: "region".into(),
        subject: Some(name.clone()),
        because: "this version of Keyferry does not know the region".into(),
    });
    gaps.extend(unknown);
    regions.retain(|region| scope.regions.is_empty() || scope.regions.contains(region));
    let active: Vec<&Compartment> = compartments.iter().filter(|c| c.is_active).collect();
    let mut stocks = Vec::new();
    for region in &regions {
        observer.note(Event::new(clock.now(), EventKind::Progress, "inventory", "reading").at(region));
        let mut reader = Reader { client, region: *region, active: &active, gaps: &mut gaps };
        stocks.extend(reader.region(scope.compartment.as_ref()).await);
    }
    let environment = environment.clone();
    Ok(Inventory { taken_at, environment, regions, compartments, vaults: stocks, gaps })
}

struct Reader<'a> {
    client: &'a Client,
    region: Region,
    active: &'a [&'a Compartment],
    gaps: &'a mut Vec<Gap>,
}

impl Reader<'_> {
    async fn region(&mut self, only: Option<&CompartmentId>) -> Vec<VaultStock> {
        let (client, region) = (self.client, self.region);
        let places: Vec<_> = self.active.iter().filter(|c| only.is_none_or(|id| c.id == *id)).collect();
        let read = |compartment: &&&Compartment| {
            let compartment = compartment.id.clone();
            async move { (client.list_vaults(region, &compartment).await, compartment) }
        };
        let listed: Vec<_> = stream::iter(places.iter().map(read)).buffered(AT_ONCE).collect().await;
        let mut vaults: Vec<Vault> = Vec::new();
        for (result, compartment) in listed {
            match result {
                Ok(found) => vaults.extend(found),
                Err(error) => {
                    self.gap("vaults", Some(compartment.to_string()), &error);
                    // A region that does not answer at all is one gap, not one per compartment.
                    if error.is_unreachable() {
                        return Vec::new();
                    }
                }
            }
        }
        vaults.sort_by(|a, b| (a.time_created, &a.id).cmp(&(b.time_created, &b.id)));
        let secrets = self.secrets(&vaults).await;
        let mut stocks = Vec::new();
        for vault in vaults {
            let keys = self.keys(&vault).await;
            let usage = match client.vault_usage(region, &vault.id).await {
                Ok(usage) => Some(usage),
                Err(error) => {
                    self.gap("usage", Some(vault.id.to_string()), &error);
                    None
                }
            };
            let secrets = secrets.iter().filter(|s| s.vault_id == vault.id).cloned().collect();
            stocks.push(VaultStock { vault, keys, secrets, usage });
        }
        stocks
    }

    async fn keys(&mut self, vault: &Vault) -> Vec<Key> {
        let client = self.client;
        let read = |compartment: &&Compartment| {
            let compartment = compartment.id.clone();
            async move { (client.list_keys(vault, &compartment).await, compartment) }
        };
        let listed: Vec<_> = stream::iter(self.active.iter().map(read)).buffered(AT_ONCE).collect().await;
        let mut keys = Vec::new();
        for (result, compartment) in listed {
            match result {
                Ok(found) => keys.extend(found),
                Err(error) => self.gap("keys", Some(format!("{} in {compartment}", vault.id)), &error),
            }
        }
        keys.sort_by(|a: &Key, b: &Key| (a.time_created, &a.id).cmp(&(b.time_created, &b.id)));
        keys
    }

    /// A vault's secrets may lie in any compartment, so all are asked.
    async fn secrets(&mut self, vaults: &[Vault]) -> Vec<Secret> {
        if vaults.is_empty() {
            return Vec::new();
        }
        let (client, region) = (self.client, self.region);
        let read = |compartment: &&Compartment| {
            let compartment = compartment.id.clone();
            async move { (client.list_secrets(region, &compartment, None).await, compartment) }
        };
        let listed: Vec<_> = stream::iter(self.active.iter().map(read)).buffered(AT_ONCE).collect().await;
        let mut secrets = Vec::new();
        for (result, compartment) in listed {
            match result {
                Ok(found) => secrets.extend(found),
                Err(error) => self.gap("secrets", Some(compartment.to_string()), &error),
            }
        }
        secrets
    }

    fn gap(&mut self, reading: &str, subject: Option<String>, error: &Error) {
        let because = match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        self.gaps.push(Gap { region: self.region, reading: reading.into(), subject, because });
    }
}
