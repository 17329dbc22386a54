//! Faults on the way and in answers.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Response};
use keyferry_wire::{OperationName as Op, Spec, code};
use serde_json::Value;

use super::effects::Effect;
use super::matcher::struck;
use super::rule::FaultRecord;
use crate::call::Call;
use crate::realm::Answer;
use crate::refusal::Refusal;

/// What happens to an answer on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disturbance {
    /// It comes so much later.
    pub delay: Duration,
    /// The connection breaks in the middle of its body, or before it if it has none.
    pub is_broken: bool,
    /// Half of its body is missing.
    pub is_truncated: bool,
}

impl Disturbance {
    /// The answer as it is sent.
    pub(crate) fn answer(self, response: Response<Bytes>) -> Answer {
        if self == Self::default() {
            return Answer::Reply(response);
        }
        let (mut head, mut body) = response.into_parts();
        if self.is_truncated && !body.is_empty() {
            body.truncate(body.len() / 2);
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        Answer::Disturbed(Response::from_parts(head, body), self)
    }
}

/// What faults do to a request before it is done.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Counters to be written down.
    pub(crate) counted: Vec<FaultRecord>,
    /// It is not done.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) disturbance: Disturbance,
}

/// Looks for faults on the way of a request. The first one that refuses it wins.
pub(crate) fn before(call: &Call<'_>, spec: &Spec) -> Before {
    let (effects, counted) = struck(call, |effect| match effect {
        Effect::Status { .. } | Effect::Delay { .. } | Effect::Reset | Effect::Truncate => true,
        Effect::BucketKeyDisabled { bucket } => is_about_content(spec) && call.name(1) == bucket,
        _ => false,
    });
    let mut before = Before { counted, ..Before::default() };
    let disturbance = &mut before.disturbance;
    for effect in effects {
        let refusal = match effect {
            Effect::Status { status, code, retry_after } => Some(refused(status, code, retry_after)),
            Effect::BucketKeyDisabled { .. } => {
                Some(Refusal::conflict("The key that the bucket is encrypted with is disabled."))
            }
            Effect::Delay { milliseconds } => {
                disturbance.delay += Duration::from_millis(milliseconds);
                None
            }
            Effect::Reset => {
                disturbance.is_broken = true;
                None
            }
            Effect::Truncate => {
                disturbance.is_truncated = true;
                None
            }
            _ => None,
        };
        before.refusal = before.refusal.or(refusal);
    }
    before
}

/// Whether bytes of objects or uploads are read or written.
fn is_about_content(spec: &Spec) -> bool {
    spec.path.contains("/o/{") || spec.path.contains("/u")
}

fn refused(status: u16, code: Option<String>, retry_after: Option<u64>) -> Refusal {
    let usual = match status {
        401 => code::NOT_AUTHENTICATED,
        404 => code::NOT_AUTHORIZED_OR_NOT_FOUND,
        405 => code::METHOD_NOT_ALLOWED,
        409 => code::INCORRECT_STATE,
        412 => code::NO_ETAG_MATCH,
        413 => code::PAYLOAD_TOO_LARGE,
        429 => code::TOO_MANY_REQUESTS,
        503 => code::SERVICE_UNAVAILABLE,
        400..=499 => code::INVALID_PARAMETER,
        _ => code::INTERNAL_SERVER_ERROR,
    };
    let code = code.map_or(Cow::Borrowed(usual), Cow::Owned);
    let reason = Some("a fault that was asked for".to_owned());
    Refusal { retry_after, reason, ..Refusal::new(status, code, "The embedded realm was told to fail here.") }
}

/// Whether the list is one of what lies in a compartment.
pub(super) fn lists_content(call: &Call<'_>, compartment: &str) -> bool {
    let is_list = matches!(call.operation, Op::ListVaults | Op::ListKeys | Op::ListSecrets);
    let Some(asked) = call.parameter("compartmentId").filter(|_| is_list) else { return false };
    asked == compartment || call.world.compartments.get(asked).is_some_and(|c| c.name == compartment)
}

/// Takes a compartment out of a list of compartments.
pub(super) fn without(compartment: &str, body: &Bytes) -> Bytes {
    match serde_json::from_slice(body) {
        Ok(Value::Array(mut items)) => {
            items.retain(|item| item["id"] != *compartment && item["name"] != *compartment);
            Value::Array(items).to_string().into()
        }
        _ => body.clone(),
    }
}
