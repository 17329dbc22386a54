//! Wrong input to every route: the answer is an error document of OCI's, never a panic and never a 5xx.

use http::Method;
use keyferry_wire::{Plane, SPECS, Spec, code};
use serde_json::{Value, json};

use crate::LARGEST_BODY;
use crate::testing::{Client, good, iad};

/// Everything a service may say when the caller is at fault.
const CODES: &[&str] = &[
    code::NOT_AUTHENTICATED,
    code::NOT_AUTHORIZED_OR_NOT_FOUND,
    code::NOT_FOUND,
    code::BUCKET_NOT_FOUND,
    code::OBJECT_NOT_FOUND,
    code::NAMESPACE_NOT_FOUND,
    code::NOT_ALLOWED,
    code::INVALID_PARAMETER,
    code::MISSING_PARAMETER,
    code::CANNOT_PARSE_REQUEST,
    code::LIMIT_EXCEEDED,
    code::METHOD_NOT_ALLOWED,
    code::INCORRECT_STATE,
    code::CONFLICT,
    code::NO_ETAG_MATCH,
    code::PAYLOAD_TOO_LARGE,
    "BucketAlreadyExists",
    "BucketNotEmpty",
    "IfMatchFailed",
    "IfNoneMatchFailed",
    "UnmatchedContentMD5",
    "InvalidRange",
    "ObjectRetained",
    "RelatedResourceNotAuthorizedOrNotFound",
];

/// A realm with something in it, so that wrong input gets past "there is nothing".
struct Ground {
    client: Client,
    vault: Value,
    key: Value,
}

fn ground() -> Ground {
    let client = Client::new();
    let tenancy = client.tenancy();
    client.bucket(iad(), "bucket");
    let details = json!({"compartmentId": tenancy, "displayName": "v", "vaultType": "VIRTUAL_PRIVATE"});
    let vault = client.post(iad(), "/20180608/vaults", &details);
    client.wait(std::time::Duration::from_secs(1));
    let details =
        json!({"compartmentId": tenancy, "displayName": "k", "keyShape": {"algorithm": "AES", "length": 32}});
    let url = format!("{}/20180608/keys", vault["managementEndpoint"].as_str().expect("an endpoint"));
    let key = good(&client.send_to(Method::POST, &url, &[], details.to_string().as_bytes()));
    client.wait(std::time::Duration::from_secs(1));
    Ground { client, vault, key }
}

impl Ground {
    fn base(&self, spec: &Spec) -> String {
        let endpoint = |name: &str| self.vault[name].as_str().expect("an endpoint").to_owned();
        match spec.plane {
            Plane::Management => endpoint("managementEndpoint"),
            Plane::Crypto => endpoint("cryptoEndpoint"),
            _ => self.client.realm.endpoint(iad()).expect("a region of the realm"),
        }
    }

    /// The path with names of things that exist, as far as there are any.
    fn path(&self, spec: &Spec) -> String {
        let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        spec.path
            .replace("{vaultId}", &id(&self.vault))
            .replace("{keyId}", &id(&self.key))
            .replace("{keyVersionId}", self.key["currentKeyVersion"].as_str().expect("an id"))
            .replace("{namespaceName}", &self.client.realm.identity().namespace)
            .replace("{bucketName}", "bucket")
            .replace("{tenancyId}", &self.client.tenancy())
            .replace("{compartmentId}", &self.client.tenancy())
    }

    fn try_it(&self, spec: &Spec, path: &str, query: &str, body: &[u8]) {
        let url = format!("{}{path}{query}", self.base(spec));
        let answer = self.client.send_to(spec.method.clone(), &url, &[], body);
        let shown = || format!("{} {path} {query} {:?}", spec.name, &body[..body.len().min(60)]);
        let status = answer.status().as_u16();
        assert!(status < 500, "{}: {status} {:?}", shown(), answer.body());
        if status >= 400 && spec.method != Method::HEAD {
            let error: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let code = error["code"].as_str().unwrap_or_default();
            assert!(CODES.contains(&code), "{}: {status} {:?}", shown(), answer.body());
            let message = error["message"].as_str().unwrap_or_default();
            assert!(!message.is_empty() && message.len() < 2000, "{}: {message:?}", shown());
        }
    }
}

