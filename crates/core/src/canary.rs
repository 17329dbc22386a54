//! Canaries: something sealed by a key version before the disaster that only the same version opens after it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_ids::{KeyId, KeyVersionId, VaultId};
use serde::{Deserialize, Serialize};

use crate::Sha256;
use crate::model::Algorithm;

/// What was sealed and how to tell whether it opened. Plaintexts are random, secret and never kept: their
/// digest is enough to recognise them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sealed {
    /// AES_256_GCM; the ciphertext itself names the version, so it is opened without naming one.
    AesGcm {
        /// Base64.
        ciphertext: String,
        /// Bound into the ciphertext: a canary can't be passed off as another key's.
        associated_data: BTreeMap<String, String>,
        /// Digest of the 32 random bytes.
        plaintext_sha256: Sha256,
    },
    /// RSA_OAEP_SHA_256; opening needs the new version's OCID, because RSA ciphertexts carry nothing.
    RsaOaep {
        /// Base64.
        ciphertext: String,
        /// Digest of the 32 random bytes.
        plaintext_sha256: Sha256,
    },
    /// A signature over a challenge, checked by the service and against the recorded public key.
    Signature {
        /// OCI's name of the algorithm.
        algorithm: String,
        /// Base64.
        message: String,
        /// Base64.
        signature: String,
    },
}

/// One canary of one key version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The key.
    pub key_id: KeyId,
    /// The version that sealed it.
    pub version_id: KeyVersionId,
    /// The backup it was minted for; later backups carry it on.
    pub minted_for: String,
    /// When.
    pub minted_at: Timestamp,
    /// What was sealed.
    pub sealed: Sealed,
}

/// What kinds of canary a key version gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryKind {
    /// For AES keys.
    AesGcm,
    /// For RSA keys.
    RsaOaep,
    /// For RSA and ECDSA keys.
    Signature,
}

/// The kinds for an algorithm; empty for one that is not known.
pub fn kinds_for(algorithm: &Algorithm) -> &'static [CanaryKind] {
    match algorithm {
        Algorithm::Aes => &[CanaryKind::AesGcm],
        Algorithm::Rsa => &[CanaryKind::RsaOaep, CanaryKind::Signature],
        Algorithm::Ecdsa => &[CanaryKind::Signature],
        Algorithm::Other(_) => &[],
    }
}

/// The associated data of an AES canary.
pub fn binding(
    vault: &VaultId,
    key: &KeyId,
    version: &KeyVersionId,
    backup_id: &str,
) -> BTreeMap<String, String> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    BTreeMap::from([
        pair("keyferry", "canary"),
        pair("vault", vault.as_str()),
        pair("key", key.as_str()),
        pair("version", version.as_str()),
        pair("backup", backup_id),
    ])
}

/// The signing algorithm of a signature canary, for a key of that length in bytes. PKCS#1 v1.5 and ECDSA with
/// the curve's own hash; `None` if the key can't sign.
pub fn signing_algorithm(algorithm: &Algorithm, length: u32) -> Option<&'static str> {
    match (algorithm, length) {
        (Algorithm::Rsa, _) => Some("SHA_256_RSA_PKCS1_V1_5"),
        (Algorithm::Ecdsa, 32) => Some("ECDSA_SHA_256"),
        (Algorithm::Ecdsa, 48) => Some("ECDSA_SHA_384"),
        (Algorithm::Ecdsa, 66) => Some("ECDSA_SHA_512"),
        _ => None,
    }
}
