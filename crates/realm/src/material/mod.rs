//! Key material: what a key version really is, and everything it can do.

mod aes;
mod algorithm;
mod ecdsa;
mod envelope;
mod rsa;
mod shape;
mod wrap;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyferry_seams::Seed;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{ZeroizeOnDrop, Zeroizing};

pub(crate) use self::aes::{open as open_sealed, seal};
pub(crate) use self::algorithm::{EncryptionAlgorithm, MessageType, SigningAlgorithm};
#[cfg(test)]
pub(crate) use self::ecdsa::Curve;
pub(crate) use self::envelope::{Envelope, MaterialId};
pub(crate) use self::shape::Shape;
pub(crate) use self::wrap::{Wrapping, WrappingPublicKey};
use crate::crypto_error::CryptoError;
use algorithm::Scheme;

/// Longest plaintext under an AES key.
const LONGEST_PLAINTEXT: usize = 4096;
/// The string form of associated data must stay below this many characters.
const ASSOCIATED_DATA_BOUND: usize = 4096;

/// The secret of one key version: AES bytes, an RSA key as PKCS#8 DER, or the scalar of an ECDSA key.
pub(crate) struct Material {
    shape: Shape,
    secret: Zeroizing<Vec<u8>>,
}

impl Material {
    /// New material, the same for the same seed.
    pub(crate) fn generate(shape: Shape, seed: &Seed) -> Result<Self, CryptoError> {
        let secret = match shape {
            Shape::Aes { length } => {
                let bytes = Zeroizing::new(seed.bytes::<32>("aes"));
                Zeroizing::new(bytes[..length].to_vec())
            }
            Shape::Rsa { length } => rsa::generate(length, seed)?,
            Shape::Ecdsa(curve) => ecdsa::generate(curve, seed),
        };
        Ok(Self { shape, secret })
    }

    /// Material from stored or imported bytes, which must be a key of that shape.
    pub(crate) fn from_bytes(shape: Shape, secret: Zeroizing<Vec<u8>>) -> Result<Self, CryptoError> {
        let fits = match shape {
            Shape::Aes { length } => secret.len() == length,
            Shape::Rsa { length } => rsa::length_of(&secret) == Some(length),
            Shape::Ecdsa(curve) => ecdsa::is_scalar(curve, &secret),
        };
        if fits { Ok(Self { shape, secret }) } else { Err(CryptoError::NotAKey(shape.to_string())) }
    }

    /// The secret itself.
    #[cfg(test)]
    pub(crate) fn to_bytes(&self) -> &[u8] {
        &self.secret
    }

    /// The secret as it is exported: AES bytes, or a private key as PKCS#8 DER.
    fn exported(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self.shape {
            Shape::Aes { .. } | Shape::Rsa { .. } => Ok(self.secret.clone()),
            Shape::Ecdsa(curve) => ecdsa::private_key_der(curve, &self.secret),
        }
    }

    /// What kind of key this is.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Encrypts. An AES ciphertext carries the material id; an RSA ciphertext carries nothing.
    pub(crate) fn encrypt(
        &self,
        material_id: MaterialId,
        algorithm: EncryptionAlgorithm,
        plaintext: &[u8],
        aad: &[u8],
        seed: &Seed,
    ) -> Result<Vec<u8>, CryptoError> {
        self.check_encryption(algorithm, aad)?;
        let longest = match self.shape {
            Shape::Rsa { length } => rsa::longest_plaintext(length, algorithm),
            _ => LONGEST_PLAINTEXT,
        };
        if !(1..=longest).contains(&plaintext.len()) {
            return Err(CryptoError::Length { what: "the plaintext", found: plaintext.len(), longest });
        }
        match algorithm {
            EncryptionAlgorithm::Aes256Gcm => Envelope::seal(material_id, &self.secret, plaintext, aad, seed),
            _ => rsa::encrypt(&self.secret, algorithm, plaintext, seed),
        }
    }

