//! The keys of one vault, wherever they lie, with the service's own count.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use keyferry_core::model::{
    Key, KeyState, KeyVersion, ProtectionMode, Usage, Vault, VaultState, VaultType, VersionState,
};
use keyferry_core::{Gap, VaultStock};
use keyferry_ids::{CompartmentId, KeyId};
use keyferry_oci::{Client, Error, ListedKey};

use crate::Survey;
use crate::ask::{AT_ONCE, everywhere, gap};

/// Reads the keys of a vault with their versions, and its usage. What can't be read becomes a gap.
///
/// The calls are: one list of keys per active compartment, or, if the service's own count says that all keys were
/// seen, one for each of those in which the vault and its secrets lie; the count; per key itself and the list of its
/// versions; and each version of an asymmetric or restored key.
pub async fn stock(client: &Client, survey: &Survey, vault: &Vault) -> (VaultStock, Vec<Gap>) {
    let secrets = survey.secrets(vault).to_vec();
    let mut stock = VaultStock { vault: vault.clone(), keys: Vec::new(), secrets, usage: None };
    // Its endpoints are gone with it.
    if vault.lifecycle_state == VaultState::Deleted {
        return (stock, Vec::new());
    }
    let mut reader = Reader { client, vault, gaps: Vec::new() };
    let near: BTreeSet<&CompartmentId> = std::iter::once(&vault.compartment_id)
        .chain(stock.secrets.iter().map(|s| &s.compartment_id))
        .collect();
    let (first, rest): (Vec<_>, Vec<_>) = survey.active().partition(|id| near.contains(id));
    let mut listed = reader.listed(first).await;
    stock.usage = reader.usage().await;
    if !is_all(vault, &listed, stock.usage) {
        listed.extend(reader.listed(rest).await);
    }
    let mut seen = BTreeSet::new();
    listed.retain(|key| {
        let is_own = Some(&key.id) != vault.wrapping_key_id.as_ref();
        // A key that moves while the lists are read may be in two of them.
        is_own && key.lifecycle_state != KeyState::Deleted && seen.insert(key.id.clone())
    });
    stock.keys = reader.keys(&listed).await;
    (stock, reader.gaps)
}

/// True if the service's own count leaves no key for the compartments that were not asked; a large tenancy has
/// hundreds of them, for each of its vaults.
///
/// The count was read after the lists, and nothing leaves it but by deletion, which takes seven days at least. So
/// keys that were listed in a lasting state are all in it, and if it holds no more than those, there are no
/// others. Keys that the count leaves out are external ones, and lie in external vaults only. This takes the service
/// at its word, as completeness does: a key that is too new for the count is found the next time.
fn is_all(vault: &Vault, listed: &[ListedKey], usage: Option<Usage>) -> bool {
    let is_counted = |key: &ListedKey| {
        let is_lasting = matches!(
            key.lifecycle_state,
            KeyState::Enabled
                | KeyState::Disabled
                | KeyState::Enabling
                | KeyState::Disabling
                | KeyState::Updating
                | KeyState::BackupInProgress
        );
        let is_own = matches!(key.protection_mode, ProtectionMode::Hsm | ProtectionMode::Software);
        is_lasting && is_own && Some(&key.id) != vault.wrapping_key_id.as_ref()
    };
    let counts_all = matches!(vault.vault_type, VaultType::VirtualPrivate | VaultType::Default);
    let ids: BTreeSet<&KeyId> = listed.iter().map(|key| &key.id).collect();
    let counted = usage.map(|usage| usage.keys + usage.software_keys);
    counts_all && counted == Some(ids.len() as u64) && listed.iter().all(is_counted)
}

struct Reader<'a> {
    client: &'a Client,
    vault: &'a Vault,
    gaps: Vec<Gap>,
}

impl Reader<'_> {
    async fn listed(&mut self, places: Vec<&CompartmentId>) -> Vec<ListedKey> {
        let (client, vault) = (self.client, self.vault);
        let about = |compartment: &CompartmentId| format!("{} in {compartment}", vault.id);
        let places = places.into_iter();
        let asked =
            everywhere((vault.region, "keys"), places, about, |id| client.listed_keys(vault, id)).await;
        self.gaps.extend(asked.gaps.into_iter().map(|gap| Gap {
            // Of all its vaults, this is the one whose keys are unknown because the region does not answer.
            subject: gap.subject.or_else(|| Some(vault.id.to_string())),
            ..gap
        }));
        asked.found
    }

    async fn usage(&mut self) -> Option<Usage> {
        let answer = self.client.vault_usage(self.vault.region, &self.vault.id).await;
        self.or_gap("usage", self.vault.id.to_string(), answer)
    }

    async fn keys(&mut self, listed: &[ListedKey]) -> Vec<Key> {
        let (client, vault) = (self.client, self.vault);
        let reading = listed.iter().map(|listed| async move {
            // One reader each: they report their gaps at the same time.
            let mut reader = Reader { client, vault, gaps: Vec::new() };
            (reader.key(listed).await, reader.gaps)
        });
        let mut read = stream::iter(reading).buffered(AT_ONCE);
        let mut keys = Vec::with_capacity(listed.len());
        while let Some((key, gaps)) = read.next().await {
            keys.extend(key);
            self.gaps.extend(gaps);
        }
        keys.sort_by(|a: &Key, b: &Key| (a.time_created, &a.id).cmp(&(b.time_created, &b.id)));
        keys
    }

    async fn key(&mut self, listed: &ListedKey) -> Option<Key> {
        let (client, vault, id) = (self.client, self.vault, &listed.id);
        let about = format!("{id} ({})", listed.name);
        let key = client.key_without_versions(vault, id).await;
        let mut key = self.or_gap("key", about.clone(), key)?;
        let versions = client.listed_versions(vault, id).await;
        let versions = self.or_gap("key versions", about, versions).unwrap_or_default();
        key.versions.reserve_exact(versions.len());
        for version in versions {
            let version = if key.has_unlisted_details() { self.version(id, version).await } else { version };
            if version.lifecycle_state != VersionState::Deleted {
                key.versions.push(version);
            }
        }
        Some(key)
    }

    /// A version with all that the list leaves out; as listed, if it can't be read.
    async fn version(&mut self, key: &KeyId, listed: KeyVersion) -> KeyVersion {
        let answer = self.client.key_version(self.vault, key, &listed.id).await;
        self.or_gap("key version", listed.id.to_string(), answer).unwrap_or(listed)
    }

    fn or_gap<T>(&mut self, reading: &str, about: String, answer: Result<T, Error>) -> Option<T> {
        let region = self.vault.region;
        answer.map_err(|error| self.gaps.push(gap(region, reading, Some(about), &error))).ok()
    }
}

#[cfg(test)]
mod tests;
