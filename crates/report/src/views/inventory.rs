//! What there is, what can be backed up, and what to do about the rest.

use keyferry_core::{Code, Inventory, VaultStock, completeness, eligibility};

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
    document.heading("Vaults");
    if inventory.vaults.is_empty() {
        document.paragraph("No vaults were found.");
    }
    let rows = inventory.vaults.iter().map(|stock| line(inventory, stock));
    document.table(
        &["Vault", "Region", "Compartment", "Type", "State", "Keys", "Versions", "Secrets", "Backup"],
        rows,
    );
    let left_out: Vec<_> = inventory.vaults.iter().flat_map(left_out).collect();
    if !left_out.is_empty() {
        document.heading("What no backup will save, and the next best");
        super::unsaved(
            &mut document,
            left_out.iter().map(|(kind, name, id, code, why)| (*kind, *name, *id, *code, &**why)),
        );
    }
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
    for stock in &inventory.vaults {
        let name = &stock.vault.name;
        let counted = completeness(stock);
        match counted.expected {
            _ if counted.complete => {}
            Some(expected) => missing.push(format!(
                "vault {name}: the service counts {expected} keys, {} were seen",
                counted.seen
            )),
            None => missing.push(format!(
                "vault {name}: the service's own count is unknown, {} keys were seen",
                counted.seen
            )),
        }
    }
    document.verdict(Tone::Warning, "Incomplete", missing.join("; "));
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
        vault.vault_type.as_str().replace('_', " ").into(),
        vault.lifecycle_state.as_str().into(),
        stock.keys.len().into(),
        versions(stock).into(),
        stock.secrets.len().into(),
        backup,
    ]
}

type LeftOut<'a> = (&'a str, &'a str, &'a str, Code, String);

// Of a vault that is not eligible, the vault stands for its keys. Secrets are lost in any case.
fn left_out(stock: &VaultStock) -> Vec<LeftOut<'_>> {
    let vault = &stock.vault;
    let mut items = Vec::new();
    for reason in eligibility::vault(vault) {
        let text = format!("{}; with {}", reason.text, plural(stock.keys.len(), "key"));
        items.push(("vault", vault.name.as_str(), vault.id.as_str(), reason.code, text));
    }
    if items.is_empty() {
        for key in &stock.keys {
            let of_key = eligibility::key(key);
            let is_saved = of_key.is_empty();
            items.extend(
                of_key.into_iter().map(|r| ("key", key.name.as_str(), key.id.as_str(), r.code, r.text)),
            );
            for version in key.versions.iter().filter(|_| is_saved) {
                let reasons = eligibility::version(key, version).into_iter();
                items.extend(
                    reasons.map(|r| ("key version", key.name.as_str(), version.id.as_str(), r.code, r.text)),
                );
            }
        }
    }
    let never = Code::SecretNotSaved;
    let secrets = stock.secrets.iter();
    items.extend(
        secrets.map(|s| ("secret", s.name.as_str(), s.id.as_str(), never, never.summary().to_owned())),
    );
    items
}
