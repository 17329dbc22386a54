//! Shortened identifiers for tables: enough to recognise, never used to address.

/// The kind and the last six characters: `vault…x3k9qa`. Texts that are no OCID are cut at 24 characters.
pub fn short(id: &str) -> String {
    let mut parts = id.split('.');
    let (prefix, kind) = (parts.next(), parts.next());
    match (prefix, kind, id.get(id.len().saturating_sub(6)..)) {
        (Some("ocid1"), Some(kind), Some(tail)) => format!("{kind}…{tail}"),
        _ => id.chars().take(24).collect(),
    }
}