fn filled(template: &str, name: &str) -> String {
    let segment = |s: &str| if s.starts_with('{') { name.to_owned() } else { s.to_owned() };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[test]
fn odd_names_in_paths_are_refused_by_every_route() {
    let ground = ground();
    let long = "a".repeat(5000);
    for spec in SPECS.iter().filter(|spec| spec.path.contains('{')) {
        for name in ["x", "%00", "%FF%FE", "%2E%2E", "%", "%zz", "ocid1.vault.oc1.iad.x.y", "a%0d%0ab", &long]
        {
            ground.try_it(spec, &filled(spec.path, name), "", b"{}");
        }
    }
}

#[test]
fn odd_queries_are_refused_by_every_route() {
    let ground = ground();
    let long = format!("?compartmentId={}", "o".repeat(9000));
    for spec in SPECS {
        let path = filled(&ground.path(spec), "x");
        for query in [
            "?limit=0",
            "?limit=abc",
            "?limit=99999999999999999999",
            "?compartmentId=x&page=%FF",
            "?compartmentId=&limit=-1",
            "?sortBy=NOPE&sortOrder=UP&compartmentId=x",
            "?&&==&%zz=%zz&a",
            "?compartmentId=%00",
            &long,
        ] {
            ground.try_it(spec, &path, query, b"{}");
        }
    }
}

#[test]
fn odd_bodies_are_refused_by_every_route_that_takes_one() {
    let ground = ground();
    let tenancy = ground.client.tenancy();
    let deep = "[".repeat(100_000);
    let deep_object = format!("{}1{}", r#"{"keyShape":"#.repeat(5000), "}".repeat(5000));
    let long =
        json!({"compartmentId": tenancy, "displayName": "x".repeat(1 << 20), "vaultType": "VIRTUAL_PRIVATE"});
    let wrong_types = json!({"compartmentId": 1, "displayName": [], "name": {}, "vaultType": true, "keyShape": "AES",
        "keyId": 7, "plaintext": null, "timeOfDeletion": "tomorrow", "backupLocation": [1]});
    let absurd = json!({"compartmentId": tenancy, "displayName": "x", "name": "y", "description": "z",
        "vaultType": "NONE", "keyShape": {"algorithm": "DES", "length": 4294967295u32}, "protectionMode": "PAPER",
        "keyId": "k", "plaintext": "***", "ciphertext": "AAAA", "message": "AA==", "signingAlgorithm": "x",
        "signature": "", "keyVersionId": "v", "timeOfDeletion": "9999-12-31T23:59:59Z",
        "backupLocation": {"destination": "BUCKET", "namespace": "", "bucketName": "..", "objectName": ""}});
    let (long, wrong_types, absurd) = (long.to_string(), wrong_types.to_string(), absurd.to_string());
    for spec in SPECS.iter().filter(|spec| matches!(spec.method, Method::POST | Method::PUT)) {
        let path = filled(&ground.path(spec), "x");
        let query = format!("?compartmentId={tenancy}");
        for body in [
            "",
            "{",
            "null",
            "[]",
            "1e999",
            "\"x\"",
            "\u{feff}{}",
            "{\"a\":\u{0}}",
            &deep,
            &deep_object,
            &long,
            &wrong_types,
            &absurd,
        ] {
            ground.try_it(spec, &path, &query, body.as_bytes());
        }
        ground.try_it(spec, &path, &query, b"\xff\xfe\x00");
    }
}

#[test]
fn a_body_over_the_limit_is_refused_as_too_large() {
    let ground = ground();
    let body = vec![b'a'; LARGEST_BODY + 1];
    let path = ground.client.object_path("bucket", "huge");
    let answer = ground.client.send(Method::PUT, iad(), &path, &[], &body);
    assert_eq!(answer.status().as_u16(), 413);
}

#[test]
fn unknown_routes_and_methods_are_named_as_such() {
    let ground = ground();
    for path in [
        "/",
        "/20180608",
        "/20180608/nothing",
        "/n/a/b/c/d/e",
        "/20991231/vaults",
        "//",
        "/vaults/x/management",
    ] {
        let answer = ground.client.send(Method::GET, iad(), path, &[], b"");
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let answer = ground.client.send(Method::DELETE, iad(), "/20180608/vaults", &[], b"");
    assert_eq!(answer.status().as_u16(), 405);
}
