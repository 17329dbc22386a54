//! JSON of users and the keys they sign requests with.

use serde::{Deserialize, Serialize};

use super::{DefinedTags, FreeformTags};
use crate::Time;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct User {
    pub id: String,
    /// The tenancy.
    pub compartment_id: String,
    pub name: String,
    pub description: String,
    #[serde(default)]
    pub email: Option<String>,
    pub time_created: Time,
    pub lifecycle_state: String,
    #[serde(default)]
    pub inactive_status: Option<i64>,
    #[serde(default)]
    pub freeform_tags: Option<FreeformTags>,
    #[serde(default)]
    pub defined_tags: Option<DefinedTags>,
    #[serde(default)]
    pub capabilities: Option<UserCapabilities>,
    pub is_mfa_activated: bool,
}

/// Which credentials a user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct UserCapabilities {
    pub can_use_console_password: bool,
    pub can_use_api_keys: bool,
    pub can_use_auth_tokens: bool,
    pub can_use_smtp_credentials: bool,
    pub can_use_customer_secret_keys: bool,
    #[serde(rename = "canUseOAuth2ClientCredentials")]
    pub can_use_oauth2_client_credentials: bool,
}

/// The public half of a key that a user signs requests with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct ApiKey {
    /// `tenancy/user/fingerprint`.
    pub key_id: String,
    /// PEM.
    pub key_value: String,
    pub fingerprint: String,
    pub user_id: String,
    pub time_created: Time,
    pub lifecycle_state: String,
    #[serde(default)]
    pub inactive_status: Option<i64>,
}

/// A public key to add to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct CreateApiKeyDetails {
    /// PEM.
    pub key: String,
}
