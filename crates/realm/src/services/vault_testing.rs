//! For tests: a vault with its endpoints, and short ways to say what is done with it.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Response};
use keyferry_ids::Region;
use serde_json::{Value, json};

use crate::testing::{Client, good, header};

/// Where tests put their backups.
pub(super) const BUCKET: &str = "backups";

#[derive(Debug)]
pub(super) struct TestVault<'c> {
    pub(super) client: &'c Client,
    pub(super) region: Region,
    pub(super) id: String,
    pub(super) management: String,
    crypto: String,
}

/// Longer than anything takes in a realm without latency.
pub(super) fn settle(client: &Client) {
    client.wait(Duration::from_secs(1));
}

pub(super) fn aes() -> Value {
    json!({"algorithm": "AES", "length": 32})
}

pub(super) fn rsa() -> Value {
    json!({"algorithm": "RSA", "length": 256})
}

pub(super) fn ecdsa() -> Value {
    json!({"algorithm": "ECDSA", "length": 48, "curveId": "NIST_P384"})
}

pub(super) fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no text {name} in {value}"))
}

impl<'c> TestVault<'c> {
    /// A new virtual private vault in the root compartment.
    pub(super) fn create(client: &'c Client, region: Region, name: &str) -> Self {
        Self::create_in(client, region, name, &client.tenancy(), "VIRTUAL_PRIVATE")
    }

    pub(super) fn create_in(
        client: &'c Client,
        region: Region,
        name: &str,
        compartment: &str,
        vault_type: &str,
    ) -> Self {
        let details = json!({"compartmentId": compartment, "displayName": name, "vaultType": vault_type});
        let vault = client.post(region, "/20180608/vaults", &details);
        settle(client);
        Self::of(client, region, &vault)
    }

    pub(super) fn of(client: &'c Client, region: Region, vault: &Value) -> Self {
        let field = |name: &str| text(vault, name).to_owned();
        let (management, crypto) = (field("managementEndpoint"), field("cryptoEndpoint"));
        Self { client, region, id: field("id"), management, crypto }
    }

    pub(super) fn now(&self) -> Value {
        self.client.get(self.region, &format!("/20180608/vaults/{}", self.id))
    }

    pub(super) fn state(&self) -> String {
        text(&self.now(), "lifecycleState").to_owned()
    }

    pub(super) fn act(&self, action: &str, body: &Value) -> Response<Bytes> {
        let target = format!("/20180608/vaults/{}/actions/{action}", self.id);
        self.client.send(Method::POST, self.region, &target, &[], body.to_string().as_bytes())
    }

    /// A request to the management endpoint; a body makes it a POST.
    pub(super) fn manage(&self, path: &str, body: Option<&Value>) -> Response<Bytes> {
        let url = format!("{}/20180608{path}", self.management);
        match body {
            Some(body) => self.client.send_to(Method::POST, &url, &[], body.to_string().as_bytes()),
            None => self.client.send_to(Method::GET, &url, &[], b""),
        }
    }

    /// A POST to the crypto endpoint.
    pub(super) fn ask(&self, operation: &str, body: &Value) -> Response<Bytes> {
        let url = format!("{}/20180608/{operation}", self.crypto);
        self.client.send_to(Method::POST, &url, &[], body.to_string().as_bytes())
    }

    /// A new key in the root compartment, when it is ready.
    pub(super) fn key(&self, name: &str, shape: &Value) -> String {
        self.key_in(name, shape, &self.client.tenancy(), "HSM")
    }

    pub(super) fn key_in(&self, name: &str, shape: &Value, compartment: &str, mode: &str) -> String {
        let details = json!({
            "compartmentId": compartment, "displayName": name, "keyShape": shape, "protectionMode": mode,
        });
        let key = good(&self.manage("/keys", Some(&details)));
        settle(self.client);
        text(&key, "id").to_owned()
    }

    pub(super) fn key_now(&self, key: &str) -> Value {
        good(&self.manage(&format!("/keys/{key}"), None))
    }

