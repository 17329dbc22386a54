//! Signs requests: which headers, and the `Authorization` header over them.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use keyferry_wire::signature::{Authorization, BODY, GENERIC, signing_string};
use keyferry_wire::{BodyKind, headers};
use sha2::{Digest, Sha256};

use crate::credentials::PrivateKey;
use crate::error::NotSent;

/// Adds the headers that describe the body, as its kind asks.
pub(crate) fn describe_body(request: &mut Request<Bytes>, kind: BodyKind, content_type: &'static str) {
    if kind == BodyKind::None {
        return;
    }
    let length = HeaderValue::from(request.body().len());
    // An empty body is hashed too: OCI wants all six headers on every POST. An unsigned one may be long.
    let sha256 = (kind == BodyKind::Signed).then(|| BASE64_STANDARD.encode(Sha256::digest(request.body())));
    let headers = request.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(Ok(sha256)) = sha256.map(HeaderValue::try_from) {
        headers.insert(headers::X_CONTENT_SHA256, sha256);
    }
}

/// Signs a request whose headers are complete.
pub(crate) fn sign(
    request: &mut Request<Bytes>,
    kind: BodyKind,
    key_id: &str,
    key: &PrivateKey,
) -> Result<(), NotSent> {
    let names: Vec<_> = match kind {
        BodyKind::Signed => GENERIC.iter().chain(BODY).copied().collect(),
        BodyKind::None | BodyKind::Unsigned => GENERIC.to_vec(),
    };
    let text = authorization(request, &names, key_id, key).ok_or(NotSent::Signature)?;
    let mut value = HeaderValue::from_str(&text).map_err(http::Error::from)?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

/// The `Authorization` header over the named headers of a request; `None` if one of them is absent or the key
/// can't sign.
pub(crate) fn authorization(
    request: &Request<Bytes>,
    names: &[&str],
    key_id: &str,
    key: &PrivateKey,
) -> Option<String> {
    let target = request.uri().path_and_query()?.as_str();
    let text = signing_string(names, request.method(), target, |name| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed)
    })?;
    let authorization = Authorization {
        key_id: key_id.to_owned(),
        algorithm: "rsa-sha256".to_owned(),
        headers: names.iter().map(|name| (*name).to_owned()).collect(),
        signature: BASE64_STANDARD.encode(key.sign(text.as_bytes())?),
        version: Some("1".to_owned()),
    };
    Some(authorization.to_header())
}

#[cfg(test)]
pub(crate) mod tests;
