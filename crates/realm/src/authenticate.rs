//! Who is asking: every request carries a signature, and any flaw in it is the same 401.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use keyferry_wire::headers::{X_CONTENT_SHA256, X_DATE};
use keyferry_wire::signature::{Authorization, BODY, signing_string};
use keyferry_wire::{BodyKind, parse_http_date};

/// How far the signed date may be from the realm's clock, either way.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_secs(300);

/// Public keys (DER of a `SubjectPublicKeyInfo`) by key id `tenancy/user/fingerprint`.
#[derive(Debug, Default)]
pub(crate) struct ApiKeys(BTreeMap<String, Vec<u8>>);

/// Who is known by which key.
pub(crate) trait KnownKeys {
    /// The DER of the public key with that id.
    fn public_key(&self, key_id: &str) -> Option<&[u8]>;
}

impl KnownKeys for ApiKeys {
    fn public_key(&self, key_id: &str) -> Option<&[u8]> {
        self.0.get(key_id).map(Vec::as_slice)
    }
}

impl ApiKeys {
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.0.values().map(Vec::as_slice)
    }

    pub(crate) fn insert(&mut self, key_id: String, public_der: Vec<u8>) {
        self.0.insert(key_id, public_der);
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
    #[error("the signature is not one of this key over this request")]
    Signature,
}

/// Checks the signature and returns the key id. Target and header values are taken as they came: routing
/// tidies paths up, signatures do not.
pub(crate) fn authenticate(
    request: &Request<Bytes>,
    body: BodyKind,
    keys: &impl KnownKeys,
    now: Timestamp,
) -> Result<String, AuthenticationError> {
    use AuthenticationError as E;
    let text = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let signature = text.and_then(Authorization::parse).ok_or(E::Missing)?;
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
    verify(&signature, request, keys.public_key(&signature.key_id).ok_or(E::UnknownKey)?)?;
    Ok(signature.key_id)
}

fn verify(
    signature: &Authorization,
    request: &Request<Bytes>,
    public_der: &[u8],
) -> Result<(), AuthenticationError> {
    let names: Vec<&str> = signature.headers.iter().map(String::as_str).collect();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let signed = signing_string(&names, request.method(), target, |name| value_of(request, name))
        .ok_or(AuthenticationError::AbsentHeader)?;
    let bytes = BASE64_STANDARD.decode(&signature.signature).map_err(|_| AuthenticationError::Signature)?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_der)
        .verify(signed.as_bytes(), &bytes)
        .map_err(|_| AuthenticationError::Signature)
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
