//! Who is asking: every request carries a signature, and any flaw in it is the same 401.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use keyferry_wire::headers::{X_CONTENT_SHA256, X_DATE};
use keyferry_wire::signature::{Authorization, BODY, signing_string};
use keyferry_wire::{BodyKind, parse_http_date};

use crate::api_key::PublicKey;

mod session;

pub(crate) use session::{PREFIX as SESSION, SessionTokens};

/// How far the signed date may be from the realm's clock, either way.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_secs(300);

/// Public keys by key id `tenancy/user/fingerprint`.
#[derive(Debug, Default)]
pub(crate) struct ApiKeys(BTreeMap<String, PublicKey>);

/// A key whose signatures are accepted.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) key: PublicKey,
    /// What the log calls it: the key id, but never a token.
    pub(crate) name: String,
    /// When a session ends.
    pub(crate) until: Option<Timestamp>,
}

impl Known {
    pub(crate) fn api_key(key_id: &str, key: &PublicKey) -> Self {
        Self { key: key.clone(), name: key_id.to_owned(), until: None }
    }
}

/// Who is known by which key.
pub(crate) trait KnownKeys {
    /// What is known by that id.
    fn known(&self, key_id: &str) -> Option<Known>;
}

impl KnownKeys for ApiKeys {
    fn known(&self, key_id: &str) -> Option<Known> {
        Some(Known::api_key(key_id, self.0.get(key_id)?))
    }
}

impl ApiKeys {
    pub(crate) fn all(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.values()
    }

    pub(crate) fn insert(&mut self, key_id: String, key: PublicKey) {
        self.0.insert(key_id, key);
    }
}

/// Why a signature is not good. The caller never learns it; the request log does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthenticationError {
    #[error("there is no Authorization header of the Signature scheme")]
    Missing,
    #[error("the Authorization header asks for another algorithm or version")]
    OtherScheme,
    #[error("`{0}` is not among the signed headers")]
    Unsigned(&'static str),
    #[error("a signed header is absent from the request")]
    AbsentHeader,
    #[error("the signed date is missing or not of HTTP's form")]
    Date,
    #[error("the signed date is {0} seconds from the realm's clock")]
    Skew(i64),
    #[error("x-content-sha256 is not the digest of the body")]
    BodyDigest,
    #[error("content-length is not the length of the body")]
    BodyLength,
    #[error("the key id is not known")]
    UnknownKey,
    #[error("the session token has expired")]
    Expired,
    #[error("the signature is not one of this key over this request")]
    Signature,
}

fn authorization(request: &Request<Bytes>) -> Option<Authorization> {
    let text = request.headers().get(http::header::AUTHORIZATION)?.to_str().ok()?;
    Authorization::parse(text)
}

/// The key that the request's signature is good for. To find that out takes longer than all else about most
/// requests, and the realm is only needed to find the key.
pub(crate) fn signer(
    request: &Request<Bytes>,
    key_of: impl FnOnce(&str) -> Option<PublicKey>,
) -> Option<PublicKey> {
    let signature = authorization(request)?;
    let key = key_of(&signature.key_id)?;
    verify(&signature, request, &key).ok()?;
    Some(key)
}

/// Checks the signature and returns the name of the key. Target and header values are taken as they came: routing
/// tidies paths up, signatures do not. The [`signer`] may be known already.
pub(crate) fn authenticate(
    request: &Request<Bytes>,
    body: BodyKind,
    keys: &impl KnownKeys,
    signer: Option<&PublicKey>,
    now: Timestamp,
) -> Result<String, AuthenticationError> {
    use AuthenticationError as E;
    let signature = authorization(request).ok_or(E::Missing)?;
    if signature.algorithm != "rsa-sha256" || signature.version.as_deref().is_some_and(|v| v != "1") {
        return Err(E::OtherScheme);
    }
    let signs = |name: &str| signature.headers.iter().any(|header| header == name);
    for name in ["(request-target)", "host"] {
        if !signs(name) {
            return Err(E::Unsigned(name));
        }
    }
    let has_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    if has_body && body != BodyKind::Unsigned {
        for name in BODY {
            if !signs(name) {
                return Err(E::Unsigned(name));
            }
        }
    }
    let date = match (signs(X_DATE), signs("date")) {
        (true, _) => X_DATE,
        (false, true) => "date",
        (false, false) => return Err(E::Unsigned("date")),
    };
    let date = value_of(request, date).and_then(|text| parse_http_date(text.trim())).ok_or(E::Date)?;
    let skew = now.duration_since(date);
    if skew.abs() > LARGEST_SKEW {
        return Err(E::Skew(skew.as_secs()));
    }
    if signs(X_CONTENT_SHA256) {
        let digest = BASE64_STANDARD.encode(digest(&SHA256, request.body()));
        if value_of(request, X_CONTENT_SHA256).as_deref() != Some(&*digest) {
            return Err(E::BodyDigest);
        }
    }
    if signs("content-length") {
        let length = request.body().len().to_string();
        if value_of(request, "content-length").as_deref() != Some(&*length) {
            return Err(E::BodyLength);
        }
    }
    let Known { key, name, until } = keys.known(&signature.key_id).ok_or(E::UnknownKey)?;
    if signer != Some(&key) {
        verify(&signature, request, &key)?;
    }
    if until.is_some_and(|until| until <= now) {
        return Err(E::Expired);
    }
    Ok(name)
}

fn verify(
    signature: &Authorization,
    request: &Request<Bytes>,
    key: &PublicKey,
) -> Result<(), AuthenticationError> {
    let names: Vec<&str> = signature.headers.iter().map(String::as_str).collect();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let signed = signing_string(&names, request.method(), target, |name| value_of(request, name))
        .ok_or(AuthenticationError::AbsentHeader)?;
    let bytes = BASE64_STANDARD.decode(&signature.signature).map_err(|_| AuthenticationError::Signature)?;
    if key.is_signed(signed.as_bytes(), &bytes) { Ok(()) } else { Err(AuthenticationError::Signature) }
}

/// A header's value, several joined. Requests in process may name their host in the URI only.
fn value_of<'r>(request: &'r Request<Bytes>, name: &str) -> Option<Cow<'r, str>> {
    let mut values = Vec::new();
    for value in request.headers().get_all(name) {
        values.push(std::str::from_utf8(value.as_bytes()).ok()?);
    }
    match *values.as_slice() {
        [] if name == "host" => request.uri().authority().map(|authority| Cow::Borrowed(authority.as_str())),
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        _ => Some(Cow::Owned(values.join(", "))),
    }
}

#[cfg(test)]
mod tests;
