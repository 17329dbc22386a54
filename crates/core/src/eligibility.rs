//! What can be backed up; if not, why, and what protects it instead. Decided before any call, because the
//! service's refusals are not documented.

use serde::{Deserialize, Serialize};

use crate::Code;
use crate::model::{Key, KeyState, KeyVersion, ProtectionMode, Vault, VaultState, VaultType, VersionState};

/// How a version of a software key is exported: wrapped for an RSA key of yours.
pub const EXPORT: &str = "oci kms crypto key export --endpoint CRYPTO-ENDPOINT --key-id KEY --key-version-id VERSION \
                          --algorithm RSA_OAEP_AES_SHA256 --public-key PEM";

/// One reason against a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What it is.
    pub code: Code,
    /// In a sentence.
    pub text: String,
    /// What protects it instead.
    #[serde(default)]
    pub next_best: String,
}

fn reason(code: Code, text: impl Into<String>) -> Reason {
    Reason { code, text: text.into(), next_best: next_best(code).to_owned() }
}

/// What protects the things that can't be backed up for that reason. A [`Reason`] may know better.
pub fn next_best(code: Code) -> &'static str {
    match code {
        Code::VaultNotPrivate => for_shared_vault(None),
        Code::Replica => "back up the primary vault",
        Code::SoftwareKey => {
            "export each version (oci kms crypto key export), replicate the vault, or move to an HSM key"
        }
        Code::SecretNotSaved => "keep its source, or replicate the secret to another region",
        Code::ExternalKey => "protect the external key manager: OCI holds a reference and no material",
        Code::WrongState => "wait for the state to pass, or cancel the deletion, and back up then",
        other => other.help(),
    }
}

// DEFAULT vaults from before there was replication can't be replicated; the vault itself says which it is.
fn for_shared_vault(is_replicable: Option<bool>) -> &'static str {
    match is_replicable {
        Some(true) => {
            "replicate it: oci kms management vault create-vault-replica --vault-id VAULT --replica-region REGION; a \
             replica survives the loss of the region, but no deletion; export its software keys"
        }
        Some(false) => {
            "export its software keys; it is too old to be replicated, and its HSM keys can be saved in no way: move \
             to a virtual private vault"
        }
        None => {
            "replicate the vault to another region, as newer DEFAULT vaults can be, and export its software keys; its \
             HSM keys can be saved in no other way"
        }
    }
}

/// Reasons against backing up a vault; none means it is eligible.
pub fn vault(vault: &Vault) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match &vault.vault_type {
        VaultType::VirtualPrivate => {}
        VaultType::Default => {
            let text = "a DEFAULT (shared) vault can't be backed up";
            let next_best = for_shared_vault(vault.is_replicable).to_owned();
            reasons.push(Reason { next_best, ..reason(Code::VaultNotPrivate, text) });
        }
        other => {
            let text = format!("a vault of type {other} can't be backed up");
            let is_external = *other == VaultType::External;
            let next_best = next_best(if is_external { Code::ExternalKey } else { Code::VaultNotPrivate });
            reasons.push(Reason { next_best: next_best.to_owned(), ..reason(Code::VaultNotPrivate, text) });
        }
    }
    if !vault.is_primary {
        let mut found = reason(Code::Replica, "a replica takes no backup");
        if let Some(region) = vault.primary_region() {
            found.next_best = format!("back up the primary vault in {region}");
        }
        reasons.push(found);
    }
    // A backup under way ends by itself, and is waited for.
    if !matches!(vault.lifecycle_state, VaultState::Active | VaultState::BackupInProgress) {
        let text = format!("only an ACTIVE vault can be backed up; this one is {}", vault.lifecycle_state);
        let mut found = reason(Code::WrongState, text);
        match vault.lifecycle_state {
            VaultState::PendingDeletion | VaultState::SchedulingDeletion => {
                found.next_best =
                    "cancel the deletion (oci kms management vault cancel-deletion), and back up then"
                        .to_owned();
            }
            VaultState::Deleting | VaultState::Deleted => {
                found.next_best = "restore it from an earlier backup, if there is one".to_owned();
            }
            _ => {}
        }
        reasons.push(found);
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
        let text = format!("a {} version is not part of a backup", version.lifecycle_state);
        vec![reason(Code::WrongState, text)]
    }
}

/// The reason why no backup holds a secret, whatever secret it is.
pub fn secret() -> Reason {
    reason(Code::SecretNotSaved, "a secret is never part of a backup")
}

/// The versions that a backup with keys is expected to hold.
pub fn saved_versions(of: &Key) -> impl Iterator<Item = &KeyVersion> {
    let eligible = key(of).is_empty();
    of.versions.iter().filter(move |v| eligible && version(of, v).is_empty())
}

#[cfg(test)]
mod tests;
