//! Session tokens: JWTs that the realm issues and reads, each naming the public key of its session.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use keyferry_seams::Seed;
use rsa::BoxedUint;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Known;
use crate::account::Identity;
use crate::api_key::PublicKey;

/// Begins the `keyId` of a session's signatures; the token follows.
pub(crate) const PREFIX: &str = "ST$";
/// Oracle's sessions last an hour and can be refreshed; these can't, so they last a day's work.
const LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// Clients read nothing but the claims, so the realm need not make one more RSA key to sign them with.
const HEADER: Header<&str> = Header { alg: "HS256", kid: "keyferry", typ: "JWT" };

#[derive(Serialize, Deserialize)]
struct Header<T> {
    alg: T,
    kid: T,
    typ: T,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    tenant: String,
    ptype: String,
    iat: i64,
    exp: i64,
    jti: String,
    /// A [`Jwk`] as text, as Oracle has it.
    jwk: String,
}

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    alg: String,
    r#use: String,
    n: String,
    e: String,
}

/// Issues tokens of one realm and reads them.
#[derive(Debug)]
pub(crate) struct SessionTokens {
    key: hmac::Key,
    tenancy_id: String,
    user_id: String,
}

impl SessionTokens {
    /// Follows from the root key, so that a token stays good when the realm starts again.
    pub(crate) fn new(root_key: &Seed, identity: &Identity) -> Self {
        let secret: [u8; 32] = root_key.bytes("session tokens");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Self { key, tenancy_id: identity.tenancy_id.clone(), user_id: identity.user_id.clone() }
    }

    /// A token for the one user, good for whoever holds the private key. `None` if the key has no such form.
    pub(crate) fn issue(&self, session: &PublicKey, now: Timestamp) -> Option<String> {
        let claims = Claims {
            sub: self.user_id.clone(),
            iss: "embedded realm".to_owned(),
            tenant: self.tenancy_id.clone(),
            ptype: "user".to_owned(),
            iat: now.as_second(),
            exp: now.checked_add(LIFETIME).ok()?.as_second(),
            jti: format!("{}-{}", session.fingerprint().replace(':', ""), now.as_second()),
            jwk: serde_json::to_string(&jwk(session)?).ok()?,
        };
        let signed = format!("{}.{}", encoded(&HEADER)?, encoded(&claims)?);
        let tag = hmac::sign(&self.key, signed.as_bytes());
        Some(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Whose signatures the token is good for; `None` if it is not one of this realm and tenancy.
    pub(crate) fn read(&self, token: &str) -> Option<Known> {
        let (signed, tag) = token.rsplit_once('.')?;
        let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).ok()?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header<String> = decoded(header)?;
        let claims: Claims = decoded(claims)?;
        if header.alg != HEADER.alg || claims.tenant != self.tenancy_id || claims.sub != self.user_id {
            return None;
        }
        Some(Known {
            key: public_key(&serde_json::from_str(&claims.jwk).ok()?)?,
            name: format!("{PREFIX}{}", claims.jti),
            until: Some(Timestamp::from_second(claims.exp).ok()?),
        })
    }
}

fn encoded(value: &impl Serialize) -> Option<String> {
    Some(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).ok()?))
}

fn decoded<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn jwk(key: &PublicKey) -> Option<Jwk> {
    let key = rsa::PublicKey::from_public_key_der(key.der()).ok()?;
    let number = |number: &BoxedUint| BASE64_URL_SAFE_NO_PAD.encode(number.to_be_bytes_trimmed_vartime());
    let (n, e) = (number(key.n()), number(key.e()));
    Some(Jwk { kty: "RSA".to_owned(), alg: "RS256".to_owned(), r#use: "sig".to_owned(), n, e })
}

fn public_key(jwk: &Jwk) -> Option<PublicKey> {
    let number =
        |text: &str| Some(BoxedUint::from_be_slice_vartime(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?));
    let key = rsa::PublicKey::new(number(&jwk.n)?, number(&jwk.e)?).ok()?;
    PublicKey::try_from(key.to_public_key_der().ok()?.into_vec()).ok()
}
