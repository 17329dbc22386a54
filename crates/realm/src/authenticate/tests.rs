//! The signing vectors as the realm sees them, and what may not pass.

use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::*;
use crate::ApiKey;
use crate::testing::{Client, VECTORS, signature};

const TIME: &str = "2026-08-01T12:00:00Z";

struct Vector {
    name: String,
    authorization: Authorization,
    /// Lines of the signing string.
    lines: Vec<String>,
    body: Bytes,
}

impl Vector {
    /// The request that was signed.
    fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        for line in &self.lines {
            let (name, value) = line.split_once(": ").expect("a name and a value");
            if name == "(request-target)" {
                let (method, target) = value.split_once(' ').expect("a method and a target");
                *request.method_mut() = method.to_uppercase().parse().expect("a method");
                *request.uri_mut() = target.parse().expect("a target");
            } else {
                let name = http::HeaderName::try_from(name).expect("a header's name");
                request.headers_mut().insert(name, value.parse().expect("a header's value"));
            }
        }
        let header = self.authorization.to_header().parse().expect("a header's value");
        request.headers_mut().insert("authorization", header);
        request
    }

    fn body_kind(&self) -> BodyKind {
        if self.name == "V5" { BodyKind::Unsigned } else { BodyKind::Signed }
    }

    fn check(&self, request: &Request<Bytes>) -> Result<String, AuthenticationError> {
        authenticate(request, self.body_kind(), &keys(), now())
    }
}

fn vectors() -> Vec<Vector> {
    let (_, blocks) = VECTORS.split_once("END PRIVATE KEY-----").expect("the key comes first");
    let read = |block: &str| {
        let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let authorization = Authorization {
            key_id: line("key-id ").unwrap_or_default(),
            algorithm: "rsa-sha256".to_owned(),
            headers: line("headers ")?.split(' ').map(str::to_owned).collect(),
            signature: line("signature ")?,
            version: Some("1".to_owned()),
        };
        let lines = block.lines().filter_map(|line| line.strip_prefix("| ")).map(str::to_owned).collect();
        let body = BASE64_STANDARD.decode(line("body ").unwrap_or_default()).expect("base64").into();
        Some(Vector { name: line("vector ")?, authorization, lines, body })
    };
    blocks.split("\n\n").filter_map(read).collect()
}

fn vector(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).expect("there is such a vector")
}

fn public_key() -> PublicKey {
    ApiKey::from_pem(VECTORS).expect("the vectors' key").public().clone()
}

fn authenticate(
    request: &Request<Bytes>,
    body: BodyKind,
    keys: &ApiKeys,
    now: Timestamp,
) -> Result<String, AuthenticationError> {
    super::authenticate(request, body, keys, None, now)
}

/// The vectors' session tokens are not of any realm; that their ids stand here lets their signatures be checked.
fn keys() -> ApiKeys {
    let mut keys = ApiKeys::default();
    for vector in vectors() {
        keys.insert(vector.authorization.key_id, public_key());
    }
    keys
}

fn now() -> Timestamp {
    TIME.parse().expect("a time")
}

#[test]
fn all_vectors_of_clients_pass() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 11);
    for vector in vectors.iter().filter(|vector| vector.name != "V11") {
        let key_id = vector.check(&vector.request()).unwrap_or_else(|e| panic!("{}: {e}", vector.name));
        assert_eq!(key_id, vector.authorization.key_id);
    }
}

#[test]
fn the_vectors_are_what_their_key_signs() {
    for vector in vectors() {
        assert_eq!(signature(VECTORS, &vector.lines.join("\n")), vector.authorization.signature);
    }
    let fingerprint = ApiKey::from_pem(VECTORS).expect("the vectors' key").fingerprint();
    assert_eq!(fingerprint, "24:44:b9:c2:b9:82:26:7e:8d:ce:10:88:de:f2:27:39");
}

#[test]
fn the_federation_vector_is_a_good_signature_but_lacks_the_host() {
    let vector = vector("V11");
    assert_eq!(verify(&vector.authorization, &vector.request(), &public_key()), Ok(()));
    assert_eq!(vector.check(&vector.request()), Err(AuthenticationError::Unsigned("host")));
}

