//! Listed against counted: keys in compartments that the caller can't see look like absence.

use serde::{Deserialize, Serialize};

use crate::inventory::VaultStock;
use crate::model::{KeyState, ProtectionMode};

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

/// Compares key counts. Versions are not compared: whether the service counts asymmetric ones twice is unknown.
pub fn completeness(stock: &VaultStock) -> Completeness {
    let counted = |mode: &ProtectionMode| matches!(mode, ProtectionMode::Hsm | ProtectionMode::Software);
    let seen = stock
        .keys
        .iter()
        .filter(|key| counted(&key.protection_mode) && key.lifecycle_state != KeyState::Deleted)
        .count() as u64;
    let expected = stock.usage.map(|usage| usage.keys + usage.software_keys);
    Completeness { complete: expected == Some(seen), expected, seen }
}