    /// Decrypts what [`Material::encrypt`] made with this material.
    pub(crate) fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.check_encryption(algorithm, aad)?;
        match algorithm {
            EncryptionAlgorithm::Aes256Gcm => Envelope::parse(ciphertext)?.open(&self.secret, aad),
            _ => rsa::decrypt(&self.secret, algorithm, ciphertext),
        }
    }

    /// Signs a message, or its digest.
    pub(crate) fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: &[u8],
        message_type: MessageType,
    ) -> Result<Vec<u8>, CryptoError> {
        self.check_signing(algorithm)?;
        let digest = algorithm.digest_of(message, message_type)?;
        match self.shape {
            Shape::Ecdsa(curve) => ecdsa::sign(curve, &self.secret, digest.as_ref()),
            _ => rsa::sign(&self.secret, algorithm, &digest),
        }
    }

    /// Whether the signature is one of this key over that message.
    pub(crate) fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: &[u8],
        message_type: MessageType,
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        self.check_signing(algorithm)?;
        let digest = algorithm.digest_of(message, message_type)?;
        match self.shape {
            Shape::Ecdsa(curve) => ecdsa::verify(curve, &self.secret, digest.as_ref(), signature),
            _ => rsa::verify(&self.secret, algorithm, &digest, signature),
        }
    }

    /// The public key as PEM (`PUBLIC KEY`, LF only); an AES key has none.
    pub(crate) fn public_key_pem(&self) -> Result<Option<String>, CryptoError> {
        let der = match self.shape {
            Shape::Aes { .. } => return Ok(None),
            Shape::Rsa { .. } => rsa::public_key_der(&self.secret)?,
            Shape::Ecdsa(curve) => ecdsa::public_key_der(curve, &self.secret)?,
        };
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(Some(pem::encode_config(&pem::Pem::new("PUBLIC KEY", der), config)))
    }

    fn check_encryption(&self, algorithm: EncryptionAlgorithm, aad: &[u8]) -> Result<(), CryptoError> {
        match (self.shape, algorithm) {
            (Shape::Aes { .. }, EncryptionAlgorithm::Aes256Gcm) => Ok(()),
            (Shape::Rsa { .. }, EncryptionAlgorithm::RsaOaepSha1 | EncryptionAlgorithm::RsaOaepSha256) => {
                if aad.is_empty() {
                    Ok(())
                } else {
                    Err(CryptoError::AssociatedDataWithRsa)
                }
            }
            _ => Err(self.other_kind(algorithm)),
        }
    }

    fn check_signing(&self, algorithm: SigningAlgorithm) -> Result<(), CryptoError> {
        match (self.shape, algorithm.scheme) {
            (Shape::Rsa { .. }, Scheme::RsaPss | Scheme::RsaPkcs1) => Ok(()),
            (Shape::Ecdsa(curve), Scheme::Ecdsa) if curve.hash() == algorithm.hash => Ok(()),
            _ => Err(self.other_kind(algorithm)),
        }
    }

    fn other_kind(&self, algorithm: impl fmt::Display) -> CryptoError {
        CryptoError::OtherKind { algorithm: algorithm.to_string(), shape: self.shape.to_string() }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Material({}, ..)", self.shape)
    }
}

/// Material as it is stored inside something encrypted.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
struct StoredMaterial {
    #[zeroize(skip)]
    shape: Shape,
    secret: String,
}

impl Serialize for Material {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let secret = BASE64_STANDARD.encode(&*self.secret);
        StoredMaterial { shape: self.shape, secret }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Material {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let stored = StoredMaterial::deserialize(deserializer)?;
        // The cause is left out: a decoding error quotes a byte of the secret.
        let secret =
            BASE64_STANDARD.decode(&stored.secret).map_err(|_| D::Error::custom("material is not base64"))?;
        Self::from_bytes(stored.shape, Zeroizing::new(secret)).map_err(D::Error::custom)
    }
}

/// Associated data as the bytes that are authenticated: JSON with sorted keys. No data and an empty map
/// are the same.
pub(crate) fn aad_of(associated_data: &BTreeMap<String, String>) -> Result<Vec<u8>, CryptoError> {
    if associated_data.is_empty() {
        return Ok(Vec::new());
    }
    let json = serde_json::to_string(associated_data)
        .map_err(|_| CryptoError::Library("writing associated data"))?;
    if json.chars().count() < ASSOCIATED_DATA_BOUND {
        Ok(json.into_bytes())
    } else {
        Err(CryptoError::AssociatedDataLength { longest: ASSOCIATED_DATA_BOUND - 1 })
    }
}

/// The `plaintextChecksum` of a decryption: CRC-32 as a decimal number.
pub(crate) fn plaintext_checksum(plaintext: &[u8]) -> String {
    crc32fast::hash(plaintext).to_string()
}

#[cfg(test)]
mod tests;
