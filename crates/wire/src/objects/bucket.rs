//! Buckets and the namespace they are in.

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
    /// Only with `fields=tags`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// What a new bucket needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_bucket_key_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_tiering: Option<String>,
}

/// What to change of a bucket; what is left out stays. `kmsKeyId: ""` takes the key away, and metadata with
/// the value null are removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateBucketDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compartment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_events_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_bucket_key_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_tiering: Option<String>,
}

/// Where buckets go that other protocols create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct NamespaceMetadata {
    pub namespace: String,
    #[serde(rename = "defaultS3CompartmentId")]
    pub default_s3_compartment_id: String,
    pub default_swift_compartment_id: String,
}

/// What to change of that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateNamespaceMetadataDetails {
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "defaultS3CompartmentId")]
    pub default_s3_compartment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_swift_compartment_id: Option<String>,
}

/// Which key protects an object from now on; without one, the bucket's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ReencryptObjectDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// A key that is not kept in the cloud, as whatever it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sse_customer_key: Option<serde_json::Value>,
}

/// A policy that copies a bucket's objects elsewhere, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ReplicationPolicySummary {
    pub id: String,
    pub name: String,
    pub destination_region_name: String,
    pub destination_bucket_name: String,
    pub time_created: Time,
    pub time_last_sync: Time,
    pub status: String,
    pub status_message: String,
}

/// A policy of another bucket that copies into this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ReplicationSource {
    pub policy_name: String,
    pub source_region_name: String,
    pub source_bucket_name: String,
}
