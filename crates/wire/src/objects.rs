//! JSON of Object Storage's native API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::identity::{DefinedTags, FreeformTags};

/// A bucket. `versioning` is always sent: oci-cli's `bucket delete --empty` crashes without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Bucket {
    pub namespace: String,
    pub name: String,
    pub compartment_id: String,
    pub created_by: String,
    pub time_created: Time,
    pub etag: String,
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub public_access_type: Option<String>,
    #[serde(default)]
    pub storage_tier: Option<String>,
    #[serde(default)]
    pub object_events_enabled: Option<bool>,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default)]
    pub kms_key_id: Option<String>,
    #[serde(default)]
    pub is_bucket_key_enabled: Option<bool>,
    #[serde(default)]
    pub object_lifecycle_policy_etag: Option<String>,
    #[serde(default)]
    pub approximate_count: Option<u64>,
    #[serde(default)]
    pub approximate_size: Option<u64>,
    #[serde(default)]
    pub replication_enabled: Option<bool>,
    #[serde(default)]
    pub is_read_only: Option<bool>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub versioning: Option<String>,
    #[serde(default)]
    pub auto_tiering: Option<String>,
    #[serde(default)]
    pub bucket_scope: Option<String>,
}

/// A bucket as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct BucketSummary {
    pub namespace: String,
    pub name: String,
    pub compartment_id: String,
    pub created_by: String,
    pub time_created: Time,
    pub etag: String,
}

/// What a new bucket needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateBucketDetails {
    pub name: String,
    pub compartment_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_events_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<String>,
}

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

/// Where an object is copied to; sent to the source's region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CopyObjectDetails {
    pub source_object_name: String,
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
}
