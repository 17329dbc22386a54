//! JSON of Object Storage's pre-authenticated requests.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::kms::ParUri;
use keyferry_ids::open_enum;

open_enum! {
    /// What a pre-authenticated request allows: for one object, or for all of a bucket or prefix.
    ParAccess {
        ObjectRead = "ObjectRead", ObjectWrite = "ObjectWrite", ObjectReadWrite = "ObjectReadWrite",
        AnyObjectRead = "AnyObjectRead", AnyObjectWrite = "AnyObjectWrite",
        AnyObjectReadWrite = "AnyObjectReadWrite",
    }
    /// Whether a pre-authenticated request also lists.
    ParListing { Deny = "Deny", ListObjects = "ListObjects" }
}

/// What a new pre-authenticated request needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateParDetails {
    pub name: String,
    pub access_type: ParAccess,
    pub time_expires: Time,
    /// The object, or for `AnyObject...` a prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_listing_action: Option<ParListing>,
}

/// A new pre-authenticated request. Its URI is told this once and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Par {
    pub id: String,
    pub name: String,
    /// The path, with the token in it.
    pub access_uri: ParUri,
    #[serde(default)]
    pub object_name: Option<String>,
    #[serde(default)]
    pub bucket_listing_action: Option<ParListing>,
    pub access_type: ParAccess,
    pub time_expires: Time,
    pub time_created: Time,
    /// The whole URL.
    #[serde(default)]
    pub full_path: Option<ParUri>,
}

/// A pre-authenticated request as listed and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ParSummary {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub object_name: Option<String>,
    #[serde(default)]
    pub bucket_listing_action: Option<ParListing>,
    pub access_type: ParAccess,
    pub time_expires: Time,
    pub time_created: Time,
}
