//! How the service's file is called in a bundle.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use keyferry_catalogue::bundle;
use keyferry_core::model::Vault;

/// A name with `{vault}` and `{date}` in it. Names of objects are not confidential: whoever may list the bucket,
/// and Oracle's own support, reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl Default for FileName {
    fn default() -> Self {
        Self(bundle::BLOB.into())
    }
}

/// A name that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// Something in braces that is not known.
    #[error("`{{{0}}}` is not known; use {{vault}} or {{date}}")]
    Unknown(String),
    /// Characters.
    #[error(
        "a file's name has letters, digits, `-`, `_` and `.` only, does not begin with a dot and has no `/`"
    )]
    Form,
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        let plain = text.replace("{vault}", "v").replace("{date}", "d");
        if let Some((_, rest)) = plain.split_once('{') {
            let unknown = rest.split('}').next().unwrap_or_default().chars().take(40).collect::<String>();
            return Err(FileNameError::Unknown(unknown.escape_debug().to_string()));
        }
        // Below `keys/` lie the files of single keys.
        if plain.contains('/') || plain.len() > 120 || !bundle::is_file_name(&plain) {
            return Err(FileNameError::Form);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FileName {
    /// The name for one vault. Other characters of the vault's name become `-`.
    pub fn of(&self, vault: &Vault, now: Timestamp) -> String {
        let is_safe = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let name: String = vault.name.chars().take(60).map(|c| if is_safe(&c) { c } else { '-' }).collect();
        self.0.replace("{vault}", &name).replace("{date}", &now.strftime("%Y%m%d").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_hold_vault_and_date_and_nothing_that_leads_elsewhere() {
        for good in ["vault.kmsbak", "{vault}-{date}.kmsbak", "nightly_1.bin"] {
            good.parse::<FileName>().expect(good);
        }
        for bad in ["", "../x", "a/b", ".x", "{key}.bak", "manifest.json", "a b", "keys/001.kmsbak"] {
            assert!(bad.parse::<FileName>().is_err(), "{bad}");
        }
    }
}
