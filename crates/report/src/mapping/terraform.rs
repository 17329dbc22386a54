//! A `locals` block, for `lookup(local.keyferry_ocids, var.key_id, var.key_id)`.

use keyferry_core::Mapping;

use super::described;
use crate::Line;

/// The map as HCL, formatted as `terraform fmt` leaves it.
pub fn terraform(mapping: &Mapping) -> String {
    let entries: String = mapping
        .entries
        .iter()
        .map(|e| format!("    # {}\n    {} = {}\n", described(e), quoted(&e.from), quoted(&e.to)))
        .collect();
    let endpoints = [
        ("keyferry_management_endpoint", &mapping.management_endpoint),
        ("keyferry_crypto_endpoint", &mapping.crypto_endpoint),
    ];
    let endpoints = endpoints
        .into_iter()
        .filter_map(|(name, url)| Some(format!("\n  {name} = {}\n", quoted(url.as_ref()?))));
    format!("locals {{\n  keyferry_ocids = {{\n{entries}  }}\n{}}}\n", endpoints.collect::<String>())
}

// `${` and `%{` would be evaluated. Control characters are spelled out before, so a backslash is only a backslash.
fn quoted(text: &str) -> String {
    let line = Line::from(text).to_string();
    let line = line.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{");
    format!("\"{line}\"")
}
