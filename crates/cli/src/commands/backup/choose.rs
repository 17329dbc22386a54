//! Which vaults are meant, how much of each, and where each goes.

use std::collections::{BTreeMap, BTreeSet};

use keyferry_backup::{Extent, FleetVault};
use keyferry_core::model::{OciStore, StoreUrl, Vault, VaultState};
use keyferry_core::policy::{self, Policy};
use keyferry_core::{Code, Inventory, eligibility};
use keyferry_ids::{KeyId, Ocid, Region, VaultId};
use keyferry_inventory::{FindError, Found, Scope, Survey, find, stocks};
use keyferry_report::Skipped;

use super::{Args, namespace, par};
use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};

/// Everything that is decided before the first vault is touched.
#[derive(Debug)]
pub(super) struct Chosen {
    /// What was seen of the tenancy.
    pub(super) survey: Survey,
    /// The vaults, in order.
    pub(super) vaults: Vec<FleetVault>,
    /// Those of a fleet that can't be saved.
    pub(super) skipped: Vec<Skipped>,
}

pub(super) async fn choose(
    args: &Args,
    on: &Invocation,
    cloud: &Cloud,
    policy: Option<&Policy>,
) -> Result<Chosen, Failure> {
    let mut survey = on.survey(cloud, &scope(&args.targets)?).await?;
    let mut skipped = Vec::new();
    let meant: Vec<(Vault, Extent)> = if args.targets.is_empty() {
        let extent = extent(args, policy);
        fleet(args, &survey, policy, &mut skipped)?.into_iter().map(|vault| (vault, extent.clone())).collect()
    } else {
        named(args, cloud, &survey).await?
    };
    // What could not be read elsewhere makes this backup no less complete.
    survey.gaps.retain(|gap| match policy {
        Some(policy) => policy.reaches(gap.region),
        None => args.all || meant.iter().any(|(vault, _)| vault.region == gap.region),
    });
    let copies = match policy {
        Some(policy) => &policy.copy_to,
        None => &args.copies,
    };
    let copies: Vec<StoreUrl> = copies.iter().map(|text| on.own.store(text)).collect::<Result<_, _>>()?;
    if let Some(par) = &cloud.par {
        return Ok(Chosen { survey, vaults: par::through(par, meant, copies)?, skipped });
    }
    let mut stores: BTreeMap<Region, OciStore> = BTreeMap::new();
    let mut vaults = Vec::new();
    for (vault, extent) in meant {
        let store = match stores.get(&vault.region) {
            Some(store) => store.clone(),
            None => {
                let bucket = bucket(args, policy, vault.region)?;
                let store = namespace(cloud, bucket, vault.region).await?;
                stores.insert(vault.region, store.clone());
                store
            }
        };
        // A policy lists stores for vaults of many regions; each vault takes those that would survive its own.
        let survives = |copy: &&StoreUrl| policy.is_none() || copy.region() != Some(vault.region);
        let copies = copies.iter().filter(survives).cloned().collect();
        vaults.push(FleetVault {
            id: vault.id,
            name: vault.name,
            region: vault.region,
            store,
            copies,
            extent,
            par: None,
        });
    }
    Ok(Chosen { survey, vaults, skipped })
}

fn bucket<'a>(args: &'a Args, policy: Option<&'a Policy>, region: Region) -> Result<&'a str, CliError> {
    match (policy, &args.bucket) {
        (Some(policy), _) => policy.bucket(region).ok_or_else(|| {
            CliError::Usage(format!("the policy names no bucket for vaults of {region}; add `bucket`"))
        }),
        (None, Some(bucket)) => Ok(bucket),
        (None, None) => Err(CliError::Usage("name a bucket with --bucket".into())),
    }
}

fn extent(args: &Args, policy: Option<&Policy>) -> Extent {
    match policy.map(|policy| policy.contents) {
        Some(policy::Extent::WithKeys) => Extent::WithKeys,
        Some(policy::Extent::MetadataOnly) => Extent::MetadataOnly,
        Some(policy::Extent::KeysOneByOne) => Extent::KeysOneByOne,
        None if args.metadata_only => Extent::MetadataOnly,
        None if args.keys_one_by_one => Extent::KeysOneByOne,
        None => Extent::WithKeys,
    }
}

