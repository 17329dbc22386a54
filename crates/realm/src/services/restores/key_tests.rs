//! Single keys: backed up with their vault's metadata, and restored into that vault or what came of it.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Response};
use keyferry_seams::Seed;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::blob;
use crate::services::vault_testing::{
    BUCKET, TestVault, aes, compartment, failure, location, log_of, restore, rsa, settle, succeeds, text,
    upload, work_request,
};
use crate::testing::{Client, fra, good, header, iad, refused};

fn realm() -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    client
}

fn ask_for_backup(vault: &TestVault<'_>, key: &str, object: &str) -> Response<Bytes> {
    let body = json!({"backupLocation": location(vault.client, object)});
    vault.manage(&format!("/keys/{key}/actions/backup"), Some(&body))
}

/// A key restored from bytes, whatever they are called.
fn restore_file(vault: &TestVault<'_>, headers: &[(&str, &str)], file: &[u8]) -> Response<Bytes> {
    let url = format!("{}/20180608/keys/actions/restoreFromFile", vault.management);
    vault.client.send_to(Method::POST, &url, headers, file)
}

fn restore_vault_file(client: &Client, headers: &[(&str, &str)], file: &[u8]) -> Response<Bytes> {
    let target = format!("/20180608/vaults/actions/restoreFromFile?compartmentId={}", client.tenancy());
    client.send(Method::POST, fra(), &target, headers, file)
}

fn invalid() -> (u16, String) {
    (400, "InvalidParameter".to_owned())
}

fn incorrect_state() -> (u16, String) {
    (409, "IncorrectState".to_owned())
}

/// A vault that was restored abroad without any keys.
fn abroad<'c>(client: &'c Client, vault: &TestVault<'_>) -> TestVault<'c> {
    vault.backup("alone", false);
    upload(client, fra(), "alone", &vault.bytes_of("alone"));
    restore(client, fra(), "alone")
}

#[test]
fn a_key_backup_busies_key_and_vault_and_holds_both() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let (key, other) = (vault.key("k", &aes()), vault.key("other", &aes()));
    vault.rotate(&key);
    good(&vault.switch(&key, "disable"));
    let before = vault.key_now(&key);
    let answer = ask_for_backup(&vault, &key, "o");
    assert_eq!(good(&answer)["lifecycleState"], "BACKUP_IN_PROGRESS");
    assert_eq!(vault.key_now(&key)["lifecycleState"], "BACKUP_IN_PROGRESS");
    assert_eq!(vault.key_now(&other)["lifecycleState"], "ENABLED");
    assert_eq!(vault.state(), "BACKUP_IN_PROGRESS");
    let id = header(&answer, "opc-work-request-id").to_owned();
    let running = work_request(&client, iad(), &id);
    assert_eq!(running["operationType"], "BACKUP_KEY");
    assert_eq!(
        (&running["resources"][0]["entityType"], &running["resources"][0]["identifier"]),
        (&json!("key"), &json!(key))
    );
    for busy in [
        ask_for_backup(&vault, &other, "p"),
        vault.restore_key("o"),
        vault.act("backup", &json!({"backupLocation": location(&client, "p")})),
        vault.manage(&format!("/keys/{other}/actions/disable"), Some(&json!({}))),
    ] {
        let (status, code) = refused(&busy);
        assert!(status == 409 && code == "IncorrectState" || status == 404, "{status} {code}");
    }
    assert_eq!(vault.decrypt(&other, &vault.encrypt(&other, "goes on")), "goes on");
    settle(&client);
    let ended = work_request(&client, iad(), &id);
    assert_eq!(ended["status"], "SUCCEEDED");
    assert!(log_of(&client, iad(), &ended).contains(&"The key was backed up with 2 versions.".to_owned()));
    assert_eq!(vault.key_now(&key)["lifecycleState"], before["lifecycleState"]);
    assert_eq!(vault.state(), "ACTIVE");

    let file = blob::open(&vault.bytes_of("o"), &Seed::from_number(2)).expect("the realm's root key");
    assert!(file.is_key_backup && file.contains_keys);
    assert_eq!((file.vault.id.as_str(), file.keys.len()), (vault.id.as_str(), 1));
}

