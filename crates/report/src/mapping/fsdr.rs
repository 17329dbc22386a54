//! JSON lines for Full Stack DR: each key of the source with the pair that its members take as
//! `destinationEncryptionKey`.

use keyferry_core::{Mapping, MappingEntry, MappingKind};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pair<'a> {
    name: Option<&'a str>,
    source_vault_id: &'a str,
    source_key_id: &'a str,
    destination_encryption_key: Destination<'a>,
}

// Full Stack DR's VaultAndEncryptionKey.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination<'a> {
    vault_id: &'a str,
    encryption_key_id: &'a str,
}

/// The map as JSON lines, one per key. A key belongs to the vault before it.
pub fn fsdr(mapping: &Mapping) -> String {
    let mut vault: Option<&MappingEntry> = None;
    let lines = mapping.entries.iter().filter_map(|entry| match (entry.kind, vault) {
        (MappingKind::Vault, _) => {
            vault = Some(entry);
            None
        }
        (MappingKind::Key, Some(vault)) => {
            let destination = Destination { vault_id: &vault.to, encryption_key_id: &entry.to };
            let line = Pair {
                name: entry.name.as_deref(),
                source_vault_id: &vault.from,
                source_key_id: &entry.from,
                destination_encryption_key: destination,
            };
            let line = serde_json::to_string(&line).expect("texts only");
            Some(format!("{line}\n"))
        }
        _ => None,
    });
    lines.collect()
}
