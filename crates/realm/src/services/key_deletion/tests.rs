//! Keys and key versions on their way out.

use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::services::vault_testing::{BUCKET, TestVault, aes, base64, restore, rsa, settle, text};
use crate::testing::{Client, good, header, iad, refused};

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

fn conflict() -> (u16, String) {
    (409, "Conflict".to_owned())
}

fn state(value: &Value) -> &str {
    text(value, "lifecycleState")
}

#[test]
fn a_key_is_deleted_by_the_clock_after_thirty_days_with_its_versions() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &rsa());
    let old = vault.versions(&key)[0].clone();
    vault.rotate(&key);
    let scheduled = good(&vault.act_on_key(&key, "scheduleDeletion", &json!({})));
    assert_eq!(state(&scheduled), "SCHEDULING_DELETION");
    let due: Timestamp = text(&scheduled, "timeOfDeletion").parse().expect("a time");
    assert_eq!(due.duration_since(client.now()).as_hours(), 30 * 24);
    client.wait(days(30) - Duration::from_secs(1));
    assert_eq!(state(&vault.key_now(&key)), "PENDING_DELETION");
    client.wait(Duration::from_secs(2));
    let gone = vault.key_now(&key);
    assert_eq!((state(&gone), &gone["timeOfDeletion"]), ("DELETED", &scheduled["timeOfDeletion"]));
    let version = vault.version(&key, &old);
    assert_eq!((state(&version), &version["publicKey"]), ("DELETED", &Value::Null));
    let usage = client.get(iad(), &format!("/20180608/vaults/{}/usage", vault.id));
    assert_eq!((&usage["keyCount"], &usage["keyVersionCount"]), (&json!(0), &json!(0)));
    for action in ["cancelDeletion", "scheduleDeletion", "enable", "disable"] {
        assert_eq!(refused(&vault.act_on_key(&key, action, &json!({}))), conflict(), "{action}");
    }
}

#[test]
fn pending_deletion_refuses_everything_at_once_and_cancelling_brings_the_state_back() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let (on, off) = (vault.key("on", &aes()), vault.key("off", &aes()));
    let ciphertext = vault.encrypt(&on, "x");
    good(&vault.switch(&off, "disable"));
    let decrypt = || vault.ask("decrypt", &json!({"keyId": on, "ciphertext": ciphertext}));
    for key in [&on, &off] {
        good(&vault.act_on_key(key, "scheduleDeletion", &json!({})));
    }
    assert_eq!(refused(&decrypt()), conflict());
    let early = vault.act_on_key(&on, "cancelDeletion", &json!({}));
    assert_eq!(refused(&early), (409, "IncorrectState".to_owned()));
    settle(&client);
    assert_eq!(refused(&decrypt()), conflict());
    let encrypt = vault.ask("encrypt", &json!({"keyId": on, "plaintext": "eA=="}));
    assert_eq!(refused(&encrypt), conflict());
    assert_eq!(refused(&vault.manage(&format!("/keys/{on}/keyVersions"), Some(&json!({})))), conflict());
    assert_eq!(refused(&vault.update_key(&on, &[], &json!({"displayName": "x"}))), conflict());
    assert_eq!(refused(&vault.switch(&on, "disable")), conflict());
    assert_eq!(refused(&vault.act_on_key(&on, "scheduleDeletion", &json!({}))), conflict());

    for (key, after) in [(&on, "ENABLED"), (&off, "DISABLED")] {
        let back = good(&vault.act_on_key(key, "cancelDeletion", &json!({})));
        assert_eq!(state(&back), "CANCELLING_DELETION");
        settle(&client);
        let back = vault.key_now(key);
        assert_eq!((state(&back), &back["timeOfDeletion"]), (after, &Value::Null));
    }
    assert_eq!(vault.decrypt(&on, &ciphertext), "x");
    client.wait(days(31));
    assert_eq!(state(&vault.key_now(&on)), "ENABLED");
    assert_eq!(refused(&vault.act_on_key(&on, "cancelDeletion", &json!({}))), conflict());
}

#[test]
fn only_seven_to_thirty_days_are_taken() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let after = |time: Duration| {
        let time = client.now() + SignedDuration::try_from(time).expect("not that long");
        vault.act_on_key(&key, "scheduleDeletion", &json!({"timeOfDeletion": time.to_string()}))
    };
    let second = Duration::from_secs(1);
    for wrong in [days(7) - second, days(30) + second] {
        assert_eq!(refused(&after(wrong)), (400, "InvalidParameter".to_owned()));
    }
    good(&after(days(7)));
    client.wait(days(8));
    assert_eq!(state(&vault.key_now(&key)), "DELETED");
}

#[test]
fn a_stale_etag_is_refused() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let etag = header(&vault.manage(&format!("/keys/{key}"), None), "etag").to_owned();
    good(&vault.update_key(&key, &[], &json!({"displayName": "x"})));
    settle(&client);
    let url = format!("{}/20180608/keys/{key}/actions/scheduleDeletion", vault.management);
    let answer = client.send_to(Method::POST, &url, &[("if-match", &etag)], b"");
    assert_eq!(refused(&answer), (412, "NoEtagMatch".to_owned()));
}

