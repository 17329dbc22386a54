//! Backups: what is taken, what is left out, and what is refused.

use http::Method;
use keyferry_seams::Seed;
use serde_json::{Value, json};

use crate::blob;
use crate::services::vault_testing::{
    BUCKET, TestVault, aes, compartment, location, log_of, settle, text, work_request,
};
use crate::testing::{Client, fra, good, header, iad, refused};

fn realm() -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client
}

#[test]
fn a_backup_busies_the_vault_at_once_and_ends_with_an_object_and_a_work_request() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let answer =
        vault.act("backup", &json!({"backupLocation": location(&client, "o"), "isIncludeKeys": true}));
    assert_eq!(good(&answer)["lifecycleState"], "BACKUP_IN_PROGRESS");
    let id = header(&answer, "opc-work-request-id").to_owned();
    let running = work_request(&client, iad(), &id);
    assert_eq!((&running["status"], &running["operationType"]), (&json!("ACCEPTED"), &json!("BACKUP_VAULT")));
    assert_eq!(running["resources"][0]["entityType"], "vault");
    assert_eq!(running["resources"][0]["identifier"], json!(vault.id));
    assert!(id.starts_with("ocid1.coreservicesworkrequest."));

    let incorrect_state = (409, "IncorrectState".to_owned());
    let again = json!({"backupLocation": location(&client, "p")});
    assert_eq!(refused(&vault.act("backup", &again)), incorrect_state);
    assert_eq!(refused(&vault.act("scheduleDeletion", &json!({}))), incorrect_state);
    let rotation = vault.manage(&format!("/keys/{key}/keyVersions"), Some(&json!({})));
    assert_eq!(refused(&rotation), incorrect_state);
    let ciphertext = vault.encrypt(&key, "crypto goes on");
    assert_eq!(vault.decrypt(&key, &ciphertext), "crypto goes on");

    settle(&client);
    assert_eq!(vault.state(), "ACTIVE");
    let ended = work_request(&client, iad(), &id);
    assert_eq!((&ended["status"], &ended["percentComplete"]), (&json!("SUCCEEDED"), &json!(100.0)));
    assert!(vault.bytes_of("o").starts_with(b"-----BEGIN KEYFERRY EMBEDDED REALM BACKUP v1-----\n"));
}

#[test]
fn software_keys_are_left_out_and_the_log_says_so() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let other = compartment(&client, "other");
    let soft = vault.key_in("soft", &aes(), &other, "SOFTWARE");
    vault.key_in("hard", &aes(), &other, "HSM");
    let off = vault.key("off", &aes());
    good(&vault.switch(&off, "disable"));
    let new = json!({"compartmentId": client.tenancy(), "displayName": "new", "keyShape": aes()});
    let new = good(&vault.manage("/keys", Some(&new)));
    let log = log_of(&client, iad(), &vault.backup("o", true));
    let says = |part: &str| log.iter().any(|line| line.contains(part));
    assert!(
        says(&format!("The key {soft} was left out: its protection mode is SOFTWARE, not HSM.")),
        "{log:?}"
    );
    assert!(says(&format!("The key {} was left out: its state is CREATING.", text(&new, "id"))), "{log:?}");
    assert!(says("The vault was backed up with 2 keys."), "{log:?}");
}

#[test]
fn a_version_that_is_not_enabled_yet_is_left_out() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let version = good(&vault.manage(&format!("/keys/{key}/keyVersions"), Some(&json!({}))));
    let log = log_of(&client, iad(), &vault.backup("o", true));
    let expected = format!("The key version {} was left out: its state is CREATING.", text(&version, "id"));
    assert!(log.contains(&expected), "{log:?}");
    let file = blob::open(&vault.bytes_of("o"), &Seed::from_number(2)).expect("the realm's root key");
    let [part] = &file.keys[..] else { panic!("one key, not {}", file.keys.len()) };
    assert_eq!(part.versions.len(), 1);
    assert_eq!(part.versions[0].id, part.current_version_id);
}