#[test]
fn a_changed_body_is_refused() {
    for name in ["V2", "V7", "V8", "V10"] {
        let vector = vector(name);
        let mut request = vector.request();
        let mut body = request.body().to_vec();
        body[0] ^= 1;
        *request.body_mut() = body.into();
        assert_eq!(vector.check(&request), Err(AuthenticationError::BodyDigest), "{name}");
    }
}

#[test]
fn any_changed_signed_value_is_refused() {
    for vector in vectors().iter().filter(|vector| vector.name != "V11") {
        for line in &vector.lines {
            let (name, value) = line.split_once(": ").expect("a name and a value");
            let mut request = vector.request();
            if name == "(request-target)" {
                let (_, target) = value.split_once(' ').expect("a method and a target");
                *request.uri_mut() = format!("{target}x").parse().expect("a target");
            } else {
                let name = http::HeaderName::try_from(name).expect("a header's name");
                request.headers_mut().insert(name, format!("{value}x").parse().expect("a value"));
            }
            assert!(vector.check(&request).is_err(), "{}: {name}", vector.name);
        }
    }
}

#[test]
fn the_clock_may_be_off_by_five_minutes_and_no_more() {
    let vector = vector("V10");
    let at = |seconds: i64| {
        let now = now() + SignedDuration::from_secs(seconds);
        authenticate(&vector.request(), BodyKind::Signed, &keys(), now)
    };
    assert!(at(299).is_ok() && at(-300).is_ok());
    assert_eq!(at(301), Err(AuthenticationError::Skew(301)));
    assert_eq!(at(-301), Err(AuthenticationError::Skew(-301)));
}

#[test]
fn the_signed_date_counts_when_there_are_two() {
    let vector = vector("V10");
    let mut request = vector.request();
    request.headers_mut().insert("date", "Sat, 01 Aug 2020 12:00:00 GMT".parse().expect("a value"));
    assert!(vector.check(&request).is_ok());
}

#[test]
fn dropped_and_swapped_names_are_refused() {
    let mut dropped = vector("V1");
    dropped.authorization.headers.retain(|name| name != "host");
    assert_eq!(dropped.check(&dropped.request()), Err(AuthenticationError::Unsigned("host")));
    let mut swapped = vector("V1");
    swapped.authorization.headers.swap(0, 2);
    assert_eq!(swapped.check(&swapped.request()), Err(AuthenticationError::Signature));
    let mut bodiless = vector("V3");
    bodiless.authorization.headers.retain(|name| name != X_CONTENT_SHA256);
    assert_eq!(bodiless.check(&bodiless.request()), Err(AuthenticationError::Unsigned(X_CONTENT_SHA256)));
}

#[test]
fn a_slash_and_its_escape_are_different_targets() {
    let client = Client::new();
    let mut request = client.signed(&Method::GET, "http://127.0.0.1:7001/n/ns/b/b/o/a/b", &[], b"");
    let mut keys = ApiKeys::default();
    keys.insert(client.realm.key_id(), public_key());
    assert!(authenticate(&request, BodyKind::None, &keys, now()).is_ok());
    *request.uri_mut() = "http://127.0.0.1:7001/n/ns/b/b/o/a%2Fb".parse().expect("a URL");
    assert_eq!(authenticate(&request, BodyKind::None, &keys, now()), Err(AuthenticationError::Signature));
}

#[test]
fn an_unknown_key_and_a_foreign_scheme_are_refused() {
    let vector = vector("V1");
    let none = ApiKeys::default();
    let checked = authenticate(&vector.request(), BodyKind::None, &none, now());
    assert_eq!(checked, Err(AuthenticationError::UnknownKey));
    let mut other = self::vector("V1");
    other.authorization.algorithm = "hmac-sha256".to_owned();
    assert_eq!(other.check(&other.request()), Err(AuthenticationError::OtherScheme));
    let mut request = vector.request();
    request.headers_mut().remove("authorization");
    assert_eq!(vector.check(&request), Err(AuthenticationError::Missing));
}

#[test]
fn an_object_may_be_written_without_a_signed_body_but_nothing_else() {
    let vector = vector("V5");
    let checked = authenticate(&vector.request(), BodyKind::Signed, &keys(), now());
    assert_eq!(checked, Err(AuthenticationError::Unsigned("content-length")));
}

