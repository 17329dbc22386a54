//! The wrapping key of a vault, and the keys and versions that are imported with it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyferry_wire::Time;
use keyferry_wire::kms::{
    CreateKeyDetails, ImportKeyDetails, ImportKeyVersionDetails, Key, KeyState, Origin, ProtectionMode,
    WrappedImportKey, WrappingAlgorithm, WrappingKey,
};

use super::key_versions::{self, check_no_version_is_new};
use super::keys::{self, check_state, named};
use super::limits;
use super::vaults::{check_active, here};
use crate::call::{Call, Effect};
use crate::crypto_error::CryptoError;
use crate::material::{Material, Shape, Wrapping};
use crate::mint;
use crate::records::VaultRecord;
use crate::refusal::{Refusal, shortened};
use crate::wrapping_keys::SHAPE;

pub(super) fn wrapping_key(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let id = &vault.wrapping_key_id;
    let public_key = call.account.wrapping_keys.key(id)?.public_key_pem()?;
    let key = WrappingKey {
        compartment_id: vault.compartment_id.clone(),
        id: id.clone(),
        lifecycle_state: state(vault),
        public_key: public_key.ok_or(CryptoError::Library("writing an RSA public key"))?,
        time_created: Time(vault.time_created),
        vault_id: vault.id.clone(),
    };
    Ok(Effect::json(&key)?.etag(&etag(call, vault)))
}

/// The same key as an ordinary one, as it is read by its id; no list shows it.
pub(super) fn as_key(call: &Call<'_>, vault: &VaultRecord) -> Result<Effect, Refusal> {
    let names = call.account.wrapping_keys.seed(&vault.wrapping_key_id);
    let key = Key {
        compartment_id: vault.compartment_id.clone(),
        current_key_version: key_versions::version_id(call, &vault.ext, &names),
        defined_tags: Some(Default::default()),
        display_name: "RSA wrapping key".to_owned(),
        freeform_tags: Some(Default::default()),
        id: vault.wrapping_key_id.clone(),
        key_shape: SHAPE.into(),
        protection_mode: Some(ProtectionMode::Hsm),
        lifecycle_state: state(vault),
        time_created: Time(vault.time_created),
        time_of_deletion: vault.time_of_deletion.map(Time),
        vault_id: vault.id.clone(),
        restored_from_key_id: None,
        replica_details: None,
        is_primary: Some(true),
        is_auto_rotation_enabled: Some(false),
        auto_key_rotation_details: None,
        external_key_reference_details: None,
    };
    Ok(Effect::json(&key)?.etag(&etag(call, vault)))
}

fn state(vault: &VaultRecord) -> KeyState {
    keys::state_through(vault).unwrap_or(KeyState::Enabled)
}

fn etag(call: &Call<'_>, vault: &VaultRecord) -> String {
    mint::etag(&call.account.wrapping_keys.seed(&vault.wrapping_key_id))
}

pub(super) fn import_key(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    check_active(vault)?;
    let details: ImportKeyDetails = call.json()?;
    let wrapped = details.wrapped_import_key;
    let details = CreateKeyDetails {
        compartment_id: details.compartment_id,
        display_name: details.display_name,
        key_shape: details.key_shape,
        protection_mode: details.protection_mode,
        freeform_tags: details.freeform_tags,
        defined_tags: details.defined_tags,
        is_auto_rotation_enabled: details.is_auto_rotation_enabled,
        auto_key_rotation_details: details.auto_key_rotation_details,
    };
    keys::added(call, vault, details, |shape| {
        Ok((Origin::External, unwrapped(call, vault, &wrapped, shape)?))
    })
}

pub(super) fn import_version(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    check_active(vault)?;
    check_state(&key.state, &KeyState::Enabled)?;
    check_no_version_is_new(call, key)?;
    limits::check_versions(call, vault, [(key.shape, &key.protection_mode)])?;
    let details: ImportKeyVersionDetails = call.json()?;
    let material = unwrapped(call, vault, &details.wrapped_import_key, key.shape)?;
    let version = key_versions::made(call, vault, &key.id, Origin::External, material);
    key_versions::changed(call, key, version)
}

fn unwrapped(
    call: &Call<'_>,
    vault: &VaultRecord,
    wrapped: &WrappedImportKey,
    shape: Shape,
) -> Result<Material, Refusal> {
    let wrapping = wrapping(&wrapped.wrapping_algorithm)?;
    let bytes = BASE64_STANDARD.decode(&wrapped.key_material);
    let bytes = bytes.map_err(|_| Refusal::invalid("keyMaterial is not base64."))?;
    let key = call.account.wrapping_keys.key(&vault.wrapping_key_id)?;
    Ok(key.unwrap_import(wrapping, &bytes, shape)?)
}

/// How material is wrapped, by OCI's name.
pub(super) fn wrapping(algorithm: &WrappingAlgorithm) -> Result<Wrapping, Refusal> {
    match algorithm {
        WrappingAlgorithm::RsaOaepSha256 => Ok(Wrapping::Oaep),
        WrappingAlgorithm::RsaOaepAesSha256 => Ok(Wrapping::OaepAes),
        WrappingAlgorithm::Other(name) => {
            Err(Refusal::invalid(format!("There is no wrapping algorithm {}.", shortened(name))))
        }
    }
}

#[cfg(test)]
mod tests;
