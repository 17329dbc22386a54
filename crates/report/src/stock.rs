//! The inventory as scripts and spreadsheets read it.

use keyferry_core::eligibility::{self, Reason};
use keyferry_core::model::{Key, KeyVersion};
use keyferry_core::{Completeness, Inventory, VaultStock, completeness};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::mapping::csv::field;
use crate::shown::merge;

/// An inventory as scripts read it: vaults without a wrapper, and a verdict on everything in them.
#[derive(Debug, Clone, Copy)]
pub struct InventoryShown<'a>(pub &'a Inventory);

impl Serialize for InventoryShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inventory = self.0;
        let counted: Vec<_> = inventory.vaults.iter().map(completeness).collect();
        let totals = Completeness {
            complete: inventory.is_complete(),
            expected: counted.iter().map(|of_vault| of_vault.expected).sum(),
            seen: counted.iter().map(|of_vault| of_vault.seen).sum(),
        };
        let mut completeness = json!(totals);
        completeness["gaps"] = json!(inventory.gaps);
        let vaults: Vec<_> =
            inventory.vaults.iter().zip(&counted).map(|(stock, of)| vault(inventory, stock, of)).collect();
        let eligibility: Vec<_> = inventory.vaults.iter().flat_map(verdicts).collect();
        json!({
            "taken_at": inventory.taken_at, "environment": inventory.environment, "regions": inventory.regions,
            "compartments": inventory.compartments, "vaults": vaults, "eligibility": eligibility,
            "completeness": completeness, "limits": inventory.limits,
        })
        .serialize(serializer)
    }
}

fn vault(inventory: &Inventory, stock: &VaultStock, completeness: &Completeness) -> Value {
    let keys = stock.keys.iter().map(|key| {
        let mut shown = json!(key);
        shown["algorithm"] = json!(key.shape.algorithm);
        shown
    });
    let mut shown = json!(stock.vault);
    let keys: Vec<_> = keys.collect();
    let secrets_in = stock.secrets_by_compartment().into_iter();
    let secrets_in: Vec<_> =
        secrets_in.map(|(id, count)| json!({"compartment_id": id, "count": count})).collect();
    let of_vault = json!({
        "keys": keys, "secrets": stock.secrets, "secrets_in": secrets_in, "usage": stock.usage,
        "completeness": completeness, "primary_region": stock.vault.primary_region(),
        "replica_regions": inventory.replicas_of(&stock.vault).collect::<Vec<_>>(),
    });
    merge(&mut shown, of_vault);
    shown
}

// Reasons are inherited: nothing of a vault that can't be backed up is saved.
fn verdicts(stock: &VaultStock) -> Vec<Value> {
    let verdict =
        |id: &str, reasons: &[Reason]| json!({"id": id, "eligible": reasons.is_empty(), "reasons": reasons});
    let of_vault = eligibility::vault(&stock.vault);
    let mut verdicts = vec![verdict(stock.vault.id.as_str(), &of_vault)];
    for key in &stock.keys {
        let of_key = [of_vault.clone(), eligibility::key(key)].concat();
        verdicts.push(verdict(key.id.as_str(), &of_key));
        for version in &key.versions {
            let of_version = [of_key.clone(), eligibility::version(key, version)].concat();
            verdicts.push(verdict(version.id.as_str(), &of_version));
        }
    }
    let never = [eligibility::secret()];
    verdicts.extend(stock.secrets.iter().map(|secret| verdict(secret.id.as_str(), &never)));
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
