//! Vaults change their names, tags and compartments.

use http::Method;
use serde_json::{Value, json};

use crate::services::vault_testing::{TestVault, aes, compartment, settle, text};
use crate::testing::{Client, good, header, iad, refused};

fn put(vault: &TestVault<'_>, headers: &[(&str, &str)], body: &Value) -> http::Response<bytes::Bytes> {
    let target = format!("/20180608/vaults/{}", vault.id);
    vault.client.send(Method::PUT, iad(), &target, headers, body.to_string().as_bytes())
}

#[test]
fn an_update_changes_what_it_names_and_nothing_else() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "before");
    let tagged = good(&put(&vault, &[], &json!({"freeformTags": {"a": "1"}})));
    assert_eq!((&tagged["lifecycleState"], &tagged["displayName"]), (&json!("UPDATING"), &json!("before")));
    assert_eq!(refused(&put(&vault, &[], &json!({"displayName": "x"}))), (409, "IncorrectState".to_owned()));
    settle(&client);
    good(&put(&vault, &[], &json!({"displayName": "after"})));
    settle(&client);
    let now = vault.now();
    assert_eq!(now["lifecycleState"], "ACTIVE");
    assert_eq!((&now["displayName"], &now["freeformTags"]), (&json!("after"), &json!({"a": "1"})));
    assert_eq!(refused(&put(&vault, &[], &json!({"displayName": ""}))), (400, "InvalidParameter".to_owned()));
}

#[test]
fn an_update_of_a_vault_that_has_changed_since_it_was_read_is_refused() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let target = format!("/20180608/vaults/{}", vault.id);
    let etag = || header(&client.send(Method::GET, iad(), &target, &[], b""), "etag").to_owned();
    let old = etag();
    good(&put(&vault, &[("if-match", &old)], &json!({"displayName": "one"})));
    settle(&client);
    let answer = put(&vault, &[("if-match", &old)], &json!({"displayName": "two"}));
    assert_eq!(refused(&answer), (412, "NoEtagMatch".to_owned()));
    good(&put(&vault, &[("if-match", &etag())], &json!({"displayName": "two"})));
}

#[test]
fn a_vault_can_be_updated_while_it_is_created_and_not_while_it_is_pending_deletion() {
    let client = Client::new();
    let details = json!({"compartmentId": client.tenancy(), "displayName": "v", "vaultType": "DEFAULT"});
    let vault = TestVault::of(&client, iad(), &client.post(iad(), "/20180608/vaults", &details));
    let updated = good(&put(&vault, &[], &json!({"displayName": "w"})));
    assert_eq!((&updated["lifecycleState"], &updated["displayName"]), (&json!("CREATING"), &json!("w")));
    settle(&client);
    assert_eq!(vault.state(), "ACTIVE");
    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refused(&put(&vault, &[], &json!({}))), (409, "Conflict".to_owned()));
}

#[test]
fn a_moved_vault_is_listed_elsewhere_and_leaves_its_keys_where_they_were() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let other = compartment(&client, "other");
    let answer = vault.act("changeCompartment", &json!({"compartmentId": other}));
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    assert_eq!(header(&answer, "etag").len(), 40);
    assert_eq!(vault.state(), "UPDATING");
    assert_eq!(vault.decrypt(&key, &vault.encrypt(&key, "x")), "x", "crypto goes on meanwhile");
    settle(&client);
    assert_eq!((vault.state().as_str(), text(&vault.now(), "compartmentId")), ("ACTIVE", other.as_str()));
    let listed = client.get(iad(), &format!("/20180608/vaults?compartmentId={other}"));
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(text(&vault.key_now(&key), "compartmentId"), client.tenancy());
    let nowhere = json!({"compartmentId": "ocid1.compartment.oc1..none"});
    assert_eq!(refused(&vault.act("changeCompartment", &nowhere)).0, 404);
    assert_eq!(refused(&vault.act("changeCompartment", &json!({}))), (400, "MissingParameter".to_owned()));
}
