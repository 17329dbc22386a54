//! What there is, what can be backed up, and what to do about the rest.

use keyferry_core::eligibility::{self, Reason};
use keyferry_core::model::{ProtectionMode, Vault};
use keyferry_core::{Inventory, VaultStock, completeness};

use super::{UNSAVED, unsaved_row};
use crate::units::{plural, time};
use crate::{Cell, Document, Tone};

/// The inventory of a tenancy.
pub fn inventory(inventory: &Inventory) -> Document {
    let mut document = Document::new("Inventory");
    let keys: usize = inventory.vaults.iter().map(|stock| stock.keys.len()).sum();
    let versions: usize = inventory.vaults.iter().map(versions).sum();
    let secrets: usize = inventory.vaults.iter().map(|stock| stock.secrets.len()).sum();
    let eligible =
        inventory.vaults.iter().filter(|stock| eligibility::vault(&stock.vault).is_empty()).count();
    verdict(&mut document, inventory);
    document.facts([
        ("Tenancy", Cell::id(inventory.environment.tenancy_id.as_str())),
        ("Taken", time(inventory.taken_at).into()),
        (
            "Regions",
            inventory.regions.iter().map(|region| region.name()).collect::<Vec<_>>().join(", ").into(),
        ),
        ("Compartments", inventory.compartments.len().to_string().into()),
        (
            "Found",
            format!(
                "{}, {} with {}, {}; {eligible} of the vaults can be backed up",
                plural(inventory.vaults.len(), "vault"),
                plural(keys, "key"),
                plural(versions, "version"),
                plural(secrets, "secret"),
            )
            .into(),
        ),
    ]);
    let replicas = inventory.vaults.iter().map(|stock| &stock.vault).filter(|vault| !vault.is_primary);
    let replicas: Vec<_> = replicas.map(replica).collect();
    if !replicas.is_empty() {
        document.facts([("Replicas", replicas.join(", ").into())]);
    }
    document.heading("Vaults");
    if inventory.vaults.is_empty() {
        document.paragraph("No vaults were found.");
    }
    let rows = inventory.vaults.iter().map(|stock| line(inventory, stock));
    document.table(
        &["Vault", "Region", "Compartment", "Type", "State", "Keys", "Versions", "Secrets", "Backup"],
        rows,
    );
    let left_out: Vec<_> = inventory.vaults.iter().flat_map(|stock| left_out(inventory, stock)).collect();
    if !left_out.is_empty() {
        document.heading("What can't be saved, and the next best");
        document.table(&UNSAVED, left_out);
        let mut keys = inventory.vaults.iter().flat_map(|stock| &stock.keys);
        if keys.any(|key| key.protection_mode == ProtectionMode::Software) {
            document.note(
                Tone::Plain,
                "A version of a software key is exported like this, at its vault's crypto endpoint:",
            );
            document.commands([eligibility::EXPORT]);
        }
    }
    limits(&mut document, inventory);
    if !inventory.gaps.is_empty() {
        document.heading("What could not be read");
        let rows = inventory.gaps.iter().map(|gap| {
            let subject = gap.subject.as_deref().map(Cell::id).unwrap_or_default();
            vec![gap.region.name().into(), gap.reading.as_str().into(), subject, gap.because.as_str().into()]
        });
        document.table(&["Region", "Reading", "About", "Because"], rows);
    }
    document
}

fn versions(stock: &VaultStock) -> usize {
    stock.keys.iter().map(|key| key.versions.len()).sum()
}

fn verdict(document: &mut Document, inventory: &Inventory) {
    if inventory.is_complete() {
        return document.verdict(
            Tone::Good,
            "Complete",
            "every key that the service counts was seen, and nothing was unreadable",
        );
    }
    let gaps = inventory.gaps.len();
    let mut missing = match gaps {
        0 => Vec::new(),
        _ => vec![format!("{} of the cloud could not be read", plural(gaps, "part"))],
    };
    missing.extend(shortfalls(inventory));
    document.verdict(Tone::Warning, "Incomplete", missing.join("; "));
}

/// Vaults of which not all keys were seen that the service counts, in sentences.
pub(super) fn shortfalls(inventory: &Inventory) -> impl Iterator<Item = String> {
    inventory.vaults.iter().filter_map(|stock| {
        let (vault, counted) = (&stock.vault, completeness(stock));
        let what = match vault.is_primary {
            true => format!("vault {}", vault.name),
            false => format!("replica {}", replica(vault)),
        };
        let seen = counted.seen;
        match counted.expected {
            _ if counted.complete => None,
            Some(expected) => Some(format!("{what}: the service counts {expected} keys, {seen} were seen")),
            None => Some(format!("{what}: the service's own count is unknown, {seen} keys were seen")),
        }
    })
}

