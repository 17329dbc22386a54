//! Secrets as a client sees them.

use std::time::Duration;

use http::{Method, Response};
use serde_json::{Value, json};

use crate::services::vault_testing::{
    BUCKET, TestVault, aes, base64, compartment, ecdsa, restore, settle, text,
};
use crate::testing::{Client, fra, good, iad, refused};
use crate::{Limit, LimitName, Secret};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn details(vault: &TestVault<'_>, key: &str, name: &str, content: &str) -> Value {
    json!({
        "compartmentId": vault.client.tenancy(), "vaultId": vault.id, "keyId": key, "secretName": name,
        "secretContent": {"contentType": "BASE64", "content": base64(content)},
    })
}

fn post(client: &Client, target: &str, body: &Value) -> Response<bytes::Bytes> {
    let target = format!("/20180608/secrets{target}");
    let answer = client.send(Method::POST, iad(), &target, &[], body.to_string().as_bytes());
    settle(client);
    answer
}

fn put(client: &Client, id: &str, body: &Value) -> Response<bytes::Bytes> {
    let target = format!("/20180608/secrets/{id}");
    let answer = client.send(Method::PUT, iad(), &target, &[], body.to_string().as_bytes());
    settle(client);
    answer
}

fn secret(vault: &TestVault<'_>, key: &str, name: &str, content: &str) -> String {
    text(&good(&post(vault.client, "", &details(vault, key, name, content))), "id").to_owned()
}

fn state(client: &Client, id: &str) -> String {
    text(&client.get(iad(), &format!("/20180608/secrets/{id}")), "lifecycleState").to_owned()
}

fn bundle(client: &Client, rest: &str) -> Response<bytes::Bytes> {
    client.send(Method::GET, iad(), &format!("/20190301/secretbundles/{rest}"), &[], b"")
}

fn content(client: &Client, rest: &str) -> Value {
    good(&bundle(client, rest))["secretBundleContent"]["content"].clone()
}

#[test]
fn seeded_secrets_are_listed_by_compartment_and_vault() {
    let client = Client::new();
    let seed = |vault: &str, name: &str| {
        let secret = Secret {
            region: iad(),
            vault_id: vault.to_owned(),
            compartment_id: client.tenancy(),
            name: name.to_owned(),
            key_id: None,
        };
        client.realm.seed_secret(&secret, client.now()).expect("a region of the realm")
    };
    let id = seed("v1", "one");
    seed("v2", "two");
    let list = |region, rest: &str| {
        client.get(region, &format!("/20180608/secrets?compartmentId={}{rest}", client.tenancy()))
    };
    assert_eq!(list(iad(), "").as_array().map(Vec::len), Some(2));
    let of_vault = list(iad(), "&vaultId=v1&lifecycleState=ACTIVE");
    assert_eq!((&of_vault[0]["id"], &of_vault[0]["secretName"]), (&id.clone().into(), &"one".into()));
    assert_eq!(of_vault.as_array().map(Vec::len), Some(1));
    assert_eq!(list(iad(), "&name=two").as_array().map(Vec::len), Some(1));
    assert_eq!(list(fra(), "").as_array().map(Vec::len), Some(0), "secrets are regional");
    assert_eq!(refused(&bundle(&client, &id)).0, 404, "it has no content");
}

#[test]
fn a_secret_is_read_back_as_it_was_written_also_after_a_rotation_of_its_key() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let long = "x".repeat(20_000);
    let id = secret(&vault, &key, "s", &long);
    let seen = client.get(iad(), &format!("/20180608/secrets/{id}"));
    assert_eq!((&seen["lifecycleState"], &seen["currentVersionNumber"]), (&json!("ACTIVE"), &json!(1)));
    assert!(seen.get("secretContent").is_none());
    vault.rotate(&key);
    let read = good(&bundle(&client, &id));
    assert_eq!(read["secretBundleContent"], json!({"contentType": "BASE64", "content": base64(&long)}));
    assert_eq!((&read["versionNumber"], &read["stages"]), (&json!(1), &json!(["CURRENT", "LATEST"])));
    let by_name = format!("/20190301/secretbundles/actions/getByName?secretName=s&vaultId={}", vault.id);
    assert_eq!(client.post(iad(), &by_name, &Value::Null)["secretId"], json!(id));
}

