//! JSON of tag namespaces and the tags defined in them.

use serde::{Deserialize, Serialize};

use super::{DefinedTags, FreeformTags};
use crate::Time;
use keyferry_ids::open_enum;

open_enum! {
    /// State of a tag namespace or tag. A retired one is inactive.
    TagState { Active = "ACTIVE", Inactive = "INACTIVE", Deleting = "DELETING", Deleted = "DELETED" }
}

/// A tag namespace; lists show all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct TagNamespace {
    pub id: String,
    pub compartment_id: String,
    pub name: String,
    pub description: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    pub is_retired: bool,
    #[serde(default)]
    pub lifecycle_state: Option<TagState>,
    pub time_created: Time,
}

/// What a new tag namespace needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateTagNamespaceDetails {
    pub compartment_id: String,
    pub name: String,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// What of a tag namespace is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateTagNamespaceDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_retired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// Which values a tag takes: `DEFAULT` any, `ENUM` the listed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct TagValidator {
    pub validator_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// A tag as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct TagSummary {
    pub compartment_id: String,
    pub id: String,
    pub name: String,
    pub description: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    pub is_retired: bool,
    #[serde(default)]
    pub lifecycle_state: Option<TagState>,
    pub time_created: Time,
    pub is_cost_tracking: bool,
}

/// A tag: a key that may be set on resources within its namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Tag {
    #[serde(flatten)]
    pub summary: TagSummary,
    pub tag_namespace_id: String,
    pub tag_namespace_name: String,
    #[serde(default)]
    pub validator: Option<TagValidator>,
}

/// What a new tag needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateTagDetails {
    pub name: String,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_cost_tracking: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<TagValidator>,
}

/// What of a tag is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateTagDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_retired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_cost_tracking: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validator: Option<TagValidator>,
}