fn kind(vault: &Vault) -> String {
    let kind = vault.vault_type.as_str().replace('_', " ");
    if vault.is_primary { kind } else { format!("{kind}, replica") }
}

// A replica has the name and the OCID of its primary.
fn replica(vault: &Vault) -> String {
    let primary = vault.primary_region().map(|region| format!(" from {region}")).unwrap_or_default();
    format!("{}{primary} in {}", vault.name, vault.region)
}

// As many as were seen; if the service counts others, of how many.
fn keys(stock: &VaultStock) -> Cell {
    let counted = completeness(stock);
    match counted.expected {
        Some(expected) if !counted.complete => {
            Cell::number(format!("{} of {expected}", counted.seen)).tone(Tone::Warning)
        }
        _ => stock.keys.len().into(),
    }
}

fn line(inventory: &Inventory, stock: &VaultStock) -> Vec<Cell> {
    let vault = &stock.vault;
    let reasons = eligibility::vault(vault);
    let backup = if reasons.is_empty() {
        Cell::words("yes").tone(Tone::Good)
    } else {
        let codes: Vec<_> = reasons.iter().map(|reason| reason.code.to_string()).collect();
        Cell::words(format!("no: {}", codes.join(", "))).tone(Tone::Warning)
    };
    vec![
        vault.name.as_str().into(),
        vault.region.name().into(),
        inventory.compartment_path(&vault.compartment_id).into(),
        kind(vault).into(),
        vault.lifecycle_state.as_str().into(),
        keys(stock),
        versions(stock).into(),
        stock.secrets.len().into(),
        backup,
    ]
}

// Of a vault that is not eligible, the vault stands for its keys. Secrets are lost in any case.
fn left_out(inventory: &Inventory, stock: &VaultStock) -> Vec<Vec<Cell>> {
    let vault = &stock.vault;
    let mut rows = Vec::new();
    for reason in eligibility::vault(vault) {
        let text = format!("{}; with {}", reason.text, plural(stock.keys.len(), "key"));
        let item = ("vault", vault.name.as_str(), vault.id.as_str(), reason.code, text.as_str());
        rows.push(unsaved_row(item, &reason.next_best));
    }
    if rows.is_empty() {
        for key in &stock.keys {
            let mut add = |kind, id, reasons: Vec<Reason>| {
                rows.extend(reasons.iter().map(|reason| {
                    unsaved_row((kind, &key.name, id, reason.code, &reason.text), &reason.next_best)
                }));
            };
            let of_key = eligibility::key(key);
            let is_saved = of_key.is_empty();
            add("key", key.id.as_str(), of_key);
            for version in key.versions.iter().filter(|_| is_saved) {
                add("key version", version.id.as_str(), eligibility::version(key, version));
            }
        }
    }
    // A row for each would bury the rest: they all have the same reason.
    if !stock.secrets.is_empty() {
        let reason = eligibility::secret();
        let places = stock.secrets_by_compartment().into_iter();
        let places: Vec<_> =
            places.map(|(id, count)| format!("{count} in {}", inventory.compartment_path(id))).collect();
        let text = format!("{}: {}", reason.text, places.join(", "));
        let kind = plural(stock.secrets.len(), "secret");
        let item = (kind.as_str(), vault.name.as_str(), vault.id.as_str(), reason.code, text.as_str());
        rows.push(unsaved_row(item, &reason.next_best));
    }
    rows
}

fn limits(document: &mut Document, inventory: &Inventory) {
    if inventory.limits.is_empty() {
        return;
    }
    document.heading("Limits on vaults");
    let rows = inventory.limits.iter().map(|limit| {
        let number = |value: Option<u64>| match value {
            Some(value) => Cell::number(value),
            None => Cell::words("unknown").tone(Tone::Quiet),
        };
        // A restore into a region without room for a vault fails when it is needed most.
        let is_full = limit.available == Some(0);
        let available = number(limit.available).tone(if is_full { Tone::Warning } else { Tone::Plain });
        let note = limit.unknown.as_deref().unwrap_or_default();
        vec![
            limit.region.name().into(),
            limit.name.as_str().into(),
            number(limit.used),
            available,
            note.into(),
        ]
    });
    document.table(&["Region", "Limit", "Used", "Available", "Note"], rows);
}
