//! Keys and their versions as clients see them.

use keyferry_ids::{KeyId, KeyVersionId};
use serde_json::{Value, json};

use crate::services::vault_testing::{TestVault, aes, compartment, ecdsa, rsa, settle, text};
use crate::testing::{Client, good, iad, refused};

fn conflict() -> (u16, String) {
    (409, "Conflict".to_owned())
}

fn incorrect_state() -> (u16, String) {
    (409, "IncorrectState".to_owned())
}

#[test]
fn a_new_key_is_creating_with_its_version_named_and_then_enabled() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let details = json!({"compartmentId": client.tenancy(), "displayName": "k", "keyShape": ecdsa()});
    let key = good(&vault.manage("/keys", Some(&details)));
    assert_eq!(key["lifecycleState"], "CREATING");
    assert_eq!((&key["protectionMode"], &key["keyShape"]), (&json!("HSM"), &ecdsa()));
    assert_eq!(key.get("restoredFromKeyId"), Some(&Value::Null));
    let id = KeyId::parse(text(&key, "id")).expect("a key's OCID");
    let version = KeyVersionId::parse(text(&key, "currentKeyVersion")).expect("a version's OCID");
    let ext = |id: &str| id.split('.').nth(4).map(str::to_owned);
    assert_eq!(ext(id.as_str()), ext(&vault.id));
    assert_eq!(ext(version.as_str()), ext(&vault.id));
    assert_eq!(version.as_str().split('.').nth(5).map(str::len), Some(13));
    let before = vault.version(id.as_str(), version.as_str());
    assert_eq!(before["lifecycleState"], "CREATING");
    settle(&client);
    assert_eq!(vault.key_now(id.as_str())["lifecycleState"], "ENABLED");
    let version = vault.version(id.as_str(), version.as_str());
    assert_eq!((&version["lifecycleState"], &version["origin"]), (&json!("ENABLED"), &json!("INTERNAL")));
    assert!(text(&version, "publicKey").starts_with("-----BEGIN PUBLIC KEY-----\n"));
}

#[test]
fn an_aes_version_has_no_public_key() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let version = vault.version(&key, &vault.versions(&key)[0]);
    assert_eq!(version.get("publicKey"), Some(&Value::Null));
}

#[test]
fn keys_are_refused_that_do_not_exist_in_any_vault() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let refusal = |changes: Value| {
        let mut details = json!({"compartmentId": client.tenancy(), "displayName": "k", "keyShape": aes()});
        for (name, value) in changes.as_object().expect("fields") {
            details[name] = value.clone();
        }
        refused(&vault.manage("/keys", Some(&details)))
    };
    let invalid = (400, "InvalidParameter".to_owned());
    assert_eq!(refusal(json!({"keyShape": {"algorithm": "AES", "length": 256}})), invalid);
    assert_eq!(refusal(json!({"keyShape": {"algorithm": "RSA", "length": 2048}})), invalid);
    assert_eq!(refusal(json!({"protectionMode": "EXTERNAL"})), invalid);
    assert_eq!(refusal(json!({"displayName": ""})), invalid);
    assert_eq!(refusal(json!({"compartmentId": "ocid1.compartment.oc1..none"})).0, 404);
    let no_shape = json!({"compartmentId": client.tenancy(), "displayName": "k"});
    let answer = vault.manage("/keys", Some(&no_shape));
    assert_eq!(refused(&answer), (400, "MissingParameter".to_owned()));
}

#[test]
fn lengths_may_be_written_as_text_and_hsm_keys_live_in_default_vaults_too() {
    let client = Client::new();
    let vault = TestVault::create_in(&client, iad(), "v", &client.tenancy(), "DEFAULT");
    let key = vault.key("k", &json!({"algorithm": "AES", "length": "16"}));
    assert_eq!(vault.key_now(&key)["keyShape"]["length"], 16);
}

