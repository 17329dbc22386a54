//! JSON of the Identity service.

mod tags;
mod users;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;
use keyferry_ids::open_enum;

pub use tags::{
    CreateTagDetails, CreateTagNamespaceDetails, Tag, TagNamespace, TagState, TagSummary, TagValidator,
    UpdateTagDetails, UpdateTagNamespaceDetails,
};
pub use users::{ApiKey, CreateApiKeyDetails, User, UserCapabilities};

open_enum! {
    /// State of a compartment.
    CompartmentState { Creating = "CREATING", Active = "ACTIVE", Inactive = "INACTIVE", Deleting = "DELETING", Deleted = "DELETED" }
    /// State of a region subscription.
    SubscriptionStatus { Ready = "READY", InProgress = "IN_PROGRESS" }
}

/// Free-form tags.
pub type FreeformTags = BTreeMap<String, String>;
/// Defined tags: namespace, key, value (a string, or whatever a newer service sends).
pub type DefinedTags = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// A compartment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Compartment {
    pub id: String,
    /// The parent.
    pub compartment_id: String,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    pub time_created: Time,
    pub lifecycle_state: CompartmentState,
    #[serde(default)]
    pub inactive_status: Option<i64>,
    #[serde(default)]
    pub is_accessible: Option<bool>,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
}

/// What a new compartment needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateCompartmentDetails {
    pub compartment_id: String,
    pub name: String,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// What of a compartment is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateCompartmentDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_tags: Option<DefinedTags>,
}

/// Where a compartment is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct MoveCompartmentDetails {
    pub target_compartment_id: String,
}

/// An availability domain of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct AvailabilityDomain {
    pub name: String,
    pub id: String,
    pub compartment_id: String,
}

/// A region of the realm; the key in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct RegionName {
    pub key: String,
    pub name: String,
}

/// A region that the tenancy may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct RegionSubscription {
    pub region_key: String,
    pub region_name: String,
    pub status: SubscriptionStatus,
    pub is_home_region: bool,
}

/// The region to subscribe to, by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateRegionSubscriptionDetails {
    pub region_key: String,
}

/// The tenancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Tenancy {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    pub home_region_key: String,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
}