#[test]
fn without_is_include_keys_a_backup_holds_none_and_the_log_says_so() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    vault.key("k", &aes());
    let answer = vault.act("backup", &json!({"backupLocation": location(&client, "o")}));
    settle(&client);
    let ended = work_request(&client, iad(), header(&answer, "opc-work-request-id"));
    let log = log_of(&client, iad(), &ended);
    assert!(log.contains(&"The keys were left out: isIncludeKeys is not true.".to_owned()), "{log:?}");
    assert!(log.contains(&"The vault was backed up with 0 keys.".to_owned()), "{log:?}");
}

#[test]
fn backups_are_refused_where_oci_has_none() {
    let client = realm();
    client.bucket(fra(), "abroad");
    let vault = TestVault::create(&client, iad(), "v");
    let shared = TestVault::create_in(&client, iad(), "shared", &client.tenancy(), "DEFAULT");
    let good_place = json!({"backupLocation": location(&client, "o"), "isIncludeKeys": true});
    let place = |changes: Value| {
        let mut place = location(&client, "o");
        for (name, value) in changes.as_object().expect("fields") {
            place[name] = value.clone();
        }
        refused(&vault.act("backup", &json!({"backupLocation": place})))
    };
    assert_eq!(refused(&shared.act("backup", &good_place)), (400, "InvalidParameter".to_owned()));
    assert_eq!(refused(&vault.act("backup", &json!({}))), (400, "MissingParameter".to_owned()));
    assert_eq!(place(json!({"bucketName": "none"})), (404, "BucketNotFound".to_owned()));
    assert_eq!(place(json!({"bucketName": "abroad"})), (404, "BucketNotFound".to_owned()));
    assert_eq!(place(json!({"namespace": "none"})), (404, "NamespaceNotFound".to_owned()));
    assert_eq!(place(json!({"objectName": ""})).0, 400);
    let par =
        json!({"destination": "PRE_AUTHENTICATED_REQUEST_URI", "uri": "https://x/p/s3cr3t/n/a/b/c/o/d"});
    let par = vault.act("backup", &json!({"backupLocation": par}));
    assert_eq!(refused(&par), (400, "InvalidParameter".to_owned()));
    assert!(!String::from_utf8_lossy(par.body()).contains("s3cr3t"));
    let target = format!("/20180608/vaults/{}/actions/backup", vault.id);
    let stale =
        client.send(Method::POST, iad(), &target, &[("if-match", "0")], good_place.to_string().as_bytes());
    assert_eq!(refused(&stale).0, 412);
    assert_eq!(refused(&client.send(Method::POST, fra(), &target, &[], b"{}")).0, 404);
    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refused(&vault.act("backup", &good_place)), (409, "Conflict".to_owned()));
}

#[test]
fn a_bucket_that_vanishes_meanwhile_fails_the_work_request_and_frees_the_vault() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let answer = vault.act("backup", &json!({"backupLocation": location(&client, "o")}));
    let id = header(&answer, "opc-work-request-id");
    let target = format!("/n/{}/b/{BUCKET}", client.realm.identity().namespace);
    assert_eq!(client.send(Method::DELETE, iad(), &target, &[], b"").status(), 204);
    settle(&client);
    assert_eq!(work_request(&client, iad(), id)["status"], "FAILED");
    let errors = client.get(iad(), &format!("/20160918/workRequests/{id}/errors"));
    assert_eq!(errors[0]["code"], "BucketNotFound");
    assert_eq!(vault.state(), "ACTIVE");
}

#[test]
fn what_happens_after_acceptance_is_not_in_the_backup() {
    let bytes = |rotate_after: bool| {
        let client = realm();
        let vault = TestVault::create(&client, iad(), "v");
        let key = vault.key("k", &aes());
        vault.backup("o", true);
        let before = vault.bytes_of("o");
        if rotate_after {
            vault.rotate(&key);
        }
        assert_eq!(vault.bytes_of("o"), before);
        before
    };
    assert_eq!(bytes(false), bytes(true), "the same seed and requests give the same bytes");
}
