//! Objects: lists of them, their versions, and what is done to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;

/// An object as listed; which fields are filled depends on `fields=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ObjectSummary {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_created: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_modified: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archival_state: Option<String>,
}

/// One page of objects. The next page starts at `nextStartWith`, which is absent on the last one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ListObjects {
    pub objects: Vec<ObjectSummary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefixes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_start_with: Option<String>,
}

/// A version of an object, or the mark of its deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ObjectVersionSummary {
    #[serde(flatten)]
    pub object: ObjectSummary,
    pub version_id: String,
    pub is_delete_marker: bool,
}

/// One page of versions. The next one is named by a header.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ObjectVersions {
    pub items: Vec<ObjectVersionSummary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefixes: Option<Vec<String>>,
}

/// Where an object is copied to; sent to the source's region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CopyObjectDetails {
    pub source_object_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version_id: Option<String>,
    pub destination_region: String,
    pub destination_namespace: String,
    pub destination_bucket: String,
    pub destination_object_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "sourceObjectIfMatchETag")]
    pub source_object_if_match_etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "destinationObjectIfMatchETag")]
    pub destination_object_if_match_etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "destinationObjectIfNoneMatchETag")]
    pub destination_object_if_none_match_etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_object_metadata: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_object_storage_tier: Option<String>,
}

/// A new name for an object in its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct RenameObjectDetails {
    pub source_name: String,
    pub new_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "srcObjIfMatchETag")]
    pub src_obj_if_match_etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "newObjIfMatchETag")]
    pub new_obj_if_match_etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "newObjIfNoneMatchETag")]
    pub new_obj_if_none_match_etag: Option<String>,
}

/// Objects to delete together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct BatchDeleteObjectsDetails {
    pub objects: Vec<BatchDeleteObjectIdentifier>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_skip_deleted_result: Option<bool>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct BatchDeleteObjectIdentifier {
    pub object_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<String>,
}

/// What became of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct BatchDeleteObjectsResult {
    pub deleted: Vec<DeletedObjectResult>,
    pub failed: Vec<FailedObjectResult>,
}

/// An object that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct DeletedObjectResult {
    pub object_name: String,
    pub time_last_modified: Time,
}

/// An object that is still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct FailedObjectResult {
    pub object_name: String,
    pub status_code: u16,
    pub error_message: String,
}
