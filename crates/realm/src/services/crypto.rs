//! Encryption and signatures, at the crypto endpoint of a vault.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyferry_wire::kms::{
    DecryptDataDetails, DecryptedData, EncryptDataDetails, EncryptedData, ExportKeyDetails, ExportedKeyData,
    GenerateKeyDetails, GeneratedKey, KeyState, ProtectionMode, SignDataDetails, SignedData, VerifiedData,
    VerifyDataDetails,
};
use keyferry_wire::{Time, code};
use zeroize::Zeroizing;

use super::key_versions::material;
use super::{keys, vaults, wrapping_keys};
use crate::call::{Call, Effect};
use crate::crypto_error::CryptoError;
use crate::material::{
    EncryptionAlgorithm, Envelope, MessageType, Shape, SigningAlgorithm, WrappingPublicKey, aad_of,
    plaintext_checksum,
};
use crate::records::{KeyRecord, VersionRecord};
use crate::refusal::Refusal;

impl From<CryptoError> for Refusal {
    fn from(error: CryptoError) -> Self {
        let message = error.to_string();
        match error {
            CryptoError::Library(_) => Self::new(500, code::INTERNAL_SERVER_ERROR, message),
            _ => Self::invalid(message),
        }
    }
}

fn absent() -> Refusal {
    let message = "Key or Vault does not exist or you are not authorized to access them.";
    Refusal::new(404, code::NOT_AUTHORIZED_OR_NOT_FOUND, message)
}

/// A key of this vault that can be used. What a backup or restore of the vault does is no obstacle.
fn usable<'c>(call: &'c Call<'_>, key_id: &str) -> Result<&'c KeyRecord, Refusal> {
    let vault = vaults::here(call).map_err(|_| absent())?;
    let key = call.world.keys.get(key_id).filter(|key| key.vault_id == vault.id).ok_or_else(absent)?;
    keys::check_state(&keys::state_for_use(vault, key), &KeyState::Enabled)?;
    Ok(key)
}

/// A version of the key, by its id.
fn version<'c>(call: &'c Call<'_>, key: &KeyRecord, id: &str) -> Result<&'c VersionRecord, Refusal> {
    let found = call.world.versions.get(id).filter(|version| version.key_id == key.id);
    found.ok_or_else(absent)
}

/// The current version, the only one that makes something new.
fn current<'c>(
    call: &'c Call<'_>,
    key: &KeyRecord,
    asked: Option<&str>,
) -> Result<&'c VersionRecord, Refusal> {
    if asked.is_some_and(|id| id != key.current_version_id) {
        return Err(Refusal::invalid("Only the current version of a key encrypts and signs."));
    }
    version(call, key, &key.current_version_id)
}

fn decoded(what: &str, base64: &str) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let bytes = BASE64_STANDARD.decode(base64);
    bytes.map(Zeroizing::new).map_err(|_| Refusal::invalid(format!("{what} is not base64.")))
}

/// The name of an algorithm; left out, it is that of AES whatever the key.
fn encryption_algorithm(name: Option<&str>) -> Result<EncryptionAlgorithm, Refusal> {
    Ok(name.map_or(Ok(EncryptionAlgorithm::Aes256Gcm), EncryptionAlgorithm::parse)?)
}

fn message_type(name: Option<&str>) -> Result<MessageType, Refusal> {
    Ok(name.map_or(Ok(MessageType::Raw), MessageType::parse)?)
}

pub(super) fn encrypt(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: EncryptDataDetails = call.json()?;
    let key = usable(call, &details.key_id)?;
    let version = current(call, key, details.key_version_id.as_deref())?;
    let algorithm = encryption_algorithm(details.encryption_algorithm.as_deref())?;
    let plaintext = decoded("plaintext", &details.plaintext)?;
    let aad = aad_of(&details.associated_data.unwrap_or_default())?;
    let ciphertext =
        material(version)?.encrypt(version.material_id, algorithm, &plaintext, &aad, &call.seed)?;
    Effect::json(&EncryptedData {
        ciphertext: BASE64_STANDARD.encode(ciphertext),
        key_id: Some(key.id.clone()),
        key_version_id: Some(version.id.clone()),
        encryption_algorithm: Some(algorithm.name().to_owned()),
    })
}

