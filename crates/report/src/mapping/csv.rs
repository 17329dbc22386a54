//! `kind,name,from,to` for spreadsheets.

use keyferry_core::{Mapping, MappingKind};

use crate::Line;

/// The map as CSV.
pub fn csv(mapping: &Mapping) -> String {
    let rows = mapping.entries.iter().map(|entry| {
        let kind = match entry.kind {
            MappingKind::Vault => "vault",
            MappingKind::Key => "key",
            MappingKind::KeyVersion => "key_version",
        };
        let fields = [kind, entry.name.as_deref().unwrap_or_default(), &entry.from, &entry.to].map(field);
        format!("{}\n", fields.join(","))
    });
    std::iter::once("kind,name,from,to\n".to_owned()).chain(rows).collect()
}

/// A field. A spreadsheet takes one that begins like this for a formula, quoted or not; an apostrophe makes it text.
pub(crate) fn field(text: &str) -> String {
    let line = Line::from(text).to_string();
    let line = if line.starts_with(['=', '+', '-', '@']) { format!("'{line}") } else { line };
    if line.contains([',', '"', '\'', ' ']) { format!("\"{}\"", line.replace('"', "\"\"")) } else { line }
}
