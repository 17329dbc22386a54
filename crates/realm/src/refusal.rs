//! Why a request is not done, as OCI would say it.

use std::borrow::Cow;

use http::StatusCode;
use keyferry_wire::code;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// What the caller is not told; it goes to the request log only.
    pub(crate) reason: Option<String>,
    /// Seconds after which it may be done.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code: code.into(), message: message.into(), reason: None, retry_after: None }
    }

    /// 401, which never says why.
    pub(crate) fn not_authenticated(reason: impl Into<String>) -> Self {
        let message =
            "The required information to complete authentication was not provided or was incorrect.";
        Self { reason: Some(reason.into()), ..Self::new(401, code::NOT_AUTHENTICATED, message) }
    }

    /// 404: absent or forbidden.
    pub(crate) fn absent() -> Self {
        let message = "Authorization failed or requested resource not found.";
        Self::new(404, code::NOT_AUTHORIZED_OR_NOT_FOUND, message)
    }

    /// 400: a value is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, code::INVALID_PARAMETER, message)
    }

    /// 400: a value is missing.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(400, code::MISSING_PARAMETER, format!("Missing {}.", shortened(name)))
    }

    /// 409 that goes away by waiting.
    pub(crate) fn incorrect_state(message: impl Into<String>) -> Self {
        Self::new(409, code::INCORRECT_STATE, message)
    }

    /// 409 that stays.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, code::CONFLICT, message)
    }
}

/// A text from a request, short and without control characters, for a message.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(100).collect::<String>().escape_debug().to_string()
}
