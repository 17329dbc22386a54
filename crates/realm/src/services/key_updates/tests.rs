//! Keys change their names, tags and compartments.

use serde_json::json;

use crate::services::vault_testing::{TestVault, aes, compartment, settle, text};
use crate::testing::{Client, good, header, iad, refused};

#[test]
fn an_update_changes_what_it_names_and_the_key_is_used_meanwhile() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("before", &aes());
    let updated = good(&vault.update_key(&key, &[], &json!({"freeformTags": {"a": "1"}})));
    assert_eq!((&updated["lifecycleState"], &updated["displayName"]), (&json!("UPDATING"), &json!("before")));
    assert_eq!(vault.decrypt(&key, &vault.encrypt(&key, "x")), "x");
    let again = vault.update_key(&key, &[], &json!({"displayName": "x"}));
    assert_eq!(refused(&again), (409, "IncorrectState".to_owned()));
    settle(&client);
    good(&vault.update_key(&key, &[], &json!({"displayName": "after"})));
    settle(&client);
    let now = vault.key_now(&key);
    assert_eq!(now["lifecycleState"], "ENABLED");
    assert_eq!((&now["displayName"], &now["freeformTags"]), (&json!("after"), &json!({"a": "1"})));
    let long = json!({"displayName": "x".repeat(101)});
    assert_eq!(refused(&vault.update_key(&key, &[], &long)), (400, "InvalidParameter".to_owned()));
}

#[test]
fn only_enabled_and_new_keys_are_updated() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    good(&vault.switch(&key, "disable"));
    let answer = vault.update_key(&key, &[], &json!({"displayName": "x"}));
    assert_eq!(refused(&answer), (409, "Conflict".to_owned()));
    let details = json!({"compartmentId": client.tenancy(), "displayName": "n", "keyShape": aes()});
    let new = text(&good(&vault.manage("/keys", Some(&details))), "id").to_owned();
    assert_eq!(
        good(&vault.update_key(&new, &[], &json!({"displayName": "m"})))["lifecycleState"],
        "CREATING"
    );
    settle(&client);
    let now = vault.key_now(&new);
    assert_eq!((&now["lifecycleState"], &now["displayName"]), (&json!("ENABLED"), &json!("m")));
}

#[test]
fn an_update_of_a_key_that_has_changed_since_it_was_read_is_refused() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let etag = header(&vault.manage(&format!("/keys/{key}"), None), "etag").to_owned();
    good(&vault.update_key(&key, &[("if-match", &etag)], &json!({"displayName": "one"})));
    settle(&client);
    let answer = vault.update_key(&key, &[("if-match", &etag)], &json!({"displayName": "two"}));
    assert_eq!(refused(&answer), (412, "NoEtagMatch".to_owned()));
}

#[test]
fn a_move_changes_the_compartment_and_leaves_a_disabled_key_disabled() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    good(&vault.switch(&key, "disable"));
    let other = compartment(&client, "other");
    let path = format!("/keys/{key}/actions/changeCompartment");
    let answer = vault.manage(&path, Some(&json!({"compartmentId": other})));
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    assert_eq!(header(&answer, "etag").len(), 40);
    let encrypt = vault.ask("encrypt", &json!({"keyId": key, "plaintext": "eA=="}));
    assert_eq!(refused(&encrypt), (409, "Conflict".to_owned()), "disabled, whatever else goes on");
    settle(&client);
    let now = vault.key_now(&key);
    assert_eq!((&now["lifecycleState"], &now["compartmentId"]), (&json!("DISABLED"), &json!(other)));
    assert_eq!(vault.keys(&client.tenancy()).len(), 0);
    assert_eq!(vault.keys(&other).len(), 1);
    let nowhere = json!({"compartmentId": "ocid1.compartment.oc1..none"});
    assert_eq!(refused(&vault.manage(&path, Some(&nowhere))).0, 404);
}
