//! The cheap part of stock-taking: which vaults there are, and where their secrets lie.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use keyferry_core::model::{Compartment, Secret, Vault};
use keyferry_core::{Environment, Event, EventKind, Gap, Inventory, Observer, VaultStock};
use keyferry_ids::{CompartmentId, Region, VaultId};
use keyferry_oci::{Client, Error};
use keyferry_seams::Clock;

use crate::ask::{AT_ONCE, Asked, everywhere, gap};

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

/// All vaults in scope, without their keys: those are read vault by vault, see [`crate::stock`].
#[derive(Debug, Clone)]
pub struct Survey {
    /// When reading began.
    pub taken_at: Timestamp,
    /// Realm and tenancy.
    pub environment: Environment,
    /// Regions that were read, in order.
    pub regions: Vec<Region>,
    /// All compartments of the tenancy, the root first.
    pub compartments: Vec<Compartment>,
    /// All vaults, in order of region, creation and id. A replica has the OCID of its primary.
    pub vaults: Vec<Vault>,
    /// What could not be read so far.
    pub gaps: Vec<Gap>,
    secrets: BTreeMap<(Region, VaultId), Vec<Secret>>,
    /// Regions that do not answer.
    pub(crate) silent: BTreeSet<Region>,
}

impl Survey {
    /// A vault's secrets from all compartments.
    pub fn secrets(&self, vault: &Vault) -> &[Secret] {
        self.secrets.get(&(vault.region, vault.id.clone())).map_or(&[], Vec::as_slice)
    }

    /// Compartments in which something can be.
    pub(crate) fn active(&self) -> impl Iterator<Item = &CompartmentId> {
        self.compartments.iter().filter(|c| c.is_active).map(|c| &c.id)
    }

    /// The vaults as an inventory in which no key has been looked for yet: enough to find vaults and secrets in.
    pub fn inventory(&self) -> Inventory {
        let stocks = self.vaults.iter().map(|vault| VaultStock {
            vault: vault.clone(),
            keys: Vec::new(),
            secrets: self.secrets(vault).to_vec(),
            usage: None,
        });
        Inventory {
            taken_at: self.taken_at,
            environment: self.environment.clone(),
            regions: self.regions.clone(),
            compartments: self.compartments.clone(),
            vaults: stocks.collect(),
            limits: Vec::new(),
            gaps: self.gaps.clone(),
        }
    }
}

/// Reads the vaults and secrets in scope, all regions at the same time. What can't be read becomes a gap.
///
/// # Errors
/// Only if not even the compartments can be read: nothing could then be said about anything.
pub async fn survey(
    client: &Client,
    clock: &dyn Clock,
    observer: &Arc<dyn Observer>,
    environment: &Environment,
    home: Region,
    scope: &Scope,
) -> Result<Survey, Error> {
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
    regions.sort_unstable();
    let mut survey = Survey {
        taken_at,
        environment: environment.clone(),
        regions,
        compartments,
        vaults: Vec::new(),
        gaps,
        secrets: BTreeMap::new(),
        silent: BTreeSet::new(),
    };
    let active: Vec<&CompartmentId> = survey.active().collect();
    let reading = survey.regions.iter().map(|region| {
        observer.note(Event::new(clock.now(), EventKind::Progress, "inventory", "reading").at(region));
        read(client, *region, &active, scope.compartment.as_ref())
    });
    let found: Vec<Found> = stream::iter(reading).buffered(survey.regions.len().max(1)).collect().await;
    for of_region in found {
        survey.vaults.extend(of_region.vaults);
        survey.gaps.extend(of_region.gaps);
        for secret in of_region.secrets {
            let place = (of_region.region, secret.vault_id.clone());
            survey.secrets.entry(place).or_default().push(secret);
        }
        survey.silent.extend(of_region.is_silent.then_some(of_region.region));
    }
    Ok(survey)
}

/// What there is in one region.
struct Found {
    region: Region,
    vaults: Vec<Vault>,
    secrets: Vec<Secret>,
    gaps: Vec<Gap>,
    is_silent: bool,
}

async fn read(
    client: &Client,
    region: Region,
    active: &[&CompartmentId],
    only: Option<&CompartmentId>,
) -> Found {
    let places = active.iter().copied().filter(|id| only.is_none_or(|only| *id == only));
    let listed =
        everywhere((region, "vaults"), places, ToString::to_string, |id| client.vault_ids(region, id)).await;
    let Asked { found, mut gaps, mut is_silent } = listed;
    // A vault that moves while the lists are read may be in two of them.
    let ids: BTreeSet<VaultId> = found.into_iter().collect();
    // A list does not say whether a vault is a replica, nor where it was restored from.
    let reading = ids.iter().map(|id| async move { (id, client.vault(region, id).await) });
    let mut answers = stream::iter(reading).buffered(AT_ONCE);
    let mut vaults = Vec::new();
    while let Some((id, answer)) = answers.next().await {
        match answer {
            Ok(vault) => vaults.push(vault),
            Err(error) => gaps.push(gap(region, "vault", Some(id.to_string()), &error)),
        }
    }
    vaults.sort_by(|a, b| (a.time_created, &a.id).cmp(&(b.time_created, &b.id)));
    let mut secrets = Vec::new();
    if !ids.is_empty() && !is_silent {
        // A vault's secrets may lie in any compartment, so all are asked.
        let everything = active.iter().copied();
        let listed = everywhere((region, "secrets"), everything, ToString::to_string, |id| {
            client.list_secrets(region, id, None)
        });
        let asked = listed.await;
        secrets = asked.found;
        gaps.extend(asked.gaps);
        is_silent = asked.is_silent;
        if only.is_none() {
            gaps.extend(hidden(region, &ids, &secrets));
        }
    }
    Found { region, vaults, secrets, gaps, is_silent }
}

/// Vaults that nobody shows us, but that secrets name.
fn hidden(region: Region, seen: &BTreeSet<VaultId>, secrets: &[Secret]) -> Vec<Gap> {
    let mut named: BTreeMap<&VaultId, &Secret> = BTreeMap::new();
    for secret in secrets.iter().filter(|secret| !seen.contains(&secret.vault_id)) {
        named.entry(&secret.vault_id).or_insert(secret);
    }
    let gaps = named.into_iter().map(|(vault, secret)| Gap {
        region,
        reading: "vault".into(),
        subject: Some(vault.to_string()),
        because: format!("secret {} is encrypted in it, but no list shows the vault", secret.name),
    });
    gaps.collect()
}
