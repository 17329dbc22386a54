//! Where a backup is written to or read from.

use serde::{Deserialize, Serialize};

use super::lenient;

/// The URI of a pre-authenticated request. Whoever has it has the object, so it can't be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParUri(String);

impl ParUri {
    /// Wraps a URI.
    pub fn new(uri: String) -> Self {
        Self(uri)
    }

    /// The URI itself, to send or to parse; never to log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ParUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ParUri(redacted)")
    }
}

/// A bucket or a pre-authenticated request. There is no region in it: a bucket is looked up in the region of
/// the endpoint that was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "destination")]
#[allow(missing_docs, reason = "OCI's field names")]
pub enum BackupLocation {
    /// An object in a bucket of the called region.
    #[serde(rename = "BUCKET", rename_all = "camelCase")]
    Bucket { namespace: String, bucket_name: String, object_name: String },
    /// A pre-authenticated request.
    #[serde(rename = "PRE_AUTHENTICATED_REQUEST_URI")]
    Par { uri: ParUri },
}

/// What to back up and where to. `isIncludeKeys` left out means two different things in Oracle's own texts, so
/// a client always sends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct BackupVaultDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_location: Option<BackupLocation>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_bool")]
    pub is_include_keys: Option<bool>,
}

/// Where a key's backup is written to or read from; a key has no other choices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct KeyBackupDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_location: Option<BackupLocation>,
}

/// Where to restore from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct RestoreVaultDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_location: Option<BackupLocation>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_in_any_key_order_and_a_par_is_never_printed() {
        let text = r#"{"namespace":"ns","bucketName":"b","objectName":"o","destination":"BUCKET"}"#;
        let location: BackupLocation = serde_json::from_str(text).expect("oci-cli's order");
        assert_eq!(
            serde_json::to_string(&location).expect("json"),
            r#"{"destination":"BUCKET","namespace":"ns","bucketName":"b","objectName":"o"}"#
        );
        let par = BackupLocation::Par { uri: ParUri::new("https://x/p/s3cr3t/n/ns/b/b/o/o".to_owned()) };
        assert!(!format!("{par:?}").contains("s3cr3t"));
    }

    #[test]
    fn booleans_written_as_text_are_understood() {
        let details: BackupVaultDetails = serde_json::from_str(r#"{"isIncludeKeys":"true"}"#).expect("text");
        assert_eq!(details.is_include_keys, Some(true));
        assert!(serde_json::from_str::<BackupVaultDetails>(r#"{"isIncludeKeys":"maybe"}"#).is_err());
    }
}
