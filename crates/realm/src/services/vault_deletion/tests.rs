//! Vaults on their way out.

use std::time::Duration;

use http::Method;
use keyferry_wire::kms::{KeyState, ProtectionMode};
use serde_json::json;

use super::*;
use crate::material::{Curve, Shape};
use crate::records::KeyRecord;
use crate::services::vault_testing::{TestVault, aes, base64, settle, text};
use crate::testing::{Client, good, header, iad, refused};

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

#[test]
fn a_vault_is_deleted_by_the_clock_after_thirty_days_with_its_keys() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let scheduled = good(&vault.act("scheduleDeletion", &json!({})));
    assert_eq!(scheduled["lifecycleState"], "SCHEDULING_DELETION");
    let due: Timestamp = text(&scheduled, "timeOfDeletion").parse().expect("a time");
    assert_eq!(due.duration_since(client.now()).as_hours(), 30 * 24);
    client.wait(days(29));
    assert_eq!(vault.state(), "PENDING_DELETION");
    let pending = vault.key_now(&key);
    assert_eq!(pending["lifecycleState"], "PENDING_DELETION");
    assert_eq!(pending["timeOfDeletion"], scheduled["timeOfDeletion"]);
    client.wait(days(2));
    assert_eq!(vault.state(), "DELETED");
    assert_eq!(refused(&vault.manage(&format!("/keys/{key}"), None)).0, 404);
    let encrypt = vault.ask("encrypt", &json!({"keyId": key, "plaintext": base64("x")}));
    assert_eq!(refused(&encrypt).0, 404);
    let usage = client.get(iad(), &format!("/20180608/vaults/{}/usage", vault.id));
    assert_eq!(usage["keyCount"], 0);
}

#[test]
fn pending_deletion_stops_all_use_at_once_and_cancelling_brings_keys_back_as_they_were() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let (on, off) = (vault.key("on", &aes()), vault.key("off", &aes()));
    let ciphertext = vault.encrypt(&on, "secret");
    good(&vault.switch(&off, "disable"));
    good(&vault.act("scheduleDeletion", &json!({})));
    let conflict = (409, "Conflict".to_owned());
    let decrypt = || vault.ask("decrypt", &json!({"keyId": on, "ciphertext": ciphertext}));
    assert_eq!(refused(&decrypt()), conflict);
    settle(&client);
    assert_eq!(refused(&decrypt()), conflict);
    let new_key = json!({"compartmentId": client.tenancy(), "displayName": "n", "keyShape": aes()});
    assert_eq!(refused(&vault.manage("/keys", Some(&new_key))), conflict);
    assert_eq!(refused(&vault.switch(&off, "enable")), conflict);
    assert_eq!(refused(&vault.act("scheduleDeletion", &json!({}))), conflict);

    let back = good(&vault.act("cancelDeletion", &json!({})));
    assert_eq!(back["lifecycleState"], "CANCELLING_DELETION");
    settle(&client);
    assert_eq!(vault.now()["timeOfDeletion"], json!(null));
    assert_eq!(vault.state(), "ACTIVE");
    assert_eq!(vault.key_now(&on)["lifecycleState"], "ENABLED");
    assert_eq!(vault.key_now(&off)["lifecycleState"], "DISABLED");
    assert_eq!(vault.decrypt(&on, &ciphertext), "secret");
    client.wait(days(31));
    assert_eq!(vault.state(), "ACTIVE");
    assert_eq!(refused(&vault.act("cancelDeletion", &json!({}))), conflict);
}

#[test]
fn only_seven_to_thirty_days_are_taken() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let after = |time: Duration| {
        let time = client.now() + SignedDuration::try_from(time).expect("not that long");
        vault.act("scheduleDeletion", &json!({"timeOfDeletion": time.to_string()}))
    };
    let second = Duration::from_secs(1);
    for wrong in [days(7) - second, days(30) + second, second] {
        assert_eq!(refused(&after(wrong)), (400, "InvalidParameter".to_owned()));
    }
    good(&after(days(7)));
    client.wait(days(8));
    assert_eq!(vault.state(), "DELETED");
}

#[test]
fn a_new_schedule_replaces_a_cancelled_one() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    good(&vault.act("cancelDeletion", &json!({})));
    client.wait(days(10));
    good(&vault.act("scheduleDeletion", &json!({})));
    client.wait(days(21));
    assert_eq!(vault.state(), "PENDING_DELETION");
    client.wait(days(10));
    assert_eq!(vault.state(), "DELETED");
}

#[test]
fn a_deletion_may_be_called_off_until_the_last_moment() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    good(&vault.act("scheduleDeletion", &json!({})));
    client.wait(days(30) - Duration::from_millis(1));
    good(&vault.act("cancelDeletion", &json!({})));
    settle(&client);
    assert_eq!(vault.state(), "ACTIVE");
    vault.key_now(&key);
}

#[test]
fn a_stale_etag_is_refused() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let target = format!("/20180608/vaults/{}", vault.id);
    let etag = header(&client.send(Method::GET, iad(), &target, &[], b""), "etag").to_owned();
    let cancel = |etag: &str, action: &str| {
        let target = format!("{target}/actions/{action}");
        client.send(Method::POST, iad(), &target, &[("if-match", etag)], b"")
    };
    good(&cancel(&format!("{etag}--gzip"), "scheduleDeletion"));
    settle(&client);
    assert_eq!(refused(&cancel(&etag, "cancelDeletion")), (412, "NoEtagMatch".to_owned()));
}

#[test]
fn a_vault_is_not_deleted_before_its_keys() {
    let now: Timestamp = "2026-08-01T12:00:00Z".parse().expect("a time");
    let due = |days| now.checked_add(DAY * days).expect("a time");
    let mut world = World::default();
    let key = KeyRecord {
        id: "key".to_owned(),
        region: iad(),
        vault_id: "vault".to_owned(),
        lineage_id: "key".to_owned(),
        compartment_id: "compartment".to_owned(),
        display_name: "k".to_owned(),
        freeform_tags: Default::default(),
        defined_tags: Default::default(),
        shape: Shape::Ecdsa(Curve::P384),
        protection_mode: ProtectionMode::Hsm,
        state: KeyState::PendingDeletion,
        state_before: None,
        auto_rotation: None,
        current_version_id: "version".to_owned(),
        time_created: now,
        time_of_deletion: Some(due(20)),
        restored_from: None,
        etag: "etag".to_owned(),
    };
    world.apply(key.into());
    assert_eq!(check_no_key_outlives(&world, "vault", due(10)).expect_err("refused").code, "Conflict");
    check_no_key_outlives(&world, "vault", due(20)).expect("not after the vault");
}
