//! Common conduct of all answers: request ids, date, length, and errors as JSON.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use jiff::Timestamp;
use keyferry_seams::Seed;
use keyferry_wire::headers::{OPC_CLIENT_REQUEST_ID, OPC_REQUEST_ID};
use keyferry_wire::{ServiceError, http_date};

use crate::call::Effect;
use crate::refusal::Refusal;

/// Of a client's own request id, no more than this is sent back.
const LONGEST_CLIENT_ID: usize = 64;

/// Makes the answer out of what came of a request.
pub(crate) fn reply(
    request: &Request<Bytes>,
    outcome: Result<Effect, Refusal>,
    seed: &Seed,
    now: Timestamp,
) -> Response<Bytes> {
    let effect = outcome.unwrap_or_else(|refusal| error(&refusal));
    let is_head = request.method() == Method::HEAD;
    let length = effect.body.len();
    let mut response = Response::new(if is_head { Bytes::new() } else { effect.body });
    *response.status_mut() = effect.status;
    let headers = response.headers_mut();
    for (name, value) in &effect.headers {
        // Values come from the realm itself or from headers and names it has checked; one that still is no
        // header value is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    if is_head && effect.status.is_client_error() {
        headers.remove(CONTENT_TYPE);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    } else if !headers.contains_key(CONTENT_LENGTH)
        && !matches!(effect.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let id = request_id(text(OPC_REQUEST_ID), seed);
    for (name, value) in [(OPC_REQUEST_ID, id), (DATE.as_str(), http_date(now))] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(echo) =
        request.headers().get(OPC_CLIENT_REQUEST_ID).filter(|id| id.len() <= LONGEST_CLIENT_ID)
    {
        headers.insert(OPC_CLIENT_REQUEST_ID, echo.clone());
    }
    response
}

fn error(refusal: &Refusal) -> Effect {
    let document = ServiceError { code: refusal.code.to_string(), message: refusal.message.clone() };
    let effect = Effect::json(&document).unwrap_or_else(|_| Effect::empty(refusal.status));
    let effect = match refusal.retry_after {
        Some(seconds) => effect.header(RETRY_AFTER.as_str(), seconds.to_string()),
        None => effect,
    };
    Effect { status: refusal.status, ..effect }
}

/// The client's id, followed by two of the service's: `CLIENT/32 HEX/32 HEX`.
fn request_id(client: Option<&str>, seed: &Seed) -> String {
    let segment = |name: &str| hex::encode_upper(seed.bytes::<16>(name));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.');
    let first = client
        .and_then(|id| id.split('/').next())
        .filter(|id| (1..=LONGEST_CLIENT_ID).contains(&id.len()) && id.bytes().all(plain))
        .map_or_else(|| segment("request id 1"), str::to_owned);
    format!("{first}/{}/{}", segment("request id 2"), segment("request id 3"))
}
