//! JSON of the crypto endpoint. Plaintexts are never shown by `Debug`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::KeyShape;
use super::lenient;

/// What to encrypt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct EncryptDataDetails {
    pub key_id: String,
    /// Base64.
    pub plaintext: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_context: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version_id: Option<String>,
    /// `AES_256_GCM` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_algorithm: Option<String>,
}

impl fmt::Debug for EncryptDataDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptDataDetails").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// A ciphertext. Only `ciphertext` is certain to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct EncryptedData {
    /// Base64.
    pub ciphertext: String,
    #[serde(default)]
    pub key_id: Option<String>,
    #[serde(default)]
    pub key_version_id: Option<String>,
    #[serde(default)]
    pub encryption_algorithm: Option<String>,
}

/// What to decrypt. AES ciphertexts name their key version themselves, RSA ones need `keyVersionId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct DecryptDataDetails {
    /// Base64.
    pub ciphertext: String,
    pub key_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_context: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_algorithm: Option<String>,
}

/// A plaintext.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct DecryptedData {
    /// Base64.
    pub plaintext: String,
    /// CRC-32 of the decoded plaintext in decimal.
    pub plaintext_checksum: String,
    #[serde(default)]
    pub key_id: Option<String>,
    #[serde(default)]
    pub key_version_id: Option<String>,
    #[serde(default)]
    pub encryption_algorithm: Option<String>,
}

impl fmt::Debug for DecryptedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptedData").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// What kind of data encryption key to make, and under which AES key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct GenerateKeyDetails {
    pub key_id: String,
    #[serde(deserialize_with = "lenient::bool")]
    pub include_plaintext_key: bool,
    pub key_shape: KeyShape,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_context: Option<BTreeMap<String, String>>,
}

/// A data encryption key; its ciphertext is one like any other of the AES key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct GeneratedKey {
    /// Base64.
    pub ciphertext: String,
    /// Base64; only if asked for, as is its checksum.
    #[serde(default)]
    pub plaintext: Option<String>,
    /// CRC-32 of the decoded plaintext in decimal.
    #[serde(default)]
    pub plaintext_checksum: Option<String>,
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedKey").field("ciphertext", &self.ciphertext).finish_non_exhaustive()
    }
}

/// What to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SignDataDetails {
    /// Base64 of at most 4096 bytes.
    pub message: String,
    pub key_id: String,
    pub signing_algorithm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version_id: Option<String>,
    /// `RAW` if left out, or `DIGEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_context: Option<BTreeMap<String, String>>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct SignedData {
    pub key_id: String,
    pub key_version_id: String,
    /// Base64; ECDSA in DER.
    pub signature: String,
    #[serde(default)]
    pub signing_algorithm: Option<String>,
}

/// What to verify; here `keyVersionId` is required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct VerifyDataDetails {
    pub key_id: String,
    pub key_version_id: String,
    pub signature: String,
    pub message: String,
    pub signing_algorithm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_context: Option<BTreeMap<String, String>>,
}

/// A verdict on a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct VerifiedData {
    pub is_signature_valid: bool,
}
