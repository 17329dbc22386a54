//! The error document that every service answers with.

use serde::{Deserialize, Serialize};

/// `{"code":"...","message":"..."}`. Node's SDK needs both to be non-empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceError {
    /// A word such as `NotAuthorizedOrNotFound`.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// Error codes that have a meaning here.
pub mod code {
    /// 401: signature, key or clock is wrong.
    pub const NOT_AUTHENTICATED: &str = "NotAuthenticated";
    /// 404: absent or forbidden, OCI does not say which.
    pub const NOT_AUTHORIZED_OR_NOT_FOUND: &str = "NotAuthorizedOrNotFound";
    /// 404: no such operation.
    pub const NOT_FOUND: &str = "NotFound";
    /// 404: the bucket, or the right to see it.
    pub const BUCKET_NOT_FOUND: &str = "BucketNotFound";
    /// 404: the object.
    pub const OBJECT_NOT_FOUND: &str = "ObjectNotFound";
    /// 404: the namespace.
    pub const NAMESPACE_NOT_FOUND: &str = "NamespaceNotFound";
    /// 403: identity changes outside the home region.
    pub const NOT_ALLOWED: &str = "NotAllowed";
    /// 400: a value is wrong.
    pub const INVALID_PARAMETER: &str = "InvalidParameter";
    /// 400: a value is missing.
    pub const MISSING_PARAMETER: &str = "MissingParameter";
    /// 400: the body is not the JSON asked for.
    pub const CANNOT_PARSE_REQUEST: &str = "CannotParseRequest";
    /// 400: a service limit.
    pub const LIMIT_EXCEEDED: &str = "LimitExceeded";
    /// 400: a compartment quota.
    pub const QUOTA_EXCEEDED: &str = "QuotaExceeded";
    /// 400: something that the request refers to, such as a tag, is absent or forbidden.
    pub const RELATED_RESOURCE_NOT_AUTHORIZED_OR_NOT_FOUND: &str = "RelatedResourceNotAuthorizedOrNotFound";
    /// 405.
    pub const METHOD_NOT_ALLOWED: &str = "MethodNotAllowed";
    /// 409: will be right given time; retried by all SDKs.
    pub const INCORRECT_STATE: &str = "IncorrectState";
    /// 409: will not be right by waiting.
    pub const CONFLICT: &str = "Conflict";
    /// 409: the token was used for something else.
    pub const INVALIDATED_RETRY_TOKEN: &str = "InvalidatedRetryToken";
    /// 412 of all services but Object Storage.
    pub const NO_ETAG_MATCH: &str = "NoEtagMatch";
    /// 413.
    pub const PAYLOAD_TOO_LARGE: &str = "PayloadTooLarge";
    /// 429.
    pub const TOO_MANY_REQUESTS: &str = "TooManyRequests";
    /// 500.
    pub const INTERNAL_SERVER_ERROR: &str = "InternalServerError";
    /// 503.
    pub const SERVICE_UNAVAILABLE: &str = "ServiceUnavailable";
}
