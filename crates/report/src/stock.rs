//! The inventory as scripts and spreadsheets read it.

use jiff::Timestamp;
use keyferry_core::eligibility::{self, Reason};
use keyferry_core::model::{Algorithm, Compartment, Key, KeyVersion, Secret, Usage, Vault};
use keyferry_core::{Completeness, Environment, Gap, Inventory, LimitUse, VaultStock, completeness};
use keyferry_ids::{CompartmentId, Region};
use serde::{Serialize, Serializer};

use crate::mapping::csv::field;

/// An inventory as scripts read it: vaults without a wrapper, and a verdict on everything in them.
#[derive(Debug, Clone, Copy)]
pub struct InventoryShown<'a>(pub &'a Inventory);

impl Serialize for InventoryShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inventory = self.0;
        let counted = || inventory.vaults.iter().map(completeness);
        let totals = Completeness {
            complete: inventory.is_complete(),
            expected: counted().map(|of_vault| of_vault.expected).sum(),
            seen: counted().map(|of_vault| of_vault.seen).sum(),
        };
        let shown = Shown {
            taken_at: inventory.taken_at,
            environment: &inventory.environment,
            regions: &inventory.regions,
            compartments: &inventory.compartments,
            vaults: Each(|| inventory.vaults.iter().map(|stock| vault(inventory, stock))),
            eligibility: Each(|| inventory.vaults.iter().flat_map(verdicts)),
            completeness: WithGaps { totals, gaps: &inventory.gaps },
            limits: &inventory.limits,
        };
        shown.serialize(serializer)
    }
}

/// A list whose items are made while it is written.
struct Each<F>(F);

impl<T: Serialize, I: Iterator<Item = T>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[derive(Serialize)]
struct Shown<'a, V, E> {
    taken_at: Timestamp,
    environment: &'a Environment,
    regions: &'a [Region],
    compartments: &'a [Compartment],
    vaults: V,
    eligibility: E,
    completeness: WithGaps<'a>,
    limits: &'a [LimitUse],
}

#[derive(Serialize)]
struct WithGaps<'a> {
    #[serde(flatten)]
    totals: Completeness,
    gaps: &'a [Gap],
}

#[derive(Serialize)]
struct VaultShown<'a> {
    #[serde(flatten)]
    vault: &'a Vault,
    keys: Vec<KeyShown<'a>>,
    secrets: &'a [Secret],
    secrets_in: Vec<SecretsIn<'a>>,
    usage: Option<Usage>,
    completeness: Completeness,
    primary_region: Option<Region>,
    replica_regions: Vec<Region>,
}

#[derive(Serialize)]
struct KeyShown<'a> {
    #[serde(flatten)]
    key: &'a Key,
    algorithm: &'a Algorithm,
}

#[derive(Serialize)]
struct SecretsIn<'a> {
    compartment_id: &'a CompartmentId,
    count: usize,
}

fn vault<'a>(inventory: &'a Inventory, stock: &'a VaultStock) -> VaultShown<'a> {
    let keys = stock.keys.iter().map(|key| KeyShown { key, algorithm: &key.shape.algorithm });
    let secrets_in = stock.secrets_by_compartment().into_iter();
    VaultShown {
        vault: &stock.vault,
        keys: keys.collect(),
        secrets: &stock.secrets,
        secrets_in: secrets_in.map(|(compartment_id, count)| SecretsIn { compartment_id, count }).collect(),
        usage: stock.usage,
        completeness: completeness(stock),
        primary_region: stock.vault.primary_region(),
        replica_regions: inventory.replicas_of(&stock.vault).collect(),
    }
}

#[derive(Serialize)]
struct Eligible<'a> {
    id: &'a str,
    eligible: bool,
    reasons: Vec<Reason>,
}

