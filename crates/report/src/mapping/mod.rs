//! Old to new OCIDs in the forms that other programs read.

pub(crate) mod csv;
mod env;
mod fsdr;
mod oci_cli;
mod terraform;

use keyferry_core::{MappingEntry, MappingKind};

use crate::Line;

pub use csv::csv;
pub use env::env;
pub use fsdr::fsdr;
pub use oci_cli::oci_cli;
pub use terraform::terraform;

/// The kind as OCI calls it in prose.
pub(crate) fn kind(kind: MappingKind) -> &'static str {
    match kind {
        MappingKind::Vault => "vault",
        MappingKind::Key => "key",
        MappingKind::KeyVersion => "key version",
    }
}

// For comments: `vault "payments"`.
fn described(entry: &MappingEntry) -> String {
    match &entry.name {
        Some(name) => format!("{} \"{}\"", kind(entry.kind), Line::from(name)),
        None => kind(entry.kind).to_owned(),
    }
}

// For a POSIX shell. OCIDs and endpoints pass unquoted; whatever else came with them can't run.
pub(crate) fn shell(text: &str) -> String {
    let line = Line::from(text).to_string();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/:".contains(&b);
    if !line.is_empty() && line.bytes().all(is_plain) {
        line
    } else {
        format!("'{}'", line.replace('\'', r"'\''"))
    }
}
