//! Names of encryption and signing algorithms as OCI spells them.

use std::fmt;

use aws_lc_rs::digest::{self, Digest};

use crate::crypto_error::{CryptoError, quoted};

/// Longest message to sign, if not given as a digest.
const LONGEST_MESSAGE: usize = 4096;

/// How to encrypt. `AES_256_GCM` is the name whatever the length of the AES key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EncryptionAlgorithm {
    Aes256Gcm,
    RsaOaepSha1,
    RsaOaepSha256,
}

impl EncryptionAlgorithm {
    pub(crate) fn parse(name: &str) -> Result<Self, CryptoError> {
        [Self::Aes256Gcm, Self::RsaOaepSha1, Self::RsaOaepSha256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| CryptoError::UnknownName(quoted(name)))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "AES_256_GCM",
            Self::RsaOaepSha1 => "RSA_OAEP_SHA_1",
            Self::RsaOaepSha256 => "RSA_OAEP_SHA_256",
        }
    }
}

impl fmt::Display for EncryptionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SigningAlgorithm {
    pub(super) scheme: Scheme,
    pub(super) hash: Hash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    RsaPss,
    RsaPkcs1,
    Ecdsa,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA_256",
            Self::Sha384 => "SHA_384",
            Self::Sha512 => "SHA_512",
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl SigningAlgorithm {
    /// Every algorithm offered.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Scheme::RsaPss, Scheme::RsaPkcs1, Scheme::Ecdsa]
            .into_iter()
            .flat_map(|scheme| Hash::ALL.map(|hash| Self { scheme, hash }))
    }

    pub(crate) fn parse(name: &str) -> Result<Self, CryptoError> {
        match name {
            "SHA_224_RSA_PKCS_PSS" | "SHA_224_RSA_PKCS1_V1_5" => {
                Err(CryptoError::Unsupported(name.to_owned()))
            }
            _ => Self::all()
                .find(|algorithm| algorithm.to_string() == name)
                .ok_or_else(|| CryptoError::UnknownName(quoted(name))),
        }
    }

    /// The digest that is signed: of a raw message, or the message itself.
    pub(super) fn digest_of(self, message: &[u8], message_type: MessageType) -> Result<Digest, CryptoError> {
        let hash = self.hash.digest();
        match message_type {
            MessageType::Raw if (1..=LONGEST_MESSAGE).contains(&message.len()) => {
                Ok(digest::digest(hash, message))
            }
            MessageType::Raw => Err(CryptoError::Length {
                what: "the message",
                found: message.len(),
                longest: LONGEST_MESSAGE,
            }),
            MessageType::Digest => {
                Digest::import_less_safe(message, hash).map_err(|_| CryptoError::DigestLength {
                    algorithm: self.to_string(),
                    expected: hash.output_len(),
                    found: message.len(),
                })
            }
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.hash.name();
        match self.scheme {
            Scheme::RsaPss => write!(f, "{hash}_RSA_PKCS_PSS"),
            Scheme::RsaPkcs1 => write!(f, "{hash}_RSA_PKCS1_V1_5"),
            Scheme::Ecdsa => write!(f, "ECDSA_{hash}"),
        }
    }
}

/// Whether the message of a signature is hashed here or was hashed by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageType {
    Raw,
    Digest,
}

impl MessageType {
    pub(crate) fn parse(name: &str) -> Result<Self, CryptoError> {
        match name {
            "RAW" => Ok(Self::Raw),
            "DIGEST" => Ok(Self::Digest),
            _ => Err(CryptoError::UnknownName(quoted(name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CryptoError, EncryptionAlgorithm, MessageType, SigningAlgorithm};

    #[test]
    fn the_names_of_oci_are_read_and_written() {
        for name in ["AES_256_GCM", "RSA_OAEP_SHA_1", "RSA_OAEP_SHA_256"] {
            assert_eq!(EncryptionAlgorithm::parse(name).expect("a name of OCI").name(), name);
        }
        for hash in ["SHA_256", "SHA_384", "SHA_512"] {
            for name in
                [format!("{hash}_RSA_PKCS_PSS"), format!("{hash}_RSA_PKCS1_V1_5"), format!("ECDSA_{hash}")]
            {
                assert_eq!(SigningAlgorithm::parse(&name).expect("a name of OCI").to_string(), name);
            }
        }
        assert_eq!(MessageType::parse("DIGEST").expect("a name of OCI"), MessageType::Digest);
    }

    #[test]
    fn sha_224_is_not_offered_and_other_names_are_unknown() {
        let refused = SigningAlgorithm::parse("SHA_224_RSA_PKCS_PSS").expect_err("not offered");
        assert!(matches!(refused, CryptoError::Unsupported(_)), "{refused}");
        for name in ["ECDSA_SHA_224", "aes_256_gcm", ""] {
            let unknown = SigningAlgorithm::parse(name).expect_err("unknown");
            assert!(matches!(unknown, CryptoError::UnknownName(_)), "{unknown}");
            EncryptionAlgorithm::parse(name).expect_err("unknown");
            MessageType::parse(name).expect_err("unknown");
        }
    }
}
