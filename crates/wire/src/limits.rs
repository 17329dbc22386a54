//! JSON of the Limits service.

use serde::{Deserialize, Serialize};

/// The value of a service limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct LimitValue {
    pub name: String,
    pub scope_type: String,
    #[serde(default)]
    pub availability_domain: Option<String>,
    pub value: u64,
}

/// What a service limit is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct LimitDefinition {
    pub name: String,
    pub service_name: String,
    pub description: String,
    pub scope_type: String,
    pub are_quotas_supported: bool,
    pub is_resource_availability_supported: bool,
    pub is_deprecated: bool,
    pub is_eligible_for_limit_increase: bool,
    pub is_dynamic: bool,
}

/// How much of a service limit is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ResourceAvailability {
    #[serde(default)]
    pub used: Option<u64>,
    #[serde(default)]
    pub available: Option<u64>,
    #[serde(default)]
    pub fractional_usage: Option<f64>,
    #[serde(default)]
    pub fractional_availability: Option<f64>,
    /// The quota of the compartment, if it has one.
    #[serde(default)]
    pub effective_quota_value: Option<f64>,
}

/// A service that has limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Service {
    pub name: String,
    pub description: String,
}
