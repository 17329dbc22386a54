//! `VAULT_PAYMENTS=ocid1...` lines for env files and shells.

use std::collections::BTreeSet;

use keyferry_core::{Mapping, MappingKind};

use super::{described, shell};

/// The map as KEY=VALUE lines. Names that become equal are numbered, in the order of the map.
pub fn env(mapping: &Mapping) -> String {
    let mut taken = BTreeSet::new();
    let entries = mapping.entries.iter().map(|entry| {
        let prefix = match entry.kind {
            MappingKind::Vault => "VAULT",
            MappingKind::Key => "KEY",
            MappingKind::KeyVersion => "KEY_VERSION",
        };
        let name = variable(prefix, entry.name.as_deref().unwrap_or_default());
        let numbered = (2u32..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
        let free = free.expect("there is always a larger number");
        format!("# {}, was {}\n{free}={}\n", described(entry), shell(&entry.from), shell(&entry.to))
    });
    let entries: String = entries.collect();
    let endpoints = [
        ("KEYFERRY_MANAGEMENT_ENDPOINT", &mapping.management_endpoint),
        ("KEYFERRY_CRYPTO_ENDPOINT", &mapping.crypto_endpoint),
    ];
    let endpoints =
        endpoints.into_iter().filter_map(|(name, url)| Some(format!("{name}={}\n", shell(url.as_ref()?))));
    entries + &endpoints.collect::<String>()
}

fn variable(prefix: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().take(100).map(plain).collect();
    if name.is_empty() { prefix.to_owned() } else { format!("{prefix}_{name}") }
}
