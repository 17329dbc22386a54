//! Listed against counted: keys in compartments that the caller can't see look like absence.

use serde::{Deserialize, Serialize};

use crate::inventory::VaultStock;
use crate::model::{KeyState, ProtectionMode, VaultState};

/// Whether all keys that the service counts were also seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// True only if the count is known and equals what was seen.
    pub complete: bool,
    /// Keys that the service counts; unknown if it could not be asked.
    pub expected: Option<u64>,
    /// Keys that were listed.
    pub seen: u64,
}

/// Compares key counts; external keys are not among what the service counts. Versions are not compared: whether the service counts asymmetric ones twice is unknown.
pub fn completeness(stock: &VaultStock) -> Completeness {
    let counted = |mode: &ProtectionMode| matches!(mode, ProtectionMode::Hsm | ProtectionMode::Software);
    let seen = stock
        .keys
        .iter()
        .filter(|key| counted(&key.protection_mode) && key.lifecycle_state != KeyState::Deleted)
        .count() as u64;
    // Of a deleted vault nothing is left to be read.
    let is_gone = stock.vault.lifecycle_state == VaultState::Deleted;
    let counted = stock.usage.map(|usage| usage.keys + usage.software_keys);
    let expected = counted.or(is_gone.then_some(0));
    Completeness { complete: expected == Some(seen), expected, seen }
}
