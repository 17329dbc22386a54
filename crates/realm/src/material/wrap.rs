//! Key material on its way in and out, wrapped under an RSA key: by RSA-OAEP with SHA-256 alone, or as
//! `RSA-OAEP(temporary AES key) ‖ AES-KWP(material)` (RFC 5649), which PKCS#11 calls RSA AES key wrap.

use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrapPadded};
use keyferry_seams::Seed;
use zeroize::Zeroizing;

use super::{EncryptionAlgorithm, Material, Shape, rsa};
use crate::crypto_error::CryptoError;

/// Bytes that AES-KWP may add: a prefix of eight, and padding to a multiple of eight.
const KWP_OVERHEAD: usize = 15;
const OAEP: EncryptionAlgorithm = EncryptionAlgorithm::RsaOaepSha256;

/// How material is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapping {
    Oaep,
    OaepAes,
}

/// The RSA key that a caller wants material wrapped with.
#[derive(Debug)]
pub(crate) struct WrappingPublicKey(Vec<u8>);

impl WrappingPublicKey {
    /// From PEM; some clients write CR-LF into it.
    pub(crate) fn from_pem(text: &str) -> Result<Self, CryptoError> {
        let der = pem::parse(text).ok().filter(|pem| pem.tag() == "PUBLIC KEY").map(pem::Pem::into_contents);
        let fits = |der: &Vec<u8>| matches!(rsa::public_length_of(der), Some(256 | 384 | 512));
        der.filter(fits).map(Self).ok_or(CryptoError::NotAPublicKey)
    }

    /// Wraps material for export. RSA and ECDSA keys are too long for RSA-OAEP alone, or may be.
    pub(crate) fn wrap(
        &self,
        material: &Material,
        wrapping: Wrapping,
        seed: &Seed,
    ) -> Result<Vec<u8>, CryptoError> {
        let secret = material.exported()?;
        match (wrapping, material.shape()) {
            (Wrapping::Oaep, Shape::Aes { .. }) => rsa::encrypt_to(&self.0, OAEP, &secret, seed),
            (Wrapping::Oaep, shape) => Err(CryptoError::OtherKind {
                algorithm: "RSA_OAEP_SHA256".to_owned(),
                shape: shape.to_string(),
            }),
            (Wrapping::OaepAes, _) => {
                let temporary = Zeroizing::new(seed.bytes::<32>("temporary AES key"));
                let mut wrapped = rsa::encrypt_to(&self.0, OAEP, &*temporary, seed)?;
                let mut output = vec![0; secret.len() + KWP_OVERHEAD];
                let failed = |_| CryptoError::Library("wrapping a key with AES");
                let kek = AesKek::new(&AES_256, &*temporary).map_err(failed)?;
                wrapped.extend_from_slice(kek.wrap_with_padding(&secret, &mut output).map_err(failed)?);
                Ok(wrapped)
            }
        }
    }
}

impl Material {
    /// Material that a caller wrapped with this key, which must be a key of that shape.
    pub(crate) fn unwrap_import(
        &self,
        wrapping: Wrapping,
        wrapped: &[u8],
        shape: Shape,
    ) -> Result<Material, CryptoError> {
        let secret = match (wrapping, shape) {
            (_, Shape::Ecdsa(_)) => return Err(CryptoError::NotImportable),
            (Wrapping::Oaep, Shape::Rsa { .. }) => {
                return Err(CryptoError::OtherKind {
                    algorithm: "RSA_OAEP_SHA256".to_owned(),
                    shape: shape.to_string(),
                });
            }
            (Wrapping::Oaep, Shape::Aes { .. }) => {
                self.decrypt(OAEP, wrapped, b"").map_err(|_| CryptoError::NotUnwrappable)?
            }
            (Wrapping::OaepAes, _) => self.unwrap_in_two_steps(wrapped)?,
        };
        Material::from_bytes(shape, secret)
    }

    pub(super) fn unwrap_in_two_steps(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let refused = || CryptoError::NotUnwrappable;
        let length = rsa::length_of(&self.secret).ok_or_else(refused)?;
        let (temporary, rest) = wrapped.split_at_checked(length).ok_or_else(refused)?;
        let temporary = self.decrypt(OAEP, temporary, b"").map_err(|_| refused())?;
        let cipher = match temporary.len() {
            16 => &AES_128,
            32 => &AES_256,
            _ => return Err(refused()),
        };
        let kek = AesKek::new(cipher, &temporary).map_err(|_| refused())?;
        let mut secret = Zeroizing::new(vec![0; rest.len()]);
        let length = kek.unwrap_with_padding(rest, &mut secret).map_err(|_| refused())?.len();
        secret.truncate(length);
        Ok(secret)
    }
}