#[test]
fn what_can_not_be_backed_up_is_refused() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let soft = vault.key_in("soft", &aes(), &client.tenancy(), "SOFTWARE");
    let key = vault.key("k", &aes());
    assert_eq!(refused(&ask_for_backup(&vault, &soft, "o")), invalid());
    let nowhere = vault.manage(&format!("/keys/{key}/actions/backup"), Some(&json!({})));
    assert_eq!(refused(&nowhere), (400, "MissingParameter".to_owned()));
    let shared = TestVault::create_in(&client, iad(), "shared", &client.tenancy(), "DEFAULT");
    assert_eq!(refused(&ask_for_backup(&shared, &shared.key("k", &aes()), "o")), invalid());
    assert_eq!(refused(&ask_for_backup(&shared, &key, "o")).0, 404, "a key of another vault");
    let new = json!({"compartmentId": client.tenancy(), "displayName": "new", "keyShape": aes()});
    let new = good(&vault.manage("/keys", Some(&new)));
    assert_eq!(refused(&ask_for_backup(&vault, text(&new, "id"), "o")), incorrect_state());
    settle(&client);
    good(&vault.act_on_key(&key, "scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refused(&ask_for_backup(&vault, &key, "o")), (409, "Conflict".to_owned()));
}

#[test]
fn a_key_follows_its_vault_abroad_into_its_own_compartment() {
    let client = realm();
    let apps = compartment(&client, "apps");
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key_in("k", &aes(), &apps, "HSM");
    let ciphertexts = [(); 3].map(|()| {
        let ciphertext = vault.encrypt(&key, "x");
        vault.rotate(&key);
        ciphertext
    });
    let wrap = vault.key("wrap", &rsa());
    vault.backup_key(&key, "k");
    vault.backup_key(&wrap, "wrap");
    let new = abroad(&client, &vault);
    for object in ["k", "wrap"] {
        upload(&client, fra(), object, &vault.bytes_of(object));
    }
    assert_eq!(new.keys(&apps), [] as [Value; 0]);

    let answer = new.restore_key("k");
    let promised = good(&answer);
    assert_eq!((&promised["lifecycleState"], &promised["displayName"]), (&json!("RESTORING"), &json!("k")));
    assert_ne!(promised["id"], json!(key));
    assert_eq!(promised["restoredFromKeyId"], json!(key));
    assert_eq!(new.state(), "RESTORING");
    let id = text(&promised, "id");
    let early = json!({"keyId": id, "ciphertext": ciphertexts[0]});
    assert_eq!(refused(&new.ask("decrypt", &early)), incorrect_state());
    succeeds(&client, fra(), &answer);
    assert_eq!(new.state(), "ACTIVE");
    let now = new.key_now(id);
    assert_eq!((&now["lifecycleState"], &now["compartmentId"]), (&json!("ENABLED"), &json!(apps)));
    assert_eq!(now["currentKeyVersion"], promised["currentKeyVersion"]);
    assert_eq!(new.versions(id).len(), 4);
    assert_eq!(new.versions(id).last(), Some(&text(&now, "currentKeyVersion").to_owned()));
    for ciphertext in &ciphertexts {
        assert_eq!(new.decrypt(id, ciphertext), "x");
    }

    let restored = succeeds(&client, fra(), &new.restore_key("wrap"));
    let version = new.version(text(&restored, "id"), text(&restored, "currentKeyVersion"));
    let old = vault.version(&wrap, &vault.versions(&wrap)[0]);
    assert_eq!(version["publicKey"], old["publicKey"]);
    assert_eq!(version["restoredFromKeyVersionId"], old["id"]);

    let again = succeeds(&client, fra(), &new.restore_key("k"));
    assert_eq!(again["id"], json!(id), "no second one");
    assert_eq!(new.versions(id).len(), 4);
}

#[test]
fn a_restore_into_the_live_key_adds_and_takes_nothing_away() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup_key(&key, "k");
    let current = vault.rotate(&key);
    good(&vault.switch(&key, "disable"));
    let answer = vault.restore_key("k");
    assert_eq!(good(&answer)["lifecycleState"], "RESTORING");
    assert_eq!(
        (&good(&answer)["id"], vault.key_now(&key)["lifecycleState"].as_str()),
        (&json!(key), Some("RESTORING"))
    );
    succeeds(&client, iad(), &answer);
    let now = vault.key_now(&key);
    assert_eq!((&now["lifecycleState"], &now["currentKeyVersion"]), (&json!("ENABLED"), &json!(current)));
    assert_eq!(vault.versions(&key).len(), 2);
    assert_eq!(now["restoredFromKeyId"], json!(key));
}

#[test]
fn at_home_a_deleted_key_comes_back_under_its_ids() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.rotate(&key);
    let (ciphertext, versions) = (vault.encrypt(&key, "x"), vault.versions(&key));
    vault.backup_key(&key, "k");
    good(&vault.act_on_key(&key, "scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refused(&vault.restore_key("k")), (409, "Conflict".to_owned()), "pending deletion");
    client.wait(Duration::from_secs(31 * 24 * 60 * 60));
    assert_eq!(vault.key_now(&key)["lifecycleState"], "DELETED");
    let restored = succeeds(&client, iad(), &vault.restore_key("k"));
    assert_eq!(restored["id"], json!(key));
    assert_eq!(vault.versions(&key), versions);
    assert_eq!(vault.key_now(&key)["currentKeyVersion"], json!(versions[1]));
    assert_eq!(vault.decrypt(&key, &ciphertext), "x");
}

#[test]
fn a_key_goes_into_no_other_vault_and_nothing_else_goes_for_a_key() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup("v", true);
    vault.backup_key(&key, "k");
    let unrelated = TestVault::create(&client, iad(), "unrelated");
    assert_eq!(refused(&unrelated.restore_key("k")), (404, "NotAuthorizedOrNotFound".to_owned()));
    assert_eq!(unrelated.state(), "ACTIVE");
    assert_eq!(refused(&vault.restore_key("v")), invalid(), "the backup of a vault");
    upload(&client, fra(), "k", &vault.bytes_of("k"));
    let answer = crate::services::vault_testing::ask_for_restore(&client, fra(), &client.tenancy(), "k");
    assert_eq!(refused(&answer), invalid(), "the backup of a key");
    let gone = vault.management.replace(vault.id.split('.').nth(4).expect("an extension"), "aaaaaaaaaaaaa");
    let body = json!({"backupLocation": location(&client, "k")}).to_string();
    let url = format!("{gone}/20180608/keys/actions/restoreFromObjectStore");
    assert_eq!(refused(&client.send_to(Method::POST, &url, &[], body.as_bytes())).0, 404, "no vault, no key");
    let stale = format!("{}/20180608/keys/actions/restoreFromObjectStore", vault.management);
    let stale = client.send_to(Method::POST, &stale, &[("if-match", "0")], body.as_bytes());
    assert_eq!(refused(&stale).0, 412);
}