#[test]
fn two_vaults_in_one_compartment_keep_their_keys_apart() {
    let client = Client::new();
    let (one, two) = (TestVault::create(&client, iad(), "one"), TestVault::create(&client, iad(), "two"));
    let key = one.key("k", &aes());
    assert_eq!(one.keys(&client.tenancy()).len(), 1);
    assert_eq!(two.keys(&client.tenancy()).len(), 0);
    assert_eq!(refused(&two.manage(&format!("/keys/{key}"), None)).0, 404);
    assert_eq!(refused(&two.switch(&key, "disable")).0, 404);
    let answer = two.ask("encrypt", &json!({"keyId": key, "plaintext": "eA=="}));
    assert_eq!(refused(&answer), (404, "NotAuthorizedOrNotFound".to_owned()));
    let message: Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(message["message"], "Key or Vault does not exist or you are not authorized to access them.");
}

#[test]
fn lists_are_of_one_compartment_and_filtered_as_asked() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let other = compartment(&client, "other");
    vault.key("aes32", &aes());
    vault.key("aes16", &json!({"algorithm": "AES", "length": 16}));
    vault.key("curve", &ecdsa());
    vault.key_in("soft", &aes(), &client.tenancy(), "SOFTWARE");
    vault.key_in("elsewhere", &aes(), &other, "HSM");
    let names = |query: &str| -> Vec<String> {
        let path = format!("/keys?compartmentId={}&sortBy=DISPLAYNAME{query}", client.tenancy());
        let keys = good(&vault.manage(&path, None));
        keys.as_array().expect("a list").iter().map(|k| text(k, "displayName").to_owned()).collect()
    };
    assert_eq!(names(""), ["aes16", "aes32", "curve", "soft"]);
    assert_eq!(names("&algorithm=AES"), ["aes16", "aes32", "soft"]);
    assert_eq!(names("&algorithm=AES&length=16"), ["aes16"]);
    assert_eq!(names("&protectionMode=SOFTWARE"), ["soft"]);
    assert_eq!(names("&curveId=NIST_P384"), ["curve"]);
    assert_eq!(refused(&vault.manage("/keys", None)), (400, "MissingParameter".to_owned()));
}

#[test]
fn a_key_is_disabled_and_enabled_again_through_states_of_transition() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let state = || text(&vault.key_now(&key), "lifecycleState").to_owned();
    assert_eq!(refused(&vault.switch(&key, "enable")), conflict());
    assert_eq!(good(&vault.switch(&key, "disable"))["lifecycleState"], "DISABLING");
    assert_eq!(state(), "DISABLED");
    assert_eq!(refused(&vault.switch(&key, "disable")), conflict());
    assert_eq!(good(&vault.switch(&key, "enable"))["lifecycleState"], "ENABLING");
    assert_eq!(state(), "ENABLED");
    let path = |action: &str| format!("/keys/{key}/actions/{action}");
    good(&vault.manage(&path("disable"), Some(&json!({}))));
    assert_eq!(refused(&vault.manage(&path("enable"), Some(&json!({})))), incorrect_state());
}

#[test]
fn a_rotated_key_has_a_new_current_version_as_soon_as_that_is_enabled() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &rsa());
    let first = vault.versions(&key)[0].clone();
    let path = format!("/keys/{key}/keyVersions");
    let version = good(&vault.manage(&path, Some(&json!({}))));
    assert_eq!(version["lifecycleState"], "CREATING");
    assert_eq!(vault.key_now(&key)["currentKeyVersion"], json!(first));
    assert_eq!(refused(&vault.manage(&path, Some(&json!({})))), incorrect_state());
    settle(&client);
    let second = text(&version, "id").to_owned();
    assert_eq!(vault.key_now(&key)["currentKeyVersion"], json!(second));
    assert_eq!(vault.versions(&key), [first.clone(), second.clone()]);
    let public = |id: &str| text(&vault.version(&key, id), "publicKey").to_owned();
    assert_ne!(public(&first), public(&second));
    good(&vault.switch(&key, "disable"));
    assert_eq!(refused(&vault.manage(&path, Some(&json!({})))), conflict());
    let other = vault.key("other", &aes());
    assert_eq!(refused(&vault.manage(&format!("/keys/{other}/keyVersions/{first}"), None)).0, 404);
}
