//! Replicas: they follow, they encrypt, and nobody manages them.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::Down;
use crate::services::vault_testing::{
    BUCKET, TestVault, aes, ask_for_restore, failure, location, settle, succeeds, text, upload, work_request,
};
use crate::testing::{Client, fra, good, header, iad, refused};

fn ask(vault: &TestVault<'_>, action: &str, region: &str) -> Response<bytes::Bytes> {
    vault.act(action, &json!({"replicaRegion": region}))
}

/// The replica of a vault in Frankfurt.
fn replica<'c>(client: &'c Client, vault: &TestVault<'_>) -> TestVault<'c> {
    succeeds(client, iad(), &ask(vault, "createReplica", "eu-frankfurt-1"));
    seen_from_fra(client, vault)
}

fn seen_from_fra<'c>(client: &'c Client, vault: &TestVault<'_>) -> TestVault<'c> {
    TestVault::of(client, fra(), &client.get(fra(), &format!("/20180608/vaults/{}", vault.id)))
}

fn replicas(vault: &TestVault<'_>) -> Value {
    let target = format!("/20180608/vaults/{}/actions/listReplicas", vault.id);
    vault.client.get(vault.region, &target)
}

fn conflict() -> (u16, String) {
    (409, "Conflict".to_owned())
}

#[test]
fn a_replica_is_made_and_deleted_step_by_step() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    assert_eq!(replicas(&vault), json!([]));
    let answer = ask(&vault, "createReplica", "eu-frankfurt-1");
    assert_eq!((answer.status().as_u16(), answer.body().len()), (202, 0));
    assert_eq!(replicas(&vault)[0]["status"], "CREATING");
    let target = format!("/20180608/vaults/{}", vault.id);
    assert_eq!(refused(&client.send(Method::GET, fra(), &target, &[], b"")).0, 404, "not yet");
    let id = header(&answer, "opc-work-request-id").to_owned();
    assert_eq!(work_request(&client, iad(), &id)["operationType"], "CREATE_VAULT_REPLICA");
    settle(&client);
    assert_eq!(work_request(&client, iad(), &id)["status"], "SUCCEEDED");
    let fra_vault = seen_from_fra(&client, &vault);
    let now = fra_vault.now();
    let expected = json!([{
        "region": "eu-frankfurt-1", "status": "CREATED",
        "cryptoEndpoint": now["cryptoEndpoint"], "managementEndpoint": now["managementEndpoint"],
    }]);
    assert_eq!(replicas(&vault), expected);
    assert_ne!(now["managementEndpoint"], vault.now()["managementEndpoint"]);
    assert_eq!((&now["id"], &now["isPrimary"]), (&json!(vault.id), &json!(false)));
    assert_eq!(vault.now()["isPrimary"], json!(true));
    let list = client.get(fra(), &format!("/20180608/vaults?compartmentId={}", client.tenancy()));
    assert_eq!(list[0]["id"], json!(vault.id));

    let answer = ask(&vault, "deleteReplica", "eu-frankfurt-1");
    assert_eq!((answer.status().as_u16(), answer.body().len()), (202, 0));
    assert_eq!(replicas(&vault)[0]["status"], "DELETING");
    succeeds(&client, iad(), &answer);
    assert_eq!(replicas(&vault), json!([]));
    assert_eq!(refused(&client.send(Method::GET, fra(), &target, &[], b"")).0, 404);
    assert_eq!(vault.state(), "ACTIVE");
}

#[test]
fn there_is_one_replica_and_asking_again_changes_nothing() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    replica(&client, &vault);
    let before = replicas(&vault);
    succeeds(&client, iad(), &ask(&vault, "createReplica", "eu-frankfurt-1"));
    assert_eq!(replicas(&vault), before);
    let invalid = (400, "InvalidParameter".to_owned());
    assert_eq!(refused(&ask(&vault, "createReplica", "us-ashburn-1")), invalid, "its own region");
    assert_eq!(refused(&ask(&vault, "createReplica", "us-phoenix-1")), invalid, "not subscribed to");
    assert_eq!(refused(&ask(&vault, "createReplica", "atlantis")), invalid);
    assert_eq!(refused(&vault.act("createReplica", &json!({}))), (400, "MissingParameter".to_owned()));
    let other = TestVault::create(&client, iad(), "other");
    assert_eq!(refused(&ask(&other, "deleteReplica", "eu-frankfurt-1")).0, 404);
}

#[test]
fn a_second_region_conflicts_until_the_first_replica_is_gone() {
    let lhr = keyferry_ids::Region::parse("lhr").expect("known");
    let client = Client::with_regions(vec![iad(), fra(), lhr]);
    let vault = TestVault::create(&client, iad(), "v");
    replica(&client, &vault);
    assert_eq!(refused(&ask(&vault, "createReplica", "uk-london-1")), conflict());
    let deleting = ask(&vault, "deleteReplica", "eu-frankfurt-1");
    assert_eq!(refused(&ask(&vault, "createReplica", "uk-london-1")), conflict());
    let same = refused(&ask(&vault, "createReplica", "eu-frankfurt-1"));
    assert_eq!(same, (409, "IncorrectState".to_owned()), "that one goes away by waiting");
    succeeds(&client, iad(), &deleting);
    succeeds(&client, iad(), &ask(&vault, "createReplica", "uk-london-1"));
    assert_eq!(replicas(&vault)[0]["region"], "uk-london-1");
}