#[test]
fn a_signer_found_before_is_taken_for_no_other_key() {
    let vector = vector("V1");
    let request = vector.request();
    let found = signer(&request, |_| Some(public_key()));
    assert!(found.is_some());
    let mut keys = ApiKeys::default();
    let other = ApiKey::generate(&keyferry_seams::Seed::from_number(5)).expect("an API key");
    keys.insert(vector.authorization.key_id.clone(), other.public().clone());
    let checked = super::authenticate(&request, vector.body_kind(), &keys, found.as_ref(), now());
    assert_eq!(checked, Err(AuthenticationError::Signature));
    let mut changed = request;
    *changed.uri_mut() = "/another".parse().expect("a target");
    assert_eq!(signer(&changed, |_| Some(public_key())), None);
}

fn tokens() -> SessionTokens {
    let client = Client::new();
    SessionTokens::new(&keyferry_seams::Seed::from_number(2), client.realm.identity())
}

/// A request that the vectors' key signed in the name of a token.
fn sent(client: &Client, token: &str) -> (u16, Option<String>) {
    let url = format!("{}/n", client.realm.endpoint(crate::testing::iad()).expect("a region"));
    let mut request = client.signed(&Method::GET, &url, &[], b"");
    client.sign_as(&mut request, keyferry_wire::signature::GENERIC, &format!("ST${token}"), VECTORS);
    let crate::Answer::Reply(response) = client.realm.handle(&request, client.now()) else {
        panic!("no answer");
    };
    let line = client.realm.log().pop().expect("a line in the log");
    let shown = format!("{line:?}");
    assert!(!shown.contains(token.rsplit('.').next().expect("a part")), "no token in the log: {shown}");
    (response.status().as_u16(), line.principal.or(line.reason))
}

#[test]
fn a_session_signs_until_its_token_expires() {
    let client = Client::new();
    let token = tokens().issue(&public_key(), client.now()).expect("a token");
    let (status, principal) = sent(&client, &token);
    assert_eq!(status, 200);
    let name = format!("ST$2444b9c2b982267e8dce1088def22739-{}", client.now().as_second());
    assert_eq!(principal.as_deref(), Some(&*name));
    client.wait(std::time::Duration::from_secs(12 * 3600 - 1));
    assert_eq!(sent(&client, &token).0, 200);
    client.wait(std::time::Duration::from_secs(1));
    let (status, reason) = sent(&client, &token);
    assert_eq!(status, 401);
    assert!(reason.expect("a reason").contains("the session token has expired"));
}

#[test]
fn a_token_names_the_only_key_that_signs_for_it() {
    let client = Client::new();
    let other = ApiKey::generate(&keyferry_seams::Seed::from_number(5)).expect("a key");
    let token = tokens().issue(other.public(), client.now()).expect("a token");
    let (status, reason) = sent(&client, &token);
    assert_eq!(status, 401);
    assert!(reason.expect("a reason").contains("the signature is not one of this key"));
}

#[test]
fn tokens_of_others_and_changed_ones_are_not_known() {
    let client = Client::new();
    let good = tokens().issue(&public_key(), client.now()).expect("a token");
    let other_root = SessionTokens::new(&keyferry_seams::Seed::from_number(3), client.realm.identity());
    let other_tenancy = keyferry_seams::Seed::from_number(9);
    let other_tenancy = crate::Identity::mint(vec![crate::testing::iad()], &other_tenancy);
    let twin = SessionTokens::new(&keyferry_seams::Seed::from_number(2), &other_tenancy);
    let parts: Vec<_> = good.split('.').collect();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(parts[1]).expect("base64");
    let longer = String::from_utf8(claims).expect("text").replace("\"exp\":1", "\"exp\":2");
    let longer = format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(longer), parts[2]);
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    let of_others = [other_root, twin].map(|tokens| tokens.issue(&public_key(), client.now()));
    for token in of_others.into_iter().flatten().chain([longer, unsigned, "x".to_owned(), "a.b.c".to_owned()])
    {
        assert!(tokens().read(&token).is_none(), "{token}");
    }
    assert!(tokens().read(&good).is_some());
    assert_eq!(sent(&client, "a.b.cccccccc").0, 401);
}
