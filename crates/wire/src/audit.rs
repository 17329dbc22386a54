//! JSON of the Audit service: one event per call, in the shape of CloudEvents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Time;

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct AuditEvent {
    pub event_type: String,
    pub cloud_events_version: String,
    pub event_type_version: String,
    pub source: String,
    pub event_id: String,
    pub event_time: Time,
    pub content_type: String,
    pub data: Data,
}

/// What was called, by whom, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Data {
    #[serde(default)]
    pub event_grouping_id: Option<String>,
    pub event_name: String,
    pub compartment_id: String,
    #[serde(default)]
    pub compartment_name: Option<String>,
    #[serde(default)]
    pub resource_name: Option<String>,
    #[serde(default)]
    pub resource_id: Option<String>,
    #[serde(default)]
    pub availability_domain: Option<String>,
    pub identity: Identity,
    pub request: Request,
    pub response: Response,
}

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Identity {
    #[serde(default)]
    pub principal_name: Option<String>,
    #[serde(default)]
    pub principal_id: Option<String>,
    #[serde(default)]
    pub auth_type: Option<String>,
    #[serde(default)]
    pub tenant_id: Option<String>,
    #[serde(default)]
    pub ip_address: Option<String>,
    /// The key id that signed.
    #[serde(default)]
    pub credentials: Option<String>,
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// The request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Request {
    #[serde(default)]
    pub id: Option<String>,
    pub path: String,
    pub action: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<String>>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Response {
    /// The HTTP status, as text.
    pub status: String,
    pub response_time: Time,
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub payload: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub message: Option<String>,
}
