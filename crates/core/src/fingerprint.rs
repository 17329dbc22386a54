//! What of a vault a backup depends on, in one digest: the same again, and there is nothing new to save.

use serde::Serialize;

use crate::canonical::{self, CanonicalError};
use crate::model::{Key, KeyState, Tags};
use crate::{Sha256, VaultStock};

#[derive(Serialize)]
struct Fingerprint<'a> {
    extent: &'a str,
    vault: &'a str,
    name: &'a str,
    compartment: &'a str,
    tags: &'a Tags,
    keys: Vec<KeyPart<'a>>,
}

#[derive(Serialize)]
struct KeyPart<'a> {
    id: &'a str,
    name: &'a str,
    compartment: &'a str,
    state: &'a str,
    tags: &'a Tags,
    current: &'a str,
    versions: Vec<(&'a str, &'a str)>,
}

/// The fingerprint of those keys of a vault and of the vault's own metadata. `extent` says how they are saved, so
/// that another way of saving them is not taken for the same.
///
/// # Errors
/// If a tag has no canonical form.
pub fn fingerprint<'a>(
    stock: &'a VaultStock,
    keys: impl Iterator<Item = &'a Key>,
    extent: &str,
) -> Result<Sha256, CanonicalError> {
    let vault = &stock.vault;
    let mut parts: Vec<_> = keys.filter(|key| key.lifecycle_state != KeyState::Deleted).map(part).collect();
    parts.sort_by_key(|key| key.id);
    let whole = Fingerprint {
        extent,
        vault: vault.id.as_str(),
        name: &vault.name,
        compartment: vault.compartment_id.as_str(),
        tags: &vault.tags,
        keys: parts,
    };
    Ok(Sha256::of(&canonical::to_bytes(&whole)?))
}

fn part(key: &Key) -> KeyPart<'_> {
    let mut versions: Vec<_> =
        key.versions.iter().map(|v| (v.id.as_str(), v.lifecycle_state.as_str())).collect();
    versions.sort_unstable();
    KeyPart {
        id: key.id.as_str(),
        name: &key.name,
        compartment: key.compartment_id.as_str(),
        state: key.lifecycle_state.as_str(),
        tags: &key.tags,
        current: key.current_version.as_str(),
        versions,
    }
}
