//! Old to new OCIDs after a restore, folded from the service's replies and never assumed.

use serde::{Deserialize, Serialize};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingKind {
    /// A vault.
    Vault,
    /// A key.
    Key,
    /// A key version.
    KeyVersion,
}

/// One identity before and after. Equal in a restore at home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingEntry {
    /// What it is.
    pub kind: MappingKind,
    /// Display name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The OCID in the backup.
    pub from: String,
    /// The OCID in the target region.
    pub to: String,
}

/// The whole map of one restored vault.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mapping {
    /// Vault first, then keys, then versions.
    pub entries: Vec<MappingEntry>,
    /// Endpoints of the restored vault, which dependents need as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_endpoint: Option<String>,
    /// See above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crypto_endpoint: Option<String>,
}

impl Mapping {
    /// The new OCID of an old one.
    pub fn of(&self, from: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.from == from).map(|entry| entry.to.as_str())
    }
}