#[test]
fn what_is_done_to_the_vault_is_done_to_its_replica() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("before", &aes());
    let fra_vault = replica(&client, &vault);
    let soft = vault.key_in("soft", &aes(), &client.tenancy(), "SOFTWARE");
    let version = vault.rotate(&key);
    assert_eq!(fra_vault.versions(&key), vault.versions(&key));
    assert_eq!(fra_vault.key_now(&key)["currentKeyVersion"], json!(version));
    assert_eq!(fra_vault.key_now(&key)["isPrimary"], json!(false));
    assert_eq!(fra_vault.version(&key, &version)["isPrimary"], json!(false));
    assert_eq!(vault.version(&key, &version)["isPrimary"], json!(true));
    for (here, there) in [(&vault, &fra_vault), (&fra_vault, &vault)] {
        for key in [&key, &soft] {
            assert_eq!(there.decrypt(key, &here.encrypt(key, "x")), "x");
        }
    }
    good(&vault.switch(&soft, "disable"));
    assert_eq!(fra_vault.key_now(&soft)["lifecycleState"], "DISABLED");
    let body = json!({"keyId": soft, "plaintext": ""});
    assert_eq!(refused(&fra_vault.ask("encrypt", &body)).0, 409);
}

#[test]
fn nobody_manages_or_backs_up_a_replica() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup_key(&key, "k");
    let fra_vault = replica(&client, &vault);
    upload(&client, fra(), "k", &vault.bytes_of("k"));
    let place = json!({"backupLocation": location(&client, "o")});
    let new = json!({"compartmentId": client.tenancy(), "displayName": "new", "keyShape": aes()});
    for answer in [
        fra_vault.act("backup", &place),
        fra_vault.act("scheduleDeletion", &json!({})),
        ask(&fra_vault, "createReplica", "us-ashburn-1"),
        ask(&fra_vault, "deleteReplica", "eu-frankfurt-1"),
        fra_vault.manage("/keys", Some(&new)),
        fra_vault.manage(&format!("/keys/{key}/actions/disable"), Some(&json!({}))),
        fra_vault.manage(&format!("/keys/{key}/keyVersions"), Some(&json!({}))),
        fra_vault.manage(&format!("/keys/{key}/actions/backup"), Some(&place)),
        fra_vault.restore_key("k"),
    ] {
        assert_eq!(refused(&answer), conflict());
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(text.contains("managed in us-ashburn-1 only"), "{text}");
    }
    good(&vault.act("backup", &place));
    assert_eq!((vault.state(), fra_vault.state()), ("BACKUP_IN_PROGRESS".to_owned(), "ACTIVE".to_owned()));
}

#[test]
fn a_replica_goes_with_its_source() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let fra_vault = replica(&client, &vault);
    let ciphertext = fra_vault.encrypt(&key, "x");
    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(fra_vault.state(), "PENDING_DELETION");
    let body = json!({"keyId": key, "ciphertext": ciphertext});
    assert_eq!(refused(&fra_vault.ask("decrypt", &body)).0, 409, "at once, as at home");
    client.wait(std::time::Duration::from_secs(31 * 24 * 60 * 60));
    assert_eq!(vault.state(), "DELETED");
    let target = format!("/20180608/vaults/{}", vault.id);
    assert_eq!(refused(&client.send(Method::GET, fra(), &target, &[], b"")).0, 404);
    assert_eq!(replicas(&vault), json!([]));
}

#[test]
fn a_replica_outlives_the_region_of_its_source_and_stays_one() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let ciphertext = vault.encrypt(&key, "x");
    vault.backup("o", true);
    let file = vault.bytes_of("o");
    let fra_vault = replica(&client, &vault);
    client.realm.region_down(iad(), Down::Destroyed, client.now()).expect("a region");
    assert_eq!(fra_vault.decrypt(&key, &ciphertext), "x");
    assert_eq!(fra_vault.now()["isPrimary"], json!(false));
    assert_eq!(
        refused(&fra_vault.manage(&format!("/keys/{key}/actions/disable"), Some(&json!({})))),
        conflict()
    );

    upload(&client, fra(), "o", &file);
    let root = client.tenancy();
    let restored = succeeds(&client, fra(), &ask_for_restore(&client, fra(), &root, "o"));
    assert_ne!(restored["id"], json!(vault.id), "a restore makes a vault of its own beside it");

    client.realm.region_up(iad(), client.now()).expect("a region");
    let target = format!("/20180608/vaults/{}", vault.id);
    assert_eq!(refused(&client.send(Method::GET, iad(), &target, &[], b"")).0, 404);
    client.bucket(iad(), BUCKET);
    upload(&client, iad(), "o", &file);
    let home = succeeds(&client, iad(), &ask_for_restore(&client, iad(), &root, "o"));
    assert_ne!(text(&home, "id"), vault.id, "the replica still has the old name");
    assert_eq!(fra_vault.decrypt(&key, &ciphertext), "x");
}

#[test]
fn a_vault_outlives_the_region_of_its_replica() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    replica(&client, &vault);
    client.realm.region_down(fra(), Down::Destroyed, client.now()).expect("a region");
    assert_eq!(replicas(&vault), json!([]));
    assert_eq!(vault.decrypt(&key, &vault.encrypt(&key, "x")), "x");
}

#[test]
fn replicas_are_neither_made_nor_deleted_in_a_region_that_is_down() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    client.realm.region_down(fra(), Down::Refuse, client.now()).expect("a region");
    let answer = ask(&vault, "createReplica", "eu-frankfurt-1");
    assert!(failure(&client, iad(), &answer).1.contains("does not answer"));
    assert_eq!(replicas(&vault), json!([]));
    client.realm.region_up(fra(), client.now()).expect("a region");
    replica(&client, &vault);
    client.realm.region_down(fra(), Down::Refuse, client.now()).expect("a region");
    failure(&client, iad(), &ask(&vault, "deleteReplica", "eu-frankfurt-1"));
    assert_eq!(replicas(&vault)[0]["status"], "CREATED");
}