#[test]
fn a_vault_is_not_deleted_before_a_key_that_is_due_later_and_leaves_a_pending_key_pending() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let due = client.now() + SignedDuration::from_hours(20 * 24);
    good(&vault.act_on_key(&key, "scheduleDeletion", &json!({"timeOfDeletion": due.to_string()})));
    settle(&client);
    let early = client.now() + SignedDuration::from_hours(10 * 24);
    let vault_due =
        |time: Timestamp| vault.act("scheduleDeletion", &json!({"timeOfDeletion": time.to_string()}));
    assert_eq!(refused(&vault_due(early)), conflict());
    good(&vault_due(due + SignedDuration::from_hours(24)));
    settle(&client);
    assert_eq!(refused(&vault.act_on_key(&key, "cancelDeletion", &json!({}))), conflict());
    good(&vault.act("cancelDeletion", &json!({})));
    settle(&client);
    let now = vault.key_now(&key);
    assert_eq!(state(&now), "PENDING_DELETION");
    assert_eq!(text(&now, "timeOfDeletion").parse::<Timestamp>().expect("a time"), due);
    client.wait(days(21));
    assert_eq!(state(&vault.key_now(&key)), "DELETED");
}

#[test]
fn an_old_version_is_deleted_alone_and_its_ciphertexts_are_lost() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let old_text = vault.encrypt(&key, "old");
    let old = vault.versions(&key)[0].clone();
    let current = vault.rotate(&key);
    let new_text = vault.encrypt(&key, "new");
    assert_eq!(refused(&vault.act_on_version(&key, &current, "scheduleDeletion")), conflict());
    let etag = header(&vault.manage(&format!("/keys/{key}"), None), "etag").to_owned();

    let scheduled = good(&vault.act_on_version(&key, &old, "scheduleDeletion"));
    assert_eq!(state(&scheduled), "SCHEDULING_DELETION");
    let decrypt = || vault.ask("decrypt", &json!({"keyId": key, "ciphertext": old_text}));
    assert_eq!(refused(&decrypt()), conflict());
    settle(&client);
    assert_eq!(state(&vault.version(&key, &old)), "PENDING_DELETION");
    assert_eq!(header(&vault.manage(&format!("/keys/{key}"), None), "etag"), etag, "the key is as it was");
    good(&vault.act_on_version(&key, &old, "cancelDeletion"));
    settle(&client);
    let back = vault.version(&key, &old);
    assert_eq!((state(&back), &back["timeOfDeletion"]), ("ENABLED", &Value::Null));
    assert_eq!(vault.decrypt(&key, &old_text), "old");
    client.wait(days(31));
    assert_eq!(state(&vault.version(&key, &old)), "ENABLED");

    good(&vault.act_on_version(&key, &old, "scheduleDeletion"));
    client.wait(days(31));
    assert_eq!(state(&vault.version(&key, &old)), "DELETED");
    assert_eq!(refused(&decrypt()), conflict());
    assert_eq!(refused(&vault.act_on_version(&key, &old, "cancelDeletion")), conflict());
    assert_eq!(vault.decrypt(&key, &new_text), "new");
    let usage = client.get(iad(), &format!("/20180608/vaults/{}/usage", vault.id));
    assert_eq!(usage["keyVersionCount"], 1);
    assert_eq!(vault.versions(&key), [old, current]);
}

#[test]
fn a_backup_brings_back_what_was_deleted_under_the_same_ids() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let (lost, worn) = (vault.key("lost", &aes()), vault.key("worn", &aes()));
    let lost_text = vault.encrypt(&lost, "a");
    let worn_text = vault.encrypt(&worn, "b");
    let worn_version = vault.versions(&worn)[0].clone();
    vault.rotate(&worn);
    assert_eq!(vault.backup("o", true)["status"], "SUCCEEDED");
    good(&vault.act_on_key(&lost, "scheduleDeletion", &json!({})));
    good(&vault.act_on_version(&worn, &worn_version, "scheduleDeletion"));
    client.wait(days(31));
    assert_eq!(state(&vault.key_now(&lost)), "DELETED");
    let back = restore(&client, iad(), "o");
    assert_eq!(back.id, vault.id);
    assert_eq!(state(&back.key_now(&lost)), "ENABLED");
    assert_eq!((back.decrypt(&lost, &lost_text), back.decrypt(&worn, &worn_text)), ("a".into(), "b".into()));
    assert_eq!(back.versions(&worn)[0], worn_version);
}

#[test]
fn a_restore_does_not_call_a_deletion_off() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup("o", true);
    good(&vault.act_on_key(&key, "scheduleDeletion", &json!({})));
    settle(&client);
    restore(&client, iad(), "o");
    assert_eq!(state(&vault.key_now(&key)), "PENDING_DELETION");
    let body = json!({"keyId": key, "plaintext": base64("x")});
    assert_eq!(refused(&vault.ask("encrypt", &body)), conflict());
    client.wait(days(31));
    assert_eq!(state(&vault.key_now(&key)), "DELETED");
}