#[test]
fn versions_take_their_stages_from_each_other() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let id = secret(&vault, &key, "s", "one");
    let next = |content: &str, stage: &str, name: &str| {
        let content =
            json!({"contentType": "BASE64", "content": base64(content), "stage": stage, "name": name});
        put(&client, &id, &json!({"secretContent": content}))
    };
    good(&next("two", "CURRENT", "second"));
    good(&next("three", "PENDING", "third"));
    assert_eq!(refused(&next("four", "CURRENT", "third")).0, 409, "names are unique");
    let stages = || {
        let list = client.get(iad(), &format!("/20180608/secrets/{id}/versions?sortBy=VERSION_NUMBER"));
        list.as_array().expect("a list").iter().map(|v| v["stages"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(stages(), [json!(["PREVIOUS"]), json!(["CURRENT"]), json!(["PENDING", "LATEST"])]);
    assert_eq!(content(&client, &id), base64("two"));
    assert_eq!(content(&client, &format!("{id}?stage=PENDING")), base64("three"));
    assert_eq!(content(&client, &format!("{id}?versionNumber=1")), base64("one"));
    assert_eq!(content(&client, &format!("{id}?secretVersionName=second")), base64("two"));
    good(&put(&client, &id, &json!({"currentVersionNumber": 3})));
    assert_eq!(stages(), [json!(["DEPRECATED"]), json!(["PREVIOUS"]), json!(["CURRENT", "LATEST"])]);
    assert_eq!(refused(&put(&client, &id, &json!({"currentVersionNumber": 9}))).0, 400);
    let version = client.get(iad(), &format!("/20180608/secrets/{id}/version/2"));
    assert_eq!((&version["name"], &version["contentType"]), (&json!("second"), &json!("BASE64")));
    let bundles = client.get(iad(), &format!("/20190301/secretbundles/{id}/versions"));
    assert_eq!(bundles.as_array().map(Vec::len), Some(3));
}

#[test]
fn content_is_out_of_reach_with_its_key() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let id = secret(&vault, &key, "s", "text");
    vault.switch(&key, "disable");
    assert_eq!(refused(&bundle(&client, &id)), (409, "Conflict".to_owned()));
    vault.switch(&key, "enable");
    good(&bundle(&client, &id));
    good(&vault.act_on_key(&key, "scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refused(&bundle(&client, &id)).0, 409);
    assert_eq!(state(&client, &id), "ACTIVE", "the secret itself is not on its way out");
}

#[test]
fn secrets_go_with_their_vault_and_no_backup_brings_them_back() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let id = secret(&vault, &key, "s", "text");
    vault.backup("v.bak", true);
    let schedule =
        || good(&vault.act("scheduleDeletion", &json!({"timeOfDeletion": "2026-08-10T00:00:00Z"})));
    schedule();
    settle(&client);
    assert_eq!(state(&client, &id), "PENDING_DELETION");
    assert_eq!(refused(&bundle(&client, &id)).0, 409);
    assert_eq!(refused(&post(&client, &format!("/{id}/actions/cancelDeletion"), &json!({}))).0, 409);
    good(&vault.act("cancelDeletion", &json!({})));
    settle(&client);
    assert_eq!(content(&client, &id), base64("text"));
    schedule();
    client.wait(DAY * 10);
    settle(&client);
    assert_eq!((vault.state(), state(&client, &id)), ("DELETED".to_owned(), "DELETED".to_owned()));
    restore(&client, iad(), "v.bak");
    assert_eq!(vault.state(), "ACTIVE");
    assert_eq!(state(&client, &id), "DELETED");
    assert_eq!(refused(&bundle(&client, &id)).0, 404);
}

#[test]
fn a_secret_is_deleted_by_the_clock_unless_that_is_called_off() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let id = secret(&vault, &key, "s", "text");
    let act = |action: &str, body: &Value| post(&client, &format!("/{id}/actions/{action}"), body);
    let in_two_days = json!({"timeOfDeletion": "2026-08-03T12:01:00Z"});
    for wrong in ["2026-08-01T13:00:00Z", "2026-10-01T00:00:00Z"] {
        assert_eq!(refused(&act("scheduleDeletion", &json!({"timeOfDeletion": wrong}))).0, 400, "{wrong}");
    }
    assert_eq!(act("scheduleDeletion", &in_two_days).status(), 200);
    assert_eq!(state(&client, &id), "PENDING_DELETION");
    assert_eq!(refused(&bundle(&client, &id)).0, 409);
    assert_eq!(act("cancelDeletion", &json!({})).status(), 200);
    client.wait(DAY * 3);
    assert_eq!(content(&client, &id), base64("text"));
    good(&act("scheduleDeletion", &json!({"timeOfDeletion": "2026-08-06T12:00:00Z"})));
    client.wait(DAY * 3);
    settle(&client);
    assert_eq!(state(&client, &id), "DELETED");
    secret(&vault, &key, "s", "the name is free again");
}

#[test]
fn what_can_not_be_a_secret_is_refused() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let signing = vault.key("e", &ecdsa());
    secret(&vault, &key, "s", "text");
    let with = |changes: &Value| {
        let mut body = details(&vault, &key, "t", "text");
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        refused(&post(&client, "", &body))
    };
    let too_long = json!({"contentType": "BASE64", "content": base64(&"x".repeat(26_000))});
    for (changes, expected) in [
        (json!({"secretName": "s"}), (409, "Conflict")),
        (json!({"secretName": "a b"}), (400, "InvalidParameter")),
        (json!({"keyId": signing}), (400, "InvalidParameter")),
        (json!({"keyId": "ocid1.key.oc1.iad.x"}), (404, "NotAuthorizedOrNotFound")),
        (json!({"vaultId": "ocid1.vault.oc1.iad.x"}), (404, "NotAuthorizedOrNotFound")),
        (json!({"secretContent": {"contentType": "BASE64", "content": "?"}}), (400, "InvalidParameter")),
        (json!({"secretContent": too_long}), (400, "InvalidParameter")),
        (json!({"secretContent": null}), (400, "MissingParameter")),
        (json!({"enableAutoGeneration": true}), (400, "InvalidParameter")),
        (json!({"secretRules": [{"ruleType": "SECRET_REUSE_RULE"}]}), (400, "InvalidParameter")),
        (json!({"definedTags": {"no": {"such": "tag"}}}), (400, "RelatedResourceNotAuthorizedOrNotFound")),
    ] {
        assert_eq!(with(&changes), (expected.0, expected.1.to_owned()), "{changes}");
    }
    let limit = Limit { region: iad(), name: LimitName::MaxSecretsPerTenancyCount, value: 1 };
    client.realm.set_limit(limit, client.now()).expect("a region of the realm");
    assert_eq!(with(&json!({})), (400, "LimitExceeded".to_owned()));
}

#[test]
fn a_secret_moves_to_another_compartment_and_keeps_its_content() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let id = secret(&vault, &key, "s", "text");
    let c = compartment(&client, "c");
    good(&post(&client, &format!("/{id}/actions/changeCompartment"), &json!({"compartmentId": c})));
    let list = client.get(iad(), &format!("/20180608/secrets?compartmentId={c}&vaultId={}", vault.id));
    assert_eq!(list[0]["id"], json!(id));
    assert_eq!(content(&client, &id), base64("text"));
    let update = json!({"description": "d", "metadata": {"owner": "me"}, "freeformTags": {"a": "b"}});
    let updated = good(&put(&client, &id, &update));
    assert_eq!((&updated["description"], &updated["metadata"]["owner"]), (&json!("d"), &json!("me")));
}
