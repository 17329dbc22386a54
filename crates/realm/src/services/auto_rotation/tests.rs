//! Keys that rotate by themselves.

use std::time::Duration;

use serde_json::{Value, json};

use crate::services::vault_testing::{BUCKET, TestVault, aes, restore, settle, text, upload};
use crate::testing::{Client, fra, good, iad, refused};
use crate::{Down, Semantics};

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

fn invalid() -> (u16, String) {
    (400, "InvalidParameter".to_owned())
}

/// A new key that rotates every `interval` days.
fn rotating(vault: &TestVault<'_>, interval: u32) -> String {
    let details = json!({
        "compartmentId": vault.client.tenancy(), "displayName": "k", "keyShape": aes(),
        "isAutoRotationEnabled": true, "autoKeyRotationDetails": {"rotationIntervalInDays": interval},
    });
    let key = good(&vault.manage("/keys", Some(&details)));
    settle(vault.client);
    text(&key, "id").to_owned()
}

fn schedule(vault: &TestVault<'_>, key: &str) -> Value {
    vault.key_now(key)["autoKeyRotationDetails"].clone()
}

#[test]
fn a_key_rotates_whenever_its_interval_is_over() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = rotating(&vault, 60);
    let now = vault.key_now(&key);
    assert_eq!(now["isAutoRotationEnabled"], true);
    let expected = json!({
        "rotationIntervalInDays": 60, "timeOfScheduleStart": "2026-08-01T00:00:00.000Z",
        "timeOfNextRotation": "2026-09-30T00:00:00.000Z", "timeOfLastRotation": null,
        "lastRotationStatus": null, "lastRotationMessage": null,
    });
    assert_eq!(now["autoKeyRotationDetails"], expected);
    let ciphertext = vault.encrypt(&key, "x");
    client.wait(days(59));
    assert_eq!(vault.versions(&key).len(), 1);
    client.wait(days(1));
    let versions = vault.versions(&key);
    assert_eq!(versions.len(), 2);
    assert_eq!(vault.key_now(&key)["currentKeyVersion"], json!(versions[1]));
    let is_auto_rotated = |version: &str| vault.version(&key, version)["isAutoRotated"].clone();
    assert_eq!((is_auto_rotated(&versions[0]), is_auto_rotated(&versions[1])), (json!(false), json!(true)));
    let after = schedule(&vault, &key);
    assert_eq!(after["timeOfLastRotation"], "2026-09-30T00:00:00.000Z");
    assert_eq!(after["timeOfNextRotation"], "2026-11-29T00:00:00.000Z");
    assert_eq!(after["lastRotationStatus"], "SUCCESS");
    assert_eq!(vault.decrypt(&key, &ciphertext), "x");
    client.wait(days(120));
    assert_eq!(vault.versions(&key).len(), 4);
    let listed = good(&vault.manage(&format!("/keys/{key}/keyVersions"), None));
    let marks = listed.as_array().expect("a list").iter().filter(|v| v["isAutoRotated"] == true);
    assert_eq!(marks.count(), 3);
}

#[test]
fn a_schedule_is_set_changed_and_taken_away_by_updates() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    assert_eq!(vault.key_now(&key)["isAutoRotationEnabled"], false);
    let update = |body: Value| {
        let answer = vault.update_key(&key, &[], &body);
        settle(&client);
        answer
    };
    let details = |details: Value| json!({"isAutoRotationEnabled": true, "autoKeyRotationDetails": details});
    assert_eq!(refused(&update(details(json!({})))), (400, "MissingParameter".to_owned()));
    for wrong in [59, 366, 0] {
        assert_eq!(refused(&update(details(json!({"rotationIntervalInDays": wrong})))), invalid());
    }
    let alone = json!({"autoKeyRotationDetails": {"rotationIntervalInDays": 90}});
    assert_eq!(refused(&update(alone.clone())), invalid());
    let start = json!({"rotationIntervalInDays": 365, "timeOfScheduleStart": "2026-09-01T15:14:13Z"});
    good(&update(details(start)));
    assert_eq!(schedule(&vault, &key)["timeOfScheduleStart"], "2026-09-01T00:00:00.000Z");
    assert_eq!(schedule(&vault, &key)["timeOfNextRotation"], "2027-09-01T00:00:00.000Z");
    good(&update(alone));
    assert_eq!(schedule(&vault, &key)["timeOfNextRotation"], "2026-11-30T00:00:00.000Z");
    good(&update(json!({"isAutoRotationEnabled": false})));
    assert_eq!(
        (&vault.key_now(&key)["isAutoRotationEnabled"], schedule(&vault, &key)),
        (&json!(false), json!(null))
    );
    client.wait(days(400));
    assert_eq!(vault.versions(&key).len(), 1);
    let past = json!({"rotationIntervalInDays": 100, "timeOfScheduleStart": "2026-01-01"});
    good(&update(details(past)));
    let next = text(&schedule(&vault, &key), "timeOfNextRotation").to_owned();
    assert_eq!(next, "2027-12-02T00:00:00.000Z", "the seventh hundred days");
}