#[test]
fn a_key_restore_that_fails_leaves_things_as_they_were() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup_key(&key, "k");
    let file = vault.bytes_of("k");
    let new = abroad(&client, &vault);
    upload(&client, fra(), "k", &file);
    let answer = new.restore_key("k");
    upload(&client, fra(), "k", b"something else");
    assert!(failure(&client, fra(), &answer).1.contains("written anew"));
    assert_eq!(new.state(), "ACTIVE");
    assert_eq!(new.key_now(text(&good(&answer), "id"))["lifecycleState"], "DELETED");
    assert_eq!(new.now()["restoredFromVaultId"], json!(vault.id));
    upload(&client, fra(), "k", &file);
    let again = succeeds(&client, fra(), &new.restore_key("k"));
    assert_eq!(new.key_now(text(&again, "id"))["lifecycleState"], "ENABLED");

    let answer = vault.restore_key("k");
    upload(&client, iad(), "k", b"something else");
    failure(&client, iad(), &answer);
    assert_eq!(vault.key_now(&key)["lifecycleState"], "ENABLED", "a key that was there stays");
}

#[test]
fn files_are_restored_from_whatever_their_type_is_said_to_be() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let ciphertext = vault.encrypt(&key, "x");
    vault.backup("v", false);
    vault.backup_key(&key, "k");
    let (vault_file, key_file) = (vault.bytes_of("v"), vault.bytes_of("k"));
    let md5 = |file: &[u8]| BASE64_STANDARD.encode(Md5::digest(file));
    let mut new = None;
    for kind in ["application/octet-stream", "application/json"] {
        let sum = md5(&vault_file);
        let answer =
            restore_vault_file(&client, &[("content-type", kind), ("content-md5", &sum)], &vault_file);
        let restored = succeeds(&client, fra(), &answer);
        assert_eq!(header(&answer, "opc-content-md5"), sum);
        assert_eq!(restored["restoredFromVaultId"], json!(vault.id));
        new = Some(TestVault::of(&client, fra(), &restored));
    }
    let new = new.expect("restored");
    for kind in ["application/octet-stream", "application/json"] {
        let answer = restore_file(&new, &[("content-type", kind)], &key_file);
        let restored = succeeds(&client, fra(), &answer);
        assert_eq!(header(&answer, "opc-content-md5"), md5(&key_file));
        assert_eq!(new.decrypt(text(&restored, "id"), &ciphertext), "x");
    }
}

#[test]
fn files_that_are_damaged_on_the_way_are_refused_at_once() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup("v", true);
    vault.backup_key(&key, "k");
    let file = vault.bytes_of("v");
    assert_eq!(refused(&restore_vault_file(&client, &[], &file[..file.len() / 2])), invalid());
    assert_eq!(refused(&restore_vault_file(&client, &[], b"")), invalid());
    let mut flipped = file.to_vec();
    flipped[300] ^= 1;
    assert_eq!(refused(&restore_vault_file(&client, &[], &flipped)), invalid());
    let claimed = BASE64_STANDARD.encode(Md5::digest(b"something else"));
    for answer in [
        restore_vault_file(&client, &[("content-md5", &claimed)], &file),
        restore_file(&vault, &[("content-md5", &claimed)], &file),
    ] {
        assert_eq!(refused(&answer), (400, "UnmatchedContentMD5".to_owned()));
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(
            text.contains(&claimed) && text.contains(&BASE64_STANDARD.encode(Md5::digest(&file))),
            "{text}"
        );
    }
    assert_eq!(refused(&restore_vault_file(&client, &[], &vault.bytes_of("k"))), invalid());
    assert_eq!(refused(&restore_file(&vault, &[], &file)), invalid());
    let nowhere = client.send(Method::POST, fra(), "/20180608/vaults/actions/restoreFromFile", &[], &file);
    assert_eq!(refused(&nowhere), (400, "MissingParameter".to_owned()));
}
