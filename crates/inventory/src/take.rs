//! The whole stock at once.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use keyferry_core::{Environment, Inventory, LimitUse, Observer};
use keyferry_ids::Region;
use keyferry_oci::{Client, Error};
use keyferry_seams::Clock;

use crate::{Scope, Survey, stock, survey};

/// Vaults read at the same time. Each has endpoints of its own, and the client keeps the pace.
const VAULTS_AT_ONCE: usize = 16;
/// The limits that a backup or restore runs into.
const LIMITS: [&str; 2] = ["virtual-private-vault-count", "virtual-vault-count"];

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
    let survey = survey(client, clock, observer, environment, home, scope).await?;
    let mut inventory = stocks(client, &survey).await;
    inventory.limits = limits(client, &survey).await;
    Ok(inventory)
}

/// Reads the keys of all vaults of a survey.
pub async fn stocks(client: &Client, survey: &Survey) -> Inventory {
    let mut inventory = Inventory { vaults: Vec::new(), ..survey.inventory() };
    let stocks = survey.vaults.iter().map(|vault| stock(client, survey, vault));
    let mut stocks = stream::iter(stocks).buffered(VAULTS_AT_ONCE);
    while let Some((stock, gaps)) = stocks.next().await {
        inventory.vaults.push(stock);
        inventory.gaps.extend(gaps);
    }
    inventory
}

async fn limits(client: &Client, survey: &Survey) -> Vec<LimitUse> {
    let asking =
        survey.regions.iter().flat_map(|region| LIMITS.map(|name| limit(client, survey, *region, name)));
    stream::iter(asking).buffered(VAULTS_AT_ONCE).collect().await
}

async fn limit(client: &Client, survey: &Survey, region: Region, name: &str) -> LimitUse {
    let unknown = |because: String| LimitUse {
        region,
        name: name.to_owned(),
        used: None,
        available: None,
        unknown: Some(because),
    };
    if survey.silent.contains(&region) {
        return unknown("the region does not answer".to_owned());
    }
    match client.availability(region, "kms", name).await {
        Ok(shown) => {
            let is_said = shown.used.is_some() || shown.available.is_some();
            let unknown = (!is_said).then(|| "the service does not say".to_owned());
            LimitUse { region, name: name.to_owned(), used: shown.used, available: shown.available, unknown }
        }
        Err(error) => unknown(error.to_string()),
    }
}
