//! Vaults, their usage and their secrets.

use keyferry_core::model::{Secret, Usage, Vault};
use keyferry_ids::Region;
use keyferry_wire::{kms, secrets};

use super::{id, name, optional_id, tags};
use crate::error::{CallSite, Error};

pub(crate) fn vault(site: &CallSite, region: Region, vault: kms::Vault) -> Result<Vault, Error> {
    Ok(Vault {
        id: id(site, "id", &vault.id)?,
        name: name(&vault.display_name),
        region,
        compartment_id: id(site, "compartmentId", &vault.compartment_id)?,
        vault_type: vault.vault_type.as_str().into(),
        lifecycle_state: vault.lifecycle_state.as_str().into(),
        management_endpoint: vault.management_endpoint,
        crypto_endpoint: vault.crypto_endpoint,
        time_created: vault.time_created.0,
        time_of_deletion: vault.time_of_deletion.map(|time| time.0),
        restored_from: optional_id(site, "restoredFromVaultId", vault.restored_from_vault_id.as_deref())?,
        // Vaults that were never replicated may come without the field.
        is_primary: vault.is_primary.unwrap_or(true),
        is_replicable: vault.is_vault_replicable,
        wrapping_key_id: optional_id(site, "wrappingkeyId", vault.wrappingkey_id.as_deref())?,
        tags: tags(vault.freeform_tags, vault.defined_tags),
    })
}

pub(crate) fn usage(usage: kms::VaultUsage) -> Usage {
    Usage {
        keys: usage.key_count,
        software_keys: usage.software_key_count.unwrap_or(0),
        key_versions: usage.key_version_count,
        software_key_versions: usage.software_key_version_count.unwrap_or(0),
    }
}

pub(crate) fn secret(site: &CallSite, secret: &secrets::SecretSummary) -> Result<Secret, Error> {
    Ok(Secret {
        id: id(site, "id", &secret.id)?,
        name: name(&secret.secret_name),
        compartment_id: id(site, "compartmentId", &secret.compartment_id)?,
        vault_id: id(site, "vaultId", &secret.vault_id)?,
        key_id: optional_id(site, "keyId", secret.key_id.as_deref())?,
        lifecycle_state: secret.lifecycle_state.to_string(),
    })
}
