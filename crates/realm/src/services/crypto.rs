//! Encryption and signatures, at the crypto endpoint of a vault.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyferry_wire::code;
use keyferry_wire::kms::{
    DecryptDataDetails, DecryptedData, EncryptDataDetails, EncryptedData, KeyState, KeyVersionState,
    SignDataDetails, SignedData, VerifiedData, VerifyDataDetails,
};
use zeroize::Zeroizing;

use super::{keys, vaults};
use crate::call::{Call, Effect};
use crate::crypto_error::CryptoError;
use crate::material::{
    EncryptionAlgorithm, Envelope, MessageType, Shape, SigningAlgorithm, aad_of, plaintext_checksum,
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
    keys::check_state(&keys::state_in(vault, key), &KeyState::Enabled)?;
    Ok(key)
}

/// A version of the key, by its id.
fn version<'c>(call: &'c Call<'_>, key: &KeyRecord, id: &str) -> Result<&'c VersionRecord, Refusal> {
    let found = call.world.versions.get(id).filter(|version| version.key_id == key.id);
    let version = found.ok_or_else(absent)?;
    if version.state == KeyVersionState::Enabled {
        Ok(version)
    } else {
        Err(Refusal::incorrect_state(format!("The key version's state is {}.", version.state)))
    }
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
        version.material.encrypt(version.material_id, algorithm, &plaintext, &aad, &call.seed)?;
    Effect::json(&EncryptedData {
        ciphertext: BASE64_STANDARD.encode(ciphertext),
        key_id: Some(key.id.clone()),
        key_version_id: Some(version.id.clone()),
        encryption_algorithm: Some(algorithm.name().to_owned()),
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
    let plaintext = version.material.decrypt(algorithm, &ciphertext, &aad)?;
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
    let signature = version.material.sign(algorithm, &message, message_type)?;
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
    let is_signature_valid = version.material.verify(algorithm, &message, message_type, &signature)?;
    Effect::json(&VerifiedData { is_signature_valid })
}

#[cfg(test)]
mod tests;
