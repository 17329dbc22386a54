//! A small signing client for tests, with a realm of two regions and a clock of its own.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use keyferry_ids::Region;
use keyferry_seams::Seed;
use keyferry_wire::http_date;
use keyferry_wire::signature::{Authorization, BODY, GENERIC, signing_string};
use serde_json::{Value, json};

use crate::{Answer, ApiKey, Identity, Latency, Realm, RealmConfig, Semantics};

/// The signing vectors; their key serves as the API key of test realms, because making one takes long.
pub(crate) const VECTORS: &str = include_str!("../../../tests/vectors/signing.txt");

/// Ashburn, the home region of test realms.
pub(crate) fn iad() -> Region {
    Region::parse("iad").expect("known")
}

/// Frankfurt, the other region of test realms.
pub(crate) fn fra() -> Region {
    Region::parse("fra").expect("known")
}

/// A realm, a key and a clock.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) realm: Arc<Realm>,
    now: Cell<Timestamp>,
}

impl Client {
    /// A new realm.
    pub(crate) fn new() -> Self {
        Self::with_latency(Latency::none())
    }

    /// A new realm that takes its time.
    pub(crate) fn with_latency(latency: Latency) -> Self {
        Self::with_root_key(latency, Seed::from_number(2))
    }

    /// A new realm that opens backup files of others with the same root key.
    pub(crate) fn with_root_key(latency: Latency, root_key: Seed) -> Self {
        Self::with(latency, root_key, Semantics::default())
    }

    /// A new realm in which what Oracle leaves open is as given.
    pub(crate) fn with_semantics(semantics: Semantics) -> Self {
        Self::with(Latency::none(), Seed::from_number(2), semantics)
    }

    /// A new realm with these regions.
    pub(crate) fn with_regions(regions: Vec<Region>) -> Self {
        let mut config = Self::config(Latency::none(), Seed::from_number(2), Semantics::default());
        config.identity.regions = regions;
        Self::of(Arc::new(Realm::new(config).expect("regions of one realm")))
    }

    /// A new realm whose tenancy is subscribed to its home region only.
    pub(crate) fn at_home_only() -> Self {
        let mut config = Self::config(Latency::none(), Seed::from_number(2), Semantics::default());
        config.identity.subscribed = Some(Vec::new());
        Self::of(Arc::new(Realm::new(config).expect("two regions of one realm")))
    }

    /// A realm that is kept in a file.
    pub(crate) fn kept_in(path: &Path) -> Self {
        let config = Self::config(Latency::none(), Seed::from_number(2), Semantics::default());
        Self::of(Arc::new(Realm::open(config, path).expect("a state of this realm")))
    }

    /// One more client of a realm, with a clock of its own.
    pub(crate) fn of(realm: Arc<Realm>) -> Self {
        Self { realm, now: Cell::new("2026-08-01T12:00:00Z".parse().expect("a time")) }
    }

    fn with(latency: Latency, root_key: Seed, semantics: Semantics) -> Self {
        let realm = Realm::new(Self::config(latency, root_key, semantics));
        Self::of(Arc::new(realm.expect("two regions of one realm")))
    }

