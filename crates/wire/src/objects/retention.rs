//! Retention rules of buckets.

use serde::{Deserialize, Deserializer, Serialize};

use crate::Time;

/// How long, from an object's last change on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct Duration {
    pub time_amount: u32,
    /// `DAYS` or `YEARS`.
    pub time_unit: String,
}

/// A rule under which objects can neither be changed nor deleted; without a duration, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct RetentionRule {
    pub id: String,
    pub display_name: String,
    #[serde(default)]
    pub duration: Option<Duration>,
    pub etag: String,
    #[serde(default)]
    pub time_rule_locked: Option<Time>,
    pub time_created: Time,
    pub time_modified: Time,
}

/// All rules of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct RetentionRules {
    pub items: Vec<RetentionRule>,
}

/// A new rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateRetentionRuleDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_rule_locked: Option<Time>,
}

/// What to change of a rule: what is left out stays, what is null goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UpdateRetentionRuleDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub duration: Option<Option<Duration>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub time_rule_locked: Option<Option<Time>>,
}

/// Keeps "null" apart from "left out".
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
