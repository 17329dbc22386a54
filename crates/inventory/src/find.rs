//! Finds what a user means by an OCID or a name. Pure.

use std::collections::BTreeSet;

use keyferry_core::{Code, Explain, Inventory, VaultStock};
use keyferry_ids::{KeyId, Ocid, SecretId, VaultId};

/// What was meant.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// A vault.
    Vault(&'a VaultStock),
    /// A key and its vault.
    Key(&'a VaultStock, &'a keyferry_core::model::Key),
    /// A secret and its vault.
    Secret(&'a VaultStock, &'a keyferry_core::model::Secret),
}

/// Why nothing can be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Nothing of that name.
    #[error("there is no vault, key or secret `{}` in what could be read", .0.escape_debug())]
    Absent(String),
    /// More than one.
    #[error("`{}` is the name of {count} things: {}", name.escape_debug(), ids.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// How many.
        count: usize,
        /// Their OCIDs.
        ids: Vec<String>,
    },
    /// An OCID of something else.
    #[error("expected the OCID of a vault or key, found the OCID of a {0}")]
    Kind(String),
}

impl Explain for FindError {
    fn code(&self) -> Code {
        match self {
            Self::Absent(_) => Code::NotFound,
            Self::Ambiguous { .. } => Code::Ambiguous,
            Self::Kind(_) => Code::WrongKind,
        }
    }
}

/// Finds by OCID, or by a name that is unique. Vaults come before keys, keys before secrets, primaries before
/// their replicas.
///
/// # Errors
/// If there is none or more than one.
pub fn find<'a>(inventory: &'a Inventory, target: &str) -> Result<Found<'a>, FindError> {
    let shown = || target.chars().take(120).collect::<String>();
    // A replica has the name and the OCIDs of its primary, which is what is meant by them.
    let of_kind = |primary| inventory.vaults.iter().filter(move |s| s.vault.is_primary == primary);
    let stocks = || of_kind(true).chain(of_kind(false));
    let keys = || stocks().flat_map(|stock| stock.keys.iter().map(move |key| (stock, key)));
    let secrets = || stocks().flat_map(|stock| stock.secrets.iter().map(move |secret| (stock, secret)));
    if let Ok(id) = Ocid::parse(target) {
        let vault =
            VaultId::parse(target).ok().and_then(|id| stocks().find(|s| s.vault.id == id)).map(Found::Vault);
        let key = || {
            let id = KeyId::parse(target).ok()?;
            keys().find(|(_, key)| key.id == id).map(|(stock, key)| Found::Key(stock, key))
        };
        let secret = || {
            let id = SecretId::parse(target).ok()?;
            secrets().find(|(_, secret)| secret.id == id).map(|(stock, secret)| Found::Secret(stock, secret))
        };
        return vault.or_else(key).or_else(secret).ok_or_else(|| match id.kind() {
            "vault" | "key" | "vaultsecret" => FindError::Absent(shown()),
            other => FindError::Kind(other.to_owned()),
        });
    }
    let mut found: Vec<(Found<'a>, String)> = stocks()
        .filter(|s| s.vault.name == target && s.vault.lifecycle_state.as_str() != "DELETED")
        .map(|s| (Found::Vault(s), s.vault.id.to_string()))
        .collect();
    if found.is_empty() {
        let by_name = keys().filter(|(_, key)| key.name == target);
        found = by_name.map(|(stock, key)| (Found::Key(stock, key), key.id.to_string())).collect();
    }
    if found.is_empty() {
        let by_name = secrets().filter(|(_, secret)| secret.name == target);
        found =
            by_name.map(|(stock, secret)| (Found::Secret(stock, secret), secret.id.to_string())).collect();
    }
    let mut seen = BTreeSet::new();
    found.retain(|(_, id)| seen.insert(id.clone()));
    match found.len() {
        0 => Err(FindError::Absent(shown())),
        1 => Ok(found[0].0),
        count => {
            let ids = found.into_iter().take(5).map(|(_, id)| id).collect();
            Err(FindError::Ambiguous { name: shown(), count, ids })
        }
    }
}