    fn config(latency: Latency, root_key: Seed, semantics: Semantics) -> RealmConfig {
        let seed = Seed::from_number(1);
        RealmConfig {
            identity: Identity::mint(vec![iad(), fra()], &seed.child("identity")),
            seed: seed.child("requests"),
            root_key,
            api_key: ApiKey::from_pem(VECTORS).expect("the vectors' key"),
            latency,
            semantics,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, duration: Duration) {
        let duration = SignedDuration::try_from(duration).expect("not that long");
        self.now.set(self.now.get() + duration);
    }

    pub(crate) fn tenancy(&self) -> String {
        self.realm.identity().tenancy_id.clone()
    }

    /// Signs a request as Oracle's Python SDK does.
    pub(crate) fn signed(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Request<Bytes> {
        let mut request = Request::new(Bytes::copy_from_slice(body));
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.parse().expect("a URL");
        let mut set = |name: &str, value: &str| {
            let name = http::HeaderName::try_from(name).expect("a header's name");
            request.headers_mut().insert(name, value.parse().expect("a header's value"));
        };
        set("date", &http_date(self.now()));
        set("content-type", "application/json");
        set("content-length", &body.len().to_string());
        for (name, value) in headers {
            set(name, value);
        }
        let mut names = GENERIC.to_vec();
        let is_object = *method == Method::PUT && (url.contains("/o/") || url.contains("/u/"));
        if matches!(*method, Method::POST | Method::PUT) && !is_object {
            set("x-content-sha256", &BASE64_STANDARD.encode(digest(&SHA256, body)));
            names.extend(BODY);
        }
        self.sign(&mut request, &names);
        request
    }

    /// Signs what is there.
    pub(crate) fn sign(&self, request: &mut Request<Bytes>, names: &[&str]) {
        self.sign_as(request, names, &self.realm.key_id(), self.realm.api_key().pem());
    }

    /// Signs what is there with any key.
    pub(crate) fn sign_as(&self, request: &mut Request<Bytes>, names: &[&str], key_id: &str, pem: &str) {
        let target = request.uri().path_and_query().expect("a target").to_string();
        let string = signing_string(names, request.method(), &target, |name| match name {
            "host" => request.uri().authority().map(|a| a.as_str().to_owned().into()),
            name => request.headers().get(name).and_then(|v| v.to_str().ok()).map(|v| v.to_owned().into()),
        });
        let authorization = Authorization {
            key_id: key_id.to_owned(),
            algorithm: "rsa-sha256".to_owned(),
            headers: names.iter().map(|&name| name.to_owned()).collect(),
            signature: signature(pem, &string.expect("all headers are there")),
            version: Some("1".to_owned()),
        };
        let value = authorization.to_header().parse().expect("a header's value");
        request.headers_mut().insert("authorization", value);
    }

    /// Sends a signed request to a region and expects an answer.
    pub(crate) fn send(
        &self,
        method: Method,
        region: Region,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response<Bytes> {
        let url = format!("{}{target}", self.realm.endpoint(region).expect("a region of the realm"));
        self.send_to(method, &url, headers, body)
    }

    /// Sends a signed request to a URL, such as one below a vault's endpoint.
    pub(crate) fn send_to(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response<Bytes> {
        let request = self.signed(&method, url, headers, body);
        match self.realm.handle(&request, self.now()) {
            Answer::Reply(response) => response,
            other => panic!("{method} {url}: {other:?}"),
        }
    }

    /// GET that must succeed: the JSON body.
    pub(crate) fn get(&self, region: Region, target: &str) -> Value {
        good(&self.send(Method::GET, region, target, &[], b""))
    }

    /// POST of JSON that must succeed: the JSON body, null if there is none.
    pub(crate) fn post(&self, region: Region, target: &str, body: &Value) -> Value {
        good(&self.send(Method::POST, region, target, &[], body.to_string().as_bytes()))
    }

    /// A bucket in the root compartment.
    pub(crate) fn bucket(&self, region: Region, name: &str) {
        let details = json!({"name": name, "compartmentId": self.tenancy()});
        self.post(region, &format!("/n/{}/b", self.realm.identity().namespace), &details);
    }

    /// `/n/NAMESPACE/b/BUCKET/o/OBJECT`; the object's name must not need escapes.
    pub(crate) fn object_path(&self, bucket: &str, object: &str) -> String {
        format!("/n/{}/b/{bucket}/o/{object}", self.realm.identity().namespace)
    }
}

/// The JSON of a good answer.
pub(crate) fn good(response: &Response<Bytes>) -> Value {
    assert!(response.status().is_success(), "{} {:?}", response.status(), response.body());
    if response.body().is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(response.body()).expect("JSON")
    }
}

/// Status and code of an error answer.
pub(crate) fn refused(response: &Response<Bytes>) -> (u16, String) {
    let error: Value = serde_json::from_slice(response.body()).expect("an error document");
    (response.status().as_u16(), error["code"].as_str().expect("a code").to_owned())
}

/// A header of an answer.
pub(crate) fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    let value = response.headers().get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().expect("text")
}

/// RSASSA-PKCS1-v1_5 with SHA-256, in base64.
pub(crate) fn signature(key_pem: &str, message: &str) -> String {
    let key = pem::parse(key_pem).expect("PEM");
    let pair = RsaKeyPair::from_pkcs8(key.contents()).expect("PKCS#8");
    let mut bytes = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut bytes).expect("signed");
    BASE64_STANDARD.encode(bytes)
}