    /// All keys of a compartment, by name.
    pub(super) fn keys(&self, compartment: &str) -> Vec<Value> {
        let path = format!("/keys?compartmentId={compartment}&sortBy=DISPLAYNAME");
        let keys = good(&self.manage(&path, None));
        let ids = keys.as_array().expect("a list").iter().map(|key| text(key, "id").to_owned());
        ids.map(|id| self.key_now(&id)).collect()
    }

    /// The ids of a key's versions, oldest first.
    pub(super) fn versions(&self, key: &str) -> Vec<String> {
        let path = format!("/keys/{key}/keyVersions?sortOrder=ASC");
        let versions = good(&self.manage(&path, None));
        versions.as_array().expect("a list").iter().map(|v| text(v, "id").to_owned()).collect()
    }

    pub(super) fn version(&self, key: &str, version: &str) -> Value {
        good(&self.manage(&format!("/keys/{key}/keyVersions/{version}"), None))
    }

    /// A new version of a key, when it is current.
    pub(super) fn rotate(&self, key: &str) -> String {
        let version = good(&self.manage(&format!("/keys/{key}/keyVersions"), Some(&json!({}))));
        settle(self.client);
        text(&version, "id").to_owned()
    }

    pub(super) fn switch(&self, key: &str, action: &str) -> Response<Bytes> {
        let answer = self.manage(&format!("/keys/{key}/actions/{action}"), Some(&json!({})));
        settle(self.client);
        answer
    }

    pub(super) fn update_key(&self, key: &str, headers: &[(&str, &str)], body: &Value) -> Response<Bytes> {
        let url = format!("{}/20180608/keys/{key}", self.management);
        self.client.send_to(Method::PUT, &url, headers, body.to_string().as_bytes())
    }

    pub(super) fn act_on_key(&self, key: &str, action: &str, body: &Value) -> Response<Bytes> {
        self.manage(&format!("/keys/{key}/actions/{action}"), Some(body))
    }

    pub(super) fn act_on_version(&self, key: &str, version: &str, action: &str) -> Response<Bytes> {
        self.manage(&format!("/keys/{key}/keyVersions/{version}/actions/{action}"), Some(&json!({})))
    }

    pub(super) fn encrypt(&self, key: &str, plaintext: &str) -> String {
        let body = json!({"keyId": key, "plaintext": base64(plaintext)});
        text(&good(&self.ask("encrypt", &body)), "ciphertext").to_owned()
    }

    pub(super) fn decrypt(&self, key: &str, ciphertext: &str) -> String {
        let data = good(&self.ask("decrypt", &json!({"keyId": key, "ciphertext": ciphertext})));
        let bytes = BASE64_STANDARD.decode(text(&data, "plaintext")).expect("base64");
        String::from_utf8(bytes).expect("text")
    }

    /// A backup that has ended: its work request.
    pub(super) fn backup(&self, object: &str, with_keys: bool) -> Value {
        let body = json!({
            "backupLocation": location(self.client, object), "isIncludeKeys": with_keys,
        });
        let answer = self.act("backup", &body);
        good(&answer);
        settle(self.client);
        work_request(self.client, self.region, header(&answer, "opc-work-request-id"))
    }

    /// Asks for the restore of a key from an object.
    pub(super) fn restore_key(&self, object: &str) -> Response<Bytes> {
        let body = json!({"backupLocation": location(self.client, object)});
        self.manage("/keys/actions/restoreFromObjectStore", Some(&body))
    }

    /// A backup of a key that has succeeded.
    pub(super) fn backup_key(&self, key: &str, object: &str) {
        let body = json!({"backupLocation": location(self.client, object)});
        let answer = self.manage(&format!("/keys/{key}/actions/backup"), Some(&body));
        succeeds(self.client, self.region, &answer);
    }

    pub(super) fn bytes_of(&self, object: &str) -> Bytes {
        let target = self.client.object_path(BUCKET, object);
        let answer = self.client.send(Method::GET, self.region, &target, &[], b"");
        assert_eq!(answer.status(), 200);
        answer.into_body()
    }
}