#[test]
fn keys_of_default_vaults_do_not_rotate_by_themselves() {
    let client = Client::new();
    let vault = TestVault::create_in(&client, iad(), "v", &client.tenancy(), "DEFAULT");
    let key = vault.key("k", &aes());
    let body = json!({
        "isAutoRotationEnabled": "true", "autoKeyRotationDetails": {"rotationIntervalInDays": "60"},
    });
    assert_eq!(refused(&vault.update_key(&key, &[], &body)), invalid());
}

#[test]
fn a_disabled_key_is_not_rotated_and_its_schedule_says_so() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = rotating(&vault, 60);
    good(&vault.switch(&key, "disable"));
    client.wait(days(61));
    assert_eq!(vault.versions(&key).len(), 1);
    let after = schedule(&vault, &key);
    assert_eq!(
        (&after["lastRotationStatus"], text(&after, "lastRotationMessage").is_empty()),
        (&json!("FAILED"), false)
    );
    good(&vault.switch(&key, "enable"));
    client.wait(days(60));
    assert_eq!(vault.versions(&key).len(), 2);
    assert_eq!(schedule(&vault, &key)["lastRotationStatus"], "SUCCESS");
}

#[test]
fn rotation_rests_as_long_as_a_deletion_is_pending() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = rotating(&vault, 60);
    client.wait(days(50));
    good(&vault.act_on_key(&key, "scheduleDeletion", &json!({})));
    client.wait(days(20));
    assert_eq!(vault.versions(&key).len(), 1);
    good(&vault.act_on_key(&key, "cancelDeletion", &json!({})));
    settle(&client);
    assert_eq!(schedule(&vault, &key)["lastRotationStatus"], Value::Null);
    client.wait(days(50));
    assert_eq!(vault.versions(&key).len(), 2);
}

#[test]
fn a_restored_key_rotates_on_as_before_unless_the_switch_says_otherwise() {
    for on in [true, false] {
        let semantics = Semantics { auto_rotation_after_restore: on, ..Semantics::default() };
        let client = Client::with_semantics(semantics);
        client.bucket(iad(), BUCKET);
        client.bucket(fra(), BUCKET);
        let vault = TestVault::create(&client, iad(), "v");
        let key = rotating(&vault, 90);
        client.wait(days(91));
        vault.backup("o", true);
        upload(&client, fra(), "o", &vault.bytes_of("o"));
        client.realm.region_down(iad(), Down::Destroyed, client.now()).expect("a region");
        client.wait(days(100));
        let there = restore(&client, fra(), "o");
        let keys = there.keys(&client.tenancy());
        assert_eq!((keys.len(), &keys[0]["restoredFromKeyId"]), (1, &json!(key)));
        assert_eq!(keys[0]["isAutoRotationEnabled"], on);
        let restored = text(&keys[0], "id");
        let versions = there.versions(restored);
        assert_eq!(there.version(restored, &versions[1])["isAutoRotated"], true, "what was is not forgotten");
        if on {
            assert_eq!(schedule(&there, restored)["timeOfNextRotation"], "2027-04-28T00:00:00.000Z");
        }
        client.wait(days(90));
        assert_eq!(there.versions(restored).len(), if on { 3 } else { 2 });
    }
}