/// A data encryption key of any AES length; decrypting its ciphertext gives it back.
pub(super) fn generate(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: GenerateKeyDetails = call.json()?;
    let key = usable(call, &details.key_id)?;
    let version = current(call, key, None)?;
    let Shape::Aes { length } = Shape::try_from(details.key_shape)? else {
        return Err(Refusal::invalid("The keyShape of a data encryption key is of algorithm AES."));
    };
    let aad = aad_of(&details.associated_data.unwrap_or_default())?;
    let bytes = Zeroizing::new(call.seed.bytes::<32>("data encryption key"));
    let plaintext = &bytes[..length];
    let gcm = EncryptionAlgorithm::Aes256Gcm;
    let ciphertext = material(version)?.encrypt(version.material_id, gcm, plaintext, &aad, &call.seed)?;
    let is_shown = details.include_plaintext_key;
    Effect::json(&GeneratedKey {
        ciphertext: BASE64_STANDARD.encode(ciphertext),
        plaintext: is_shown.then(|| BASE64_STANDARD.encode(plaintext)),
        plaintext_checksum: is_shown.then(|| plaintext_checksum(plaintext)),
    })
}

/// HSM keys never leave; software keys leave under a key of the caller.
pub(super) fn export(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: ExportKeyDetails = call.json()?;
    let key = usable(call, &details.key_id)?;
    if key.protection_mode != ProtectionMode::Software {
        return Err(Refusal::invalid("Only keys with protection mode SOFTWARE can be exported."));
    }
    let id = details.key_version_id.as_deref().unwrap_or(&key.current_version_id);
    let version = version(call, key, id)?;
    let wrapping = wrapping_keys::wrapping(&details.algorithm)?;
    let public_key = WrappingPublicKey::from_pem(&details.public_key)?;
    let encrypted = public_key.wrap(material(version)?, wrapping, &call.seed.child("export"))?;
    Effect::json(&ExportedKeyData {
        key_version_id: version.id.clone(),
        key_id: key.id.clone(),
        time_created: Time(version.time_created),
        vault_id: key.vault_id.clone(),
        encrypted_key: BASE64_STANDARD.encode(encrypted),
        algorithm: details.algorithm,
    })
}

/// An AES ciphertext says itself which material made it, so that it also opens after a restore that gave key
/// and version other ids.
pub(super) fn decrypt(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: DecryptDataDetails = call.json()?;
    let key = usable(call, &details.key_id)?;
    let algorithm = encryption_algorithm(details.encryption_algorithm.as_deref())?;
    let ciphertext = decoded("ciphertext", &details.ciphertext)?;
    let aad = aad_of(&details.associated_data.unwrap_or_default())?;
    let asked = details.key_version_id.as_deref();
    let version = match key.shape {
        Shape::Aes { .. } => {
            let material_id = Envelope::material_id_of(&ciphertext);
            let versions = call.world.versions_of(&key.id);
            let found = versions.into_iter().find(|v| Some(v.material_id) == material_id);
            found.filter(|v| asked.is_none_or(|id| v.id == id)).ok_or(CryptoError::NotDecryptable)?
        }
        _ => version(call, key, asked.unwrap_or(&key.current_version_id))?,
    };
    let plaintext = material(version)?.decrypt(algorithm, &ciphertext, &aad)?;
    Effect::json(&DecryptedData {
        plaintext: BASE64_STANDARD.encode(&*plaintext),
        plaintext_checksum: plaintext_checksum(&plaintext),
        key_id: Some(key.id.clone()),
        key_version_id: Some(version.id.clone()),
        encryption_algorithm: Some(algorithm.name().to_owned()),
    })
}

pub(super) fn sign(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: SignDataDetails = call.json()?;
    let key = usable(call, &details.key_id)?;
    let version = current(call, key, details.key_version_id.as_deref())?;
    let algorithm = SigningAlgorithm::parse(&details.signing_algorithm)?;
    let message = decoded("message", &details.message)?;
    let message_type = message_type(details.message_type.as_deref())?;
    let signature = material(version)?.sign(algorithm, &message, message_type)?;
    Effect::json(&SignedData {
        key_id: key.id.clone(),
        key_version_id: version.id.clone(),
        signature: BASE64_STANDARD.encode(signature),
        signing_algorithm: Some(algorithm.to_string()),
    })
}

pub(super) fn verify(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: VerifyDataDetails = call.json()?;
    let key = usable(call, &details.key_id)?;
    let version = version(call, key, &details.key_version_id)?;
    let algorithm = SigningAlgorithm::parse(&details.signing_algorithm)?;
    let message = decoded("message", &details.message)?;
    let signature = decoded("signature", &details.signature)?;
    let message_type = message_type(details.message_type.as_deref())?;
    let is_signature_valid = material(version)?.verify(algorithm, &message, message_type, &signature)?;
    Effect::json(&VerifiedData { is_signature_valid })
}

#[cfg(test)]
mod tests;
