//! Objects written in parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;

/// What the object will be. The keys of the metadata begin with `opc-meta-`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateMultipartUploadDetails {
    pub object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// An upload that is neither committed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct MultipartUpload {
    pub namespace: String,
    pub bucket: String,
    pub object: String,
    pub upload_id: String,
    pub time_created: Time,
    #[serde(default)]
    pub storage_tier: Option<String>,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct MultipartUploadPart {
    pub etag: String,
    pub md5: String,
    pub size: u64,
    pub part_number: u32,
}

/// The parts that make the object, and those that do not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CommitMultipartUploadDetails {
    pub parts_to_commit: Vec<PartToCommit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts_to_exclude: Option<Vec<u32>>,
}

/// A part and the state it is meant in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct PartToCommit {
    pub part_num: u32,
    pub etag: String,
}
