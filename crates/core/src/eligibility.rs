//! What can be backed up, and if not, why. Decided before any call, because the service's refusals are
//! not documented.

use serde::{Deserialize, Serialize};

use crate::Code;
use crate::model::{Key, KeyState, KeyVersion, ProtectionMode, Vault, VaultState, VaultType, VersionState};

/// One reason against a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What it is.
    pub code: Code,
    /// In a sentence.
    pub text: String,
}

fn reason(code: Code, text: impl Into<String>) -> Reason {
    Reason { code, text: text.into() }
}

/// Reasons against backing up a vault; none means it is eligible.
pub fn vault(vault: &Vault) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match &vault.vault_type {
        VaultType::VirtualPrivate => {}
        VaultType::Default => {
            reasons.push(reason(Code::VaultNotPrivate, "a DEFAULT (shared) vault can't be backed up"));
        }
        other => {
            reasons
                .push(reason(Code::VaultNotPrivate, format!("a vault of type {other} can't be backed up")));
        }
    }
    if !vault.is_primary {
        reasons.push(reason(Code::Replica, "a replica takes no backup"));
    }
    if vault.lifecycle_state != VaultState::Active {
        let text = format!("only an ACTIVE vault can be backed up; this one is {}", vault.lifecycle_state);
        reasons.push(reason(Code::WrongState, text));
    }
    reasons
}

/// Reasons why a vault backup with keys will not hold this key; none means it will.
pub fn key(key: &Key) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match &key.protection_mode {
        ProtectionMode::Hsm => {}
        ProtectionMode::Software => {
            reasons.push(reason(Code::SoftwareKey, "a software key is never part of a backup"));
        }
        other => reasons.push(reason(
            Code::ExternalKey,
            format!("a key with protection {other} is never part of a backup"),
        )),
    }
    if !matches!(key.lifecycle_state, KeyState::Enabled | KeyState::Disabled) {
        let text = format!("only ENABLED and DISABLED keys are saved; this one is {}", key.lifecycle_state);
        reasons.push(reason(Code::WrongState, text));
    }
    reasons
}

/// Reasons why a backup will not hold this version of an eligible key. The user guide says ENABLED versions
/// only; the versions of a disabled key come along with it.
pub fn version(of: &Key, version: &KeyVersion) -> Vec<Reason> {
    let is_saved = match version.lifecycle_state {
        VersionState::Enabled => true,
        VersionState::Disabled => of.lifecycle_state == KeyState::Disabled,
        _ => false,
    };
    if is_saved {
        Vec::new()
    } else {
        vec![reason(
            Code::WrongState,
            format!("a {} version is not part of a backup", version.lifecycle_state),
        )]
    }
}

/// The versions that a backup with keys is expected to hold.
pub fn saved_versions(of: &Key) -> impl Iterator<Item = &KeyVersion> {
    let eligible = key(of).is_empty();
    of.versions.iter().filter(move |v| eligible && version(of, v).is_empty())
}
