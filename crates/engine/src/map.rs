//! Finds a restored vault, its keys and versions by their lineage.

use std::time::Duration;

use keyferry_core::journal::Output;
use keyferry_core::model::{Key, Vault, VaultState};
use keyferry_core::plan::ExpectedKey;
use keyferry_core::{Mapping, MappingEntry, MappingKind};
use keyferry_ids::{CompartmentId, KeyVersionId, Region, VaultId};

use crate::{Context, EngineError};

/// How often a restored vault is looked through for keys that are not listed yet.
const LOOKS_FOR_KEYS: u32 = 8;

pub(crate) async fn find_vault(
    context: &Context,
    region: Region,
    restored: Option<VaultId>,
    backed_up: Option<&VaultId>,
    compartment: &CompartmentId,
) -> Result<Vault, EngineError> {
    if let Some(id) = restored {
        return Ok(context.client.vault(region, &id).await?);
    }
    let vaults = context.client.list_vaults(region, compartment).await?;
    let is_it = |vault: &Vault| {
        vault.lifecycle_state != VaultState::Deleted
            && backed_up.is_some_and(|id| vault.id == *id || vault.restored_from.as_ref() == Some(id))
    };
    vaults.into_iter().find(is_it).ok_or_else(|| EngineError::NotRestored {
        region: region.to_string(),
        vault_id: backed_up.map(ToString::to_string).unwrap_or_default(),
    })
}

/// Lists the restored vault's keys until all expected ones are there. What does not come is left out of the
/// map, and its versions fail their proof.
pub(crate) async fn map_vault(
    context: &Context,
    vault: Vault,
    backed_up: Option<&VaultId>,
    search: &[CompartmentId],
    expected: &[ExpectedKey],
) -> Result<Output, EngineError> {
    let mut mapping = Mapping::default();
    let mut waited = Duration::ZERO;
    for look in 0..LOOKS_FOR_KEYS {
        let mut keys = Vec::new();
        for compartment in search {
            keys.extend(context.client.list_keys(&vault, compartment).await?);
        }
        // The order of the backup, so that the map reads like it.
        keys.sort_by_key(|key: &Key| {
            let is_it = |e: &ExpectedKey| e.id == *key.restored_from.as_ref().unwrap_or(&key.id);
            (expected.iter().position(is_it), key.time_created)
        });
        mapping = fold(&vault, backed_up, &keys, expected);
        let wanted: usize = expected.iter().map(|key| 1 + key.versions.len()).sum();
        if mapping.entries.len() > wanted || (expected.is_empty() && !keys.is_empty()) {
            break;
        }
        let Some(pause) = context.patience.pause(look, waited) else { break };
        context.clock.sleep(pause).await;
        waited += pause;
    }
    Ok(Output::Mapped { vault: Box::new(vault), mapping })
}

fn fold(vault: &Vault, backed_up: Option<&VaultId>, keys: &[Key], expected: &[ExpectedKey]) -> Mapping {
    let entry = |kind, name: Option<&str>, from: String, to: String| MappingEntry {
        kind,
        name: name.map(str::to_owned),
        from,
        to,
    };
    let from = backed_up.or(vault.restored_from.as_ref()).unwrap_or(&vault.id);
    let mut entries =
        vec![entry(MappingKind::Vault, Some(&vault.name), from.to_string(), vault.id.to_string())];
    let mut versions = Vec::new();
    for key in keys {
        let origin = key.restored_from.as_ref().unwrap_or(&key.id);
        let wanted = expected.iter().find(|e| e.id == *origin || e.id == key.id);
        if wanted.is_none() && !expected.is_empty() {
            continue;
        }
        let from = wanted.map_or(origin, |key| &key.id);
        entries.push(entry(MappingKind::Key, Some(&key.name), from.to_string(), key.id.to_string()));
        for version in &key.versions {
            let origin = version.restored_from.as_ref().unwrap_or(&version.id);
            let listed = |id: &&KeyVersionId| **id == *origin || **id == version.id;
            let from = match wanted.map(|key| key.versions.iter().find(listed)) {
                Some(None) => continue,
                Some(Some(id)) => id,
                None => origin,
            };
            let kind = MappingKind::KeyVersion;
            versions.push(entry(kind, Some(&key.name), from.to_string(), version.id.to_string()));
        }
    }
    entries.extend(versions);
    Mapping {
        entries,
        management_endpoint: Some(vault.management_endpoint.clone()),
        crypto_endpoint: Some(vault.crypto_endpoint.clone()),
    }
}