/// Where the targets are, if their OCIDs say so: no other region needs to be up.
fn scope(targets: &[String]) -> Result<Scope, CliError> {
    if let Some(store) = targets.iter().find(|target| target.contains("://") || target.starts_with("file:")) {
        return Err(CliError::Usage(format!(
            "`{store}` is a store, not a vault; write --copy-to before each store"
        )));
    }
    if targets.is_empty() {
        return Ok(Scope::default());
    }
    let region = |target: &String| Ocid::parse(target).ok().and_then(|id| id.region());
    let regions: Option<BTreeSet<Region>> = targets.iter().map(region).collect();
    let regions: Vec<Region> = regions.unwrap_or_default().into_iter().collect();
    Ok(Scope { ask: regions.first().copied(), regions, compartment: None })
}

/// The vaults of a fleet, or of this worker's part of it.
fn fleet(
    args: &Args,
    survey: &Survey,
    policy: Option<&Policy>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Vault>, CliError> {
    let path = |vault: &Vault| {
        let known = survey.compartments.iter().find(|compartment| compartment.id == vault.compartment_id);
        known.map_or_else(String::new, |compartment| compartment.path.clone())
    };
    let is_meant = |vault: &&Vault| {
        vault.lifecycle_state != VaultState::Deleted
            && args.shard.is_none_or(|shard| shard.has(&vault.id))
            && policy.is_none_or(|policy| policy.selects(vault, &path(vault)))
    };
    let mut chosen = Vec::new();
    for vault in survey.vaults.iter().filter(is_meant) {
        match eligibility::vault(vault).into_iter().next() {
            None => chosen.push(vault.clone()),
            Some(reason) => skipped.push(Skipped {
                id: vault.id.to_string(),
                name: vault.name.clone(),
                code: Some(reason.code),
                because: reason.text,
                ..Skipped::default()
            }),
        }
    }
    // A worker whose part is empty has done it.
    if !chosen.is_empty() || args.shard.is_some() {
        return Ok(chosen);
    }
    match skipped.first() {
        Some(Skipped { name, because, code: Some(code), .. }) => {
            Err(CliError::NotEligible { name: name.clone(), code: *code, because: because.clone() })
        }
        _ => Err(CliError::NoVaults),
    }
}

/// What was named, each vault once. Refused before anything is written if one of them can't be saved.
async fn named(args: &Args, cloud: &Cloud, survey: &Survey) -> Result<Vec<(Vault, Extent)>, Failure> {
    let mut inventory = survey.inventory();
    let is_key = |target: &String| KeyId::parse(target).is_ok();
    let is_unknown = |target: &String| matches!(find(&inventory, target), Err(FindError::Absent(_)));
    // Keys are only looked for if one may be meant.
    if args.targets.iter().any(|target| is_key(target) || is_unknown(target)) {
        inventory = stocks(&cloud.client, survey).await;
    }
    let mut order: Vec<VaultId> = Vec::new();
    let mut meant: BTreeMap<VaultId, (Vault, Extent)> = BTreeMap::new();
    for target in &args.targets {
        let (vault, extent) = one(args, &inventory, target)?;
        if !order.contains(&vault.id) {
            order.push(vault.id.clone());
        }
        let entry = meant.entry(vault.id.clone());
        match (entry.or_insert_with(|| (vault, extent.clone())), extent) {
            ((_, Extent::Keys(known)), Extent::Keys(more)) => {
                known.extend(more);
                known.sort();
                known.dedup();
            }
            // The whole vault holds its keys.
            ((_, known @ Extent::Keys(_)), whole) => *known = whole,
            _ => {}
        }
    }
    Ok(order.iter().filter_map(|id| meant.remove(id)).collect())
}

fn one(args: &Args, inventory: &Inventory, target: &str) -> Result<(Vault, Extent), Failure> {
    let (stock, name, reasons, extent) = match find(inventory, target)? {
        Found::Vault(stock) => {
            (stock, &stock.vault.name, eligibility::vault(&stock.vault), extent(args, None))
        }
        Found::Key(stock, key) => {
            let reasons = [eligibility::vault(&stock.vault), eligibility::key(key)].concat();
            (stock, &key.name, reasons, Extent::Keys(vec![key.id.clone()]))
        }
        Found::Secret(_, secret) => {
            let because = Code::SecretNotSaved.summary().to_owned();
            let name = secret.name.clone();
            return Err(CliError::NotEligible { name, code: Code::SecretNotSaved, because }.into());
        }
    };
    match reasons.into_iter().next() {
        Some(reason) => {
            let name = name.clone();
            Err(CliError::NotEligible { name, code: reason.code, because: reason.text }.into())
        }
        None => Ok((stock.vault.clone(), extent)),
    }
}