pub(super) fn location(client: &Client, object: &str) -> Value {
    let namespace = &client.realm.identity().namespace;
    json!({"destination": "BUCKET", "namespace": namespace, "bucketName": BUCKET, "objectName": object})
}

pub(super) fn work_request(client: &Client, region: Region, id: &str) -> Value {
    client.get(region, &format!("/20160918/workRequests/{id}"))
}

/// The lines of a work request's log.
pub(super) fn log_of(client: &Client, region: Region, work_request: &Value) -> Vec<String> {
    let id = text(work_request, "id");
    let log = client.get(region, &format!("/20160918/workRequests/{id}/logs"));
    log.as_array().expect("a list").iter().map(|line| text(line, "message").to_owned()).collect()
}

/// The location that a pre-authenticated request of the bucket leads to, for one object.
pub(super) fn par(client: &Client, region: Region, access: &str, object: &str) -> Value {
    let target = format!("/n/{}/b/{BUCKET}/p", client.realm.identity().namespace);
    let details = json!({
        "name": "p", "accessType": access, "objectName": object, "timeExpires": "2026-08-02T12:00:00Z",
    });
    let par = client.post(region, &target, &details);
    json!({"destination": "PRE_AUTHENTICATED_REQUEST_URI", "uri": par["fullPath"]})
}

/// Asks for a restore into a compartment.
pub(super) fn ask_for_restore(
    client: &Client,
    region: Region,
    compartment: &str,
    object: &str,
) -> Response<Bytes> {
    ask_for_restore_from(client, region, compartment, &location(client, object))
}

/// Asks for a restore into a compartment, from wherever.
pub(super) fn ask_for_restore_from(
    client: &Client,
    region: Region,
    compartment: &str,
    location: &Value,
) -> Response<Bytes> {
    let target = format!("/20180608/vaults/actions/restoreFromObjectStore?compartmentId={compartment}");
    let body = json!({"backupLocation": location});
    client.send(Method::POST, region, &target, &[], body.to_string().as_bytes())
}

/// Code and message of a work request that has failed.
pub(super) fn failure(client: &Client, region: Region, answer: &Response<Bytes>) -> (String, String) {
    good(answer);
    settle(client);
    let id = header(answer, "opc-work-request-id");
    assert_eq!(work_request(client, region, id)["status"], "FAILED");
    let errors = client.get(region, &format!("/20160918/workRequests/{id}/errors"));
    (text(&errors[0], "code").to_owned(), text(&errors[0], "message").to_owned())
}

/// Checks that what was asked for is done well.
pub(super) fn succeeds(client: &Client, region: Region, answer: &Response<Bytes>) -> Value {
    let body = good(answer);
    settle(client);
    let ended = work_request(client, region, header(answer, "opc-work-request-id"));
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    body
}

/// A restore into the root compartment that has succeeded.
pub(super) fn restore<'c>(client: &'c Client, region: Region, object: &str) -> TestVault<'c> {
    let answer = ask_for_restore(client, region, &client.tenancy(), object);
    let vault = good(&answer);
    assert_eq!(vault["lifecycleState"], "RESTORING");
    settle(client);
    let ended = work_request(client, region, header(&answer, "opc-work-request-id"));
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    TestVault::of(client, region, &vault)
}

/// Puts bytes under a name, as a client that carried them there would.
pub(super) fn upload(client: &Client, region: Region, object: &str, bytes: &[u8]) {
    good(&client.send(Method::PUT, region, &client.object_path(BUCKET, object), &[], bytes));
}

/// A compartment below the root.
pub(super) fn compartment(client: &Client, name: &str) -> String {
    let home = client.realm.identity().regions[0];
    let details = json!({"compartmentId": client.tenancy(), "name": name, "description": name});
    text(&client.post(home, "/20160918/compartments", &details), "id").to_owned()
}
