//! What Oracle leaves open or says in two ways: every such choice of the realm is a switch here.

use serde::{Deserialize, Serialize};

/// The choices of a realm. Left alone, they are what is most likely true of OCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Semantics {
    /// A restore of what is there already. The user guide, Oracle's Java example and Terraform restore over
    /// live vaults and keys; the API text promises a 409.
    pub restore_existing: RestoreExisting,
    /// Whether a vault goes back only into the compartment it was backed up in. The guide says so, and yet
    /// the operation takes a `compartmentId`; without this switch the vault goes there.
    pub strict_compartment: bool,
    /// What `isIncludeKeys` means if it is left out. The API text says that a vault's backup holds no keys;
    /// the Console includes them unless told otherwise.
    pub include_keys_by_default: bool,
    /// What becomes of software keys in a backup with keys. Only HSM keys can be backed up, and nothing says
    /// whether others are skipped or stand in the way.
    pub software_keys_in_backup: SoftwareKeysInBackup,
    /// Whether a backup replaces an object of the same name, as a plain upload does.
    pub overwrite_existing_object: bool,
    /// Whether a pre-authenticated request may lead into another region, as long as that one is up.
    pub par_of_another_region: bool,
    /// Whether a restored key rotates by itself as it did when it was backed up.
    pub auto_rotation_after_restore: bool,
}

impl Semantics {
    /// Reads a file of switches in TOML, such as `restore_existing = "conflict"`; those left out keep their default.
    ///
    /// # Errors
    /// If there is no such switch, or it has no such value.
    pub fn parse(text: &str) -> Result<Self, SemanticsError> {
        toml::from_str(text).map_err(SemanticsError)
    }
}

/// Not a file of switches.
#[derive(Debug, thiserror::Error)]
#[error("not a file of switches")]
pub struct SemanticsError(#[source] toml::de::Error);

impl Default for Semantics {
    fn default() -> Self {
        Self {
            restore_existing: RestoreExisting::Merge,
            strict_compartment: true,
            include_keys_by_default: false,
            software_keys_in_backup: SoftwareKeysInBackup::Skip,
            overwrite_existing_object: true,
            par_of_another_region: true,
            auto_rotation_after_restore: true,
        }
    }
}

/// See [`Semantics::restore_existing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreExisting {
    /// Keys and versions that are not there are added, names and tags renewed, nothing is taken away.
    Merge,
    /// 409 `Conflict`.
    Conflict,
}

/// See [`Semantics::software_keys_in_backup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoftwareKeysInBackup {
    /// They are left out, and the work request's log says so.
    Skip,
    /// 400 `InvalidParameter`.
    Refuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_what_it_names_and_nothing_else() {
        let read =
            Semantics::parse("restore_existing = \"conflict\"\nstrict_compartment = false").expect("good");
        let wanted = Semantics {
            restore_existing: RestoreExisting::Conflict,
            strict_compartment: false,
            ..Semantics::default()
        };
        assert_eq!(read, wanted);
        assert!(Semantics::parse("restore_existing = \"maybe\"").is_err());
        assert!(Semantics::parse("restor_existing = \"merge\"").is_err());
    }
}
