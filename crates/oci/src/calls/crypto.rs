//! Encrypt, decrypt, sign and verify, asked at a vault's crypto endpoint.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use keyferry_core::model::Vault;
use keyferry_ids::{KeyId, KeyVersionId};
use keyferry_wire::kms::{DecryptDataDetails, EncryptDataDetails, SignDataDetails, VerifyDataDetails};
use keyferry_wire::{Json, ops};
use zeroize::Zeroizing;

use crate::client::{Call, Client, Place};
use crate::convert;
use crate::error::Error;

/// What Encrypt gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The ciphertext, decoded.
    pub ciphertext: Vec<u8>,
    /// The version that encrypted, if the service says so: older answers do not.
    pub key_version_id: Option<KeyVersionId>,
}

/// What Sign gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signature, decoded; ECDSA in DER.
    pub signature: Vec<u8>,
    /// The version that signed.
    pub key_version_id: KeyVersionId,
}

fn crypto<'a, B>(vault: &'a Vault, key: &'a KeyId, body: &'a B) -> Call<'a, B> {
    let place = Place::Vault { region: vault.region, endpoint: &vault.crypto_endpoint };
    Call { subject: Some(key.as_str()), ..Call::new(place, body) }
}

fn some(associated_data: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    Some(associated_data.clone()).filter(|data| !data.is_empty())
}

impl Client {
    /// Encrypts up to 4096 bytes with the current version of a key. `algorithm` is OCI's word.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn encrypt(
        &self,
        vault: &Vault,
        key: &KeyId,
        plaintext: &[u8],
        associated_data: &BTreeMap<String, String>,
        algorithm: &str,
    ) -> Result<Encrypted, Error> {
        let body = Json(EncryptDataDetails {
            key_id: key.to_string(),
            plaintext: BASE64_STANDARD.encode(plaintext),
            associated_data: some(associated_data),
            logging_context: None,
            key_version_id: None,
            encryption_algorithm: Some(algorithm.to_owned()),
        });
        let reply = self.call::<ops::Encrypt>(crypto(vault, key, &body)).await?;
        let (site, encrypted) = (&reply.site, reply.body.0);
        Ok(Encrypted {
            ciphertext: convert::bytes(site, "ciphertext", &encrypted.ciphertext)?,
            key_version_id: convert::optional_id(site, "keyVersionId", encrypted.key_version_id.as_deref())?,
        })
    }

    /// Decrypts. AES ciphertexts name their version themselves, RSA ones need it.
    ///
    /// # Errors
    /// If it is refused, or the plaintext does not fit the checksum that came with it.
    pub async fn decrypt(
        &self,
        vault: &Vault,
        key: &KeyId,
        version: Option<&KeyVersionId>,
        ciphertext: &[u8],
        associated_data: &BTreeMap<String, String>,
        algorithm: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let body = Json(DecryptDataDetails {
            ciphertext: BASE64_STANDARD.encode(ciphertext),
            key_id: key.to_string(),
            associated_data: some(associated_data),
            logging_context: None,
            key_version_id: version.map(ToString::to_string),
            encryption_algorithm: Some(algorithm.to_owned()),
        });
        let reply = self.call::<ops::Decrypt>(crypto(vault, key, &body)).await?;
        let encoded = Zeroizing::new(reply.body.0.plaintext);
        let plaintext = Zeroizing::new(convert::bytes(&reply.site, "plaintext", &encoded)?);
        if reply.body.0.plaintext_checksum != crc32fast::hash(&plaintext).to_string() {
            let what = "the plaintext does not fit its checksum".to_owned();
            return Err(Error::Unexpected { site: reply.site, what });
        }
        Ok(plaintext)
    }

    /// Signs a message of up to 4096 bytes, with the current version if none is named.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn sign(
        &self,
        vault: &Vault,
        key: &KeyId,
        version: Option<&KeyVersionId>,
        message: &[u8],
        algorithm: &str,
    ) -> Result<Signed, Error> {
        let body = Json(SignDataDetails {
            message: BASE64_STANDARD.encode(message),
            key_id: key.to_string(),
            signing_algorithm: algorithm.to_owned(),
            key_version_id: version.map(ToString::to_string),
            message_type: Some("RAW".to_owned()),
            logging_context: None,
        });
        let reply = self.call::<ops::Sign>(crypto(vault, key, &body)).await?;
        let (site, signed) = (&reply.site, reply.body.0);
        Ok(Signed {
            signature: convert::bytes(site, "signature", &signed.signature)?,
            key_version_id: convert::id(site, "keyVersionId", &signed.key_version_id)?,
        })
    }

    /// True if the service finds that the version made this signature over this message.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn verify(
        &self,
        vault: &Vault,
        key: &KeyId,
        version: &KeyVersionId,
        message: &[u8],
        signature: &[u8],
        algorithm: &str,
    ) -> Result<bool, Error> {
        let body = Json(VerifyDataDetails {
            key_id: key.to_string(),
            key_version_id: version.to_string(),
            signature: BASE64_STANDARD.encode(signature),
            message: BASE64_STANDARD.encode(message),
            signing_algorithm: algorithm.to_owned(),
            message_type: Some("RAW".to_owned()),
            logging_context: None,
        });
        Ok(self.call::<ops::Verify>(crypto(vault, key, &body)).await?.body.0.is_signature_valid)
    }
}
