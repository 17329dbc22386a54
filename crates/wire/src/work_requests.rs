//! JSON of work requests: the general service's and Object Storage's have one shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;
use keyferry_ids::open_enum;

open_enum! {
    /// State of a work request. Object Storage says COMPLETED where the general service says SUCCEEDED.
    WorkRequestStatus {
        Accepted = "ACCEPTED", InProgress = "IN_PROGRESS", Failed = "FAILED", Succeeded = "SUCCEEDED",
        Completed = "COMPLETED", Canceling = "CANCELING", Canceled = "CANCELED",
    }
}

/// A resource that a work request touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WorkRequestResource {
    pub action_type: String,
    pub entity_type: String,
    pub identifier: String,
    #[serde(default)]
    pub entity_uri: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A work request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WorkRequest {
    pub id: String,
    pub operation_type: String,
    pub status: WorkRequestStatus,
    pub compartment_id: String,
    #[serde(default)]
    pub resources: Vec<WorkRequestResource>,
    pub percent_complete: f32,
    /// Inline only in identity's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WorkRequestError>,
    /// Inline only in identity's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<WorkRequestLogEntry>,
    #[serde(default)]
    pub time_accepted: Option<Time>,
    #[serde(default)]
    pub time_started: Option<Time>,
    #[serde(default)]
    pub time_finished: Option<Time>,
}

/// A work request as listed: the same without resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WorkRequestSummary {
    pub id: String,
    pub operation_type: String,
    pub status: WorkRequestStatus,
    pub compartment_id: String,
    pub percent_complete: f32,
    #[serde(default)]
    pub time_accepted: Option<Time>,
    #[serde(default)]
    pub time_started: Option<Time>,
    #[serde(default)]
    pub time_finished: Option<Time>,
}

/// Why a work request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WorkRequestError {
    pub code: String,
    pub message: String,
    pub timestamp: Time,
}

/// A line of a work request's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct WorkRequestLogEntry {
    pub message: String,
    pub timestamp: Time,
}