// Reasons are inherited: nothing of a vault that can't be backed up is saved.
fn verdicts(stock: &VaultStock) -> Vec<Eligible<'_>> {
    fn verdict(id: &str, reasons: Vec<Reason>) -> Eligible<'_> {
        Eligible { id, eligible: reasons.is_empty(), reasons }
    }
    let of_vault = eligibility::vault(&stock.vault);
    let mut verdicts = vec![verdict(stock.vault.id.as_str(), of_vault.clone())];
    for key in &stock.keys {
        let of_key = [of_vault.clone(), eligibility::key(key)].concat();
        verdicts.push(verdict(key.id.as_str(), of_key.clone()));
        for version in &key.versions {
            let of_version = [of_key.clone(), eligibility::version(key, version)].concat();
            verdicts.push(verdict(version.id.as_str(), of_version));
        }
    }
    let never = || vec![eligibility::secret()];
    verdicts.extend(stock.secrets.iter().map(|secret| verdict(secret.id.as_str(), never())));
    verdicts
}

const COLUMNS: [&str; 21] = [
    "region",
    "vault",
    "vault_id",
    "vault_type",
    "vault_state",
    "vault_compartment",
    "primary_region",
    "keys_counted",
    "keys_seen",
    "secrets",
    "key",
    "key_id",
    "key_compartment",
    "protection",
    "shape",
    "key_state",
    "version_id",
    "version_state",
    "is_current",
    "version_created",
    "not_saved_because",
];

/// The inventory as CSV: a row per key version; a key without versions and a vault without keys have one too.
pub fn inventory_csv(inventory: &Inventory) -> String {
    let rows = inventory.vaults.iter().flat_map(|stock| {
        let of_vault = || vec![row(inventory, stock, None)];
        let rows: Vec<_> = stock.keys.iter().flat_map(|key| of_key(inventory, stock, key)).collect();
        if rows.is_empty() { of_vault() } else { rows }
    });
    std::iter::once(format!("{}\n", COLUMNS.join(","))).chain(rows).collect()
}

fn of_key(inventory: &Inventory, stock: &VaultStock, key: &Key) -> Vec<String> {
    if key.versions.is_empty() {
        return vec![row(inventory, stock, Some((key, None)))];
    }
    key.versions.iter().map(|version| row(inventory, stock, Some((key, Some(version))))).collect()
}

fn row(inventory: &Inventory, stock: &VaultStock, key: Option<(&Key, Option<&KeyVersion>)>) -> String {
    let (vault, counted) = (&stock.vault, completeness(stock));
    let version = key.and_then(|(_, version)| version);
    let mut reasons = eligibility::vault(vault);
    reasons.extend(key.into_iter().flat_map(|(key, _)| eligibility::key(key)));
    reasons.extend(
        key.zip(version).into_iter().flat_map(|((key, _), version)| eligibility::version(key, version)),
    );
    let reasons: Vec<_> = reasons.iter().map(|reason| reason.code.to_string()).collect();
    let key = key.map(|(key, _)| key);
    let of_key = |text: &dyn Fn(&Key) -> String| key.map(text).unwrap_or_default();
    let of_version = |text: &dyn Fn(&KeyVersion) -> String| version.map(text).unwrap_or_default();
    let fields: [String; COLUMNS.len()] = [
        vault.region.to_string(),
        vault.name.clone(),
        vault.id.to_string(),
        vault.vault_type.to_string(),
        vault.lifecycle_state.to_string(),
        inventory.compartment_path(&vault.compartment_id),
        vault.primary_region().map(|region| region.to_string()).unwrap_or_default(),
        counted.expected.map(|count| count.to_string()).unwrap_or_default(),
        counted.seen.to_string(),
        stock.secrets.len().to_string(),
        of_key(&|key| key.name.clone()),
        of_key(&|key| key.id.to_string()),
        of_key(&|key| inventory.compartment_path(&key.compartment_id)),
        of_key(&|key| key.protection_mode.to_string()),
        of_key(&|key| key.shape.to_string()),
        of_key(&|key| key.lifecycle_state.to_string()),
        of_version(&|version| version.id.to_string()),
        of_version(&|version| version.lifecycle_state.to_string()),
        of_version(&|version| key.is_some_and(|key| key.current_version == version.id).to_string()),
        of_version(&|version| version.time_created.to_string()),
        reasons.join(" "),
    ];
    format!("{}\n", fields.map(|text| field(&text)).join(","))
}
