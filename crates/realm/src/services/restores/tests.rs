//! Restores: at home, abroad, into what is there already, and not at all.

use keyferry_ids::RealmName;
use keyferry_seams::Seed;
use serde_json::{Value, json};

use crate::blob::{self, BackupFile};
use crate::services::vault_testing::{
    BUCKET, TestVault, aes, ask_for_restore, base64, compartment, ecdsa, location, restore, rsa, settle,
    text, upload, work_request,
};
use crate::testing::{Client, fra, good, header, iad, refused};
use crate::{Down, Latency};

fn realm() -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    client
}

fn copy_to_fra(client: &Client, object: &str) {
    let namespace = &client.realm.identity().namespace;
    let details = json!({
        "sourceObjectName": object, "destinationRegion": "eu-frankfurt-1", "destinationNamespace": namespace,
        "destinationBucket": BUCKET, "destinationObjectName": object,
    });
    client.post(iad(), &format!("/n/{namespace}/b/{BUCKET}/actions/copyObject"), &details);
    settle(client);
}

/// The key of a restored vault that comes from that one.
fn from_key(vault: &TestVault<'_>, compartment: &str, old: &str) -> Value {
    let mut keys = vault.keys(compartment).into_iter();
    keys.find(|key| key["restoredFromKeyId"] == old).expect("the key came along")
}

fn from_version(vault: &TestVault<'_>, key: &str, old: &str) -> String {
    let mut versions = vault.versions(key).into_iter();
    versions
        .find(|id| vault.version(key, id)["restoredFromKeyVersionId"] == old)
        .expect("the version came along")
}

#[test]
fn a_vault_of_a_lost_region_comes_back_elsewhere_with_everything_it_could_do() {
    let client = realm();
    let (home, apps) = (client.tenancy(), compartment(&client, "apps"));
    let vault = TestVault::create(&client, iad(), "payments");
    let data = vault.key_in("data", &aes(), &apps, "HSM");
    let wrap = vault.key("wrap", &rsa());
    let sign = vault.key("sign", &ecdsa());
    let off = vault.key("off", &aes());
    good(&vault.switch(&off, "disable"));

    let oaep = "RSA_OAEP_SHA_256";
    let (mut ciphertexts, mut wrapped, mut signatures) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..3 {
        if round > 0 {
            for key in [&data, &wrap, &sign] {
                vault.rotate(key);
            }
        }
        ciphertexts.push(vault.encrypt(&data, &format!("secret {round}")));
        let body = json!({"keyId": wrap, "plaintext": base64("dek"), "encryptionAlgorithm": oaep});
        wrapped.push(good(&vault.ask("encrypt", &body)));
        let body = json!({"keyId": sign, "message": base64("m"), "signingAlgorithm": "ECDSA_SHA_384"});
        signatures.push(good(&vault.ask("sign", &body)));
    }
    let old_versions = vault.versions(&data);
    let old_public = text(&vault.version(&sign, &vault.versions(&sign)[0]), "publicKey").to_owned();
    assert_eq!(vault.backup("o", true)["status"], "SUCCEEDED");
    copy_to_fra(&client, "o");
    client.realm.region_down(iad(), Down::Destroyed, client.now()).expect("a region");

    let restored = restore(&client, fra(), "o");
    let now = restored.now();
    assert_ne!(restored.id, vault.id);
    assert_eq!(now["restoredFromVaultId"], json!(vault.id));
    assert_eq!((&now["displayName"], &now["isPrimary"]), (&json!("payments"), &json!(true)));
    assert_eq!((&now["lifecycleState"], &now["compartmentId"]), (&json!("ACTIVE"), &json!(home)));
    assert!(restored.id.starts_with("ocid1.vault.oc1.eu-frankfurt-1."));

    let new_data = text(&from_key(&restored, &apps, &data), "id").to_owned();
    for (round, ciphertext) in ciphertexts.iter().enumerate() {
        assert_eq!(restored.decrypt(&new_data, ciphertext), format!("secret {round}"));
    }
    let new_versions: Vec<_> =
        old_versions.iter().map(|old| from_version(&restored, &new_data, old)).collect();
    assert_eq!(restored.versions(&new_data), new_versions);
    assert_eq!(restored.key_now(&new_data)["currentKeyVersion"], json!(new_versions[2]));

    let new_wrap = text(&from_key(&restored, &home, &wrap), "id").to_owned();
    for old in &wrapped {
        let version = from_version(&restored, &new_wrap, text(old, "keyVersionId"));
        let body = json!({
            "keyId": new_wrap, "keyVersionId": version, "ciphertext": old["ciphertext"],
            "encryptionAlgorithm": oaep,
        });
        assert_eq!(good(&restored.ask("decrypt", &body))["plaintext"], base64("dek"));
    }

    let new_sign = text(&from_key(&restored, &home, &sign), "id").to_owned();
    for old in &signatures {
        let version = from_version(&restored, &new_sign, text(old, "keyVersionId"));
        let body = json!({
            "keyId": new_sign, "keyVersionId": version, "message": base64("m"),
            "signature": old["signature"], "signingAlgorithm": "ECDSA_SHA_384",
        });
        assert_eq!(good(&restored.ask("verify", &body))["isSignatureValid"], json!(true));
    }
    let first = from_version(&restored, &new_sign, text(&signatures[0], "keyVersionId"));
    assert_eq!(restored.version(&new_sign, &first)["publicKey"], json!(old_public));

    assert_eq!(from_key(&restored, &home, &off)["lifecycleState"], "DISABLED");
    let old_name = json!({"keyId": data, "ciphertext": ciphertexts[0]});
    assert_eq!(refused(&restored.ask("decrypt", &old_name)).0, 404);
}

#[test]
fn at_home_a_deleted_vault_comes_back_with_all_its_ids() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.rotate(&key);
    let (before, key_before, versions) = (vault.now(), vault.key_now(&key), vault.versions(&key));
    let ciphertext = vault.encrypt(&key, "x");
    vault.backup("o", true);
    good(&vault.act("scheduleDeletion", &json!({})));
    client.wait(std::time::Duration::from_secs(40 * 24 * 60 * 60));
    assert_eq!(vault.state(), "DELETED");

    let restored = restore(&client, iad(), "o");
    let now = restored.now();
    for same in ["id", "managementEndpoint", "cryptoEndpoint", "wrappingkeyId", "timeCreated"] {
        assert_eq!(now[same], before[same], "{same}");
    }
    assert_eq!(now["restoredFromVaultId"], json!(vault.id));
    assert_eq!(restored.key_now(&key)["currentKeyVersion"], key_before["currentKeyVersion"]);
    assert_eq!(restored.versions(&key), versions);
    assert_eq!(restored.decrypt(&key, &ciphertext), "x");
}

#[test]
fn a_restore_into_what_is_there_adds_and_takes_nothing_away() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup("old", true);
    copy_to_fra(&client, "old");
    let abroad = restore(&client, fra(), "old");
    let abroad_key = text(&from_key(&abroad, &client.tenancy(), &key), "id").to_owned();
    let own = abroad.key("made abroad", &aes());
    let own_ciphertext = abroad.encrypt(&own, "abroad");

    vault.rotate(&key);
    let ciphertext = vault.encrypt(&key, "after the first backup");
    let second = vault.key("second", &aes());
    vault.backup("new", true);
    copy_to_fra(&client, "new");
    let again = restore(&client, fra(), "new");
    assert_eq!(again.id, abroad.id, "the same vault, not another one");
    assert_eq!(again.keys(&client.tenancy()).len(), 3);
    from_key(&again, &client.tenancy(), &second);
    assert_eq!(again.versions(&abroad_key).len(), 2);
    assert_eq!(again.decrypt(&abroad_key, &ciphertext), "after the first backup");
    assert_eq!(again.decrypt(&own, &own_ciphertext), "abroad");
    let current = again.key_now(&abroad_key)["currentKeyVersion"].clone();
    assert_eq!(current, json!(again.versions(&abroad_key)[1]));

    let old_again = restore(&client, fra(), "old");
    assert_eq!(old_again.keys(&client.tenancy()).len(), 3);
    assert_eq!(old_again.key_now(&abroad_key)["currentKeyVersion"], current, "a rotation stays in force");
}

#[test]
fn a_live_vault_at_home_takes_its_old_state_back_in() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let (key, off) = (vault.key("k", &aes()), vault.key("off", &aes()));
    good(&vault.switch(&off, "disable"));
    vault.backup("o", true);
    good(&vault.switch(&off, "enable"));
    let current = vault.rotate(&key);
    let restored = restore(&client, iad(), "o");
    assert_eq!(restored.id, vault.id);
    assert_eq!(vault.keys(&client.tenancy()).len(), 2);
    assert_eq!(vault.key_now(&key)["currentKeyVersion"], json!(current));
    assert_eq!(vault.key_now(&key)["restoredFromKeyId"], json!(key));
    assert_eq!(vault.key_now(&off)["lifecycleState"], "DISABLED", "as recorded");
}

#[test]
fn failing_back_goes_into_the_first_vault_if_it_is_there_and_else_into_a_new_one() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup("o", true);
    copy_to_fra(&client, "o");
    let abroad = restore(&client, fra(), "o");
    let abroad_key = text(&from_key(&abroad, &client.tenancy(), &key), "id").to_owned();
    abroad.rotate(&abroad_key);
    let ciphertext = abroad.encrypt(&abroad_key, "made abroad");
    abroad.backup("back", true);
    let file = abroad.bytes_of("back");

    upload(&client, iad(), "back", &file);
    let back = restore(&client, iad(), "back");
    assert_eq!(back.id, vault.id);
    assert_eq!(back.now()["restoredFromVaultId"], json!(abroad.id));
    assert_eq!(vault.decrypt(&key, &ciphertext), "made abroad");
    assert_eq!(vault.versions(&key).len(), 2);
    assert_eq!(vault.key_now(&key)["restoredFromKeyId"], json!(abroad_key));
    for (ours, theirs) in vault.versions(&key).iter().zip(abroad.versions(&abroad_key)) {
        assert_eq!(vault.version(&key, ours)["restoredFromKeyVersionId"], json!(theirs));
    }

    client.realm.region_down(iad(), Down::Destroyed, client.now()).expect("a region");
    client.realm.region_up(iad(), client.now()).expect("a region");
    client.bucket(iad(), BUCKET);
    upload(&client, iad(), "back", &file);
    let new = restore(&client, iad(), "back");
    assert!(new.id != vault.id && new.id != abroad.id);
    let new_key = text(&from_key(&new, &client.tenancy(), &abroad_key), "id").to_owned();
    assert_eq!(new.decrypt(&new_key, &ciphertext), "made abroad");
}

#[test]
fn a_backup_without_keys_restores_the_vault_alone() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    vault.key("k", &aes());
    vault.backup("o", false);
    copy_to_fra(&client, "o");
    assert_eq!(restore(&client, fra(), "o").keys(&client.tenancy()), [] as [Value; 0]);
}

#[test]
fn restores_are_refused_one_by_one() {
    let client = realm();
    let other = compartment(&client, "other");
    let vault = TestVault::create(&client, iad(), "v");
    vault.key("k", &aes());
    vault.backup("o", true);
    let file = vault.bytes_of("o");
    let root = client.tenancy();
    let refusal = |object: &str| refused(&ask_for_restore(&client, iad(), &root, object));
    let invalid = (400, "InvalidParameter".to_owned());
    assert_eq!(refusal("none"), (404, "ObjectNotFound".to_owned()));
    upload(&client, iad(), "cut", &file[..file.len() - 100]);
    assert_eq!(refusal("cut"), invalid);
    let mut changed = file.to_vec();
    changed[200] = if changed[200] == b'A' { b'B' } else { b'A' };
    upload(&client, iad(), "changed", &changed);
    assert_eq!(refusal("changed"), invalid);
    upload(&client, iad(), "foreign", b"something else");
    assert_eq!(refusal("foreign"), invalid);
    assert_eq!(refused(&ask_for_restore(&client, iad(), &other, "o")), invalid);

    let send = |query: &str, body: Value| {
        let target = format!("/20180608/vaults/actions/restoreFromObjectStore{query}");
        refused(&client.send(http::Method::POST, iad(), &target, &[], body.to_string().as_bytes()))
    };
    let here = format!("?compartmentId={root}");
    let missing = (400, "MissingParameter".to_owned());
    assert_eq!(send("", json!({"backupLocation": location(&client, "o")})), missing);
    assert_eq!(send(&here, json!({})), missing);
    let par = json!({"destination": "PRE_AUTHENTICATED_REQUEST_URI", "uri": "https://x/p/t/n/a/b/c/o/d"});
    assert_eq!(send(&here, json!({"backupLocation": par})), invalid);
    let mut place = location(&client, "o");
    place["bucketName"] = json!("none");
    assert_eq!(send(&here, json!({"backupLocation": place})), (404, "BucketNotFound".to_owned()));

    good(&vault.act("backup", &json!({"backupLocation": location(&client, "p")})));
    assert_eq!(refusal("o"), (409, "IncorrectState".to_owned()));
    settle(&client);
    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(refusal("o"), (409, "Conflict".to_owned()));
    assert_eq!(vault.keys(&root).len(), 1);
}

#[test]
fn while_a_restore_runs_the_vault_is_busy() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.backup("o", true);
    let ciphertext = vault.encrypt(&key, "crypto goes on");
    good(&ask_for_restore(&client, iad(), &client.tenancy(), "o"));
    let incorrect_state = (409, "IncorrectState".to_owned());
    assert_eq!(refused(&ask_for_restore(&client, iad(), &client.tenancy(), "o")), incorrect_state);
    assert_eq!(
        refused(&vault.act("backup", &json!({"backupLocation": location(&client, "p")}))),
        incorrect_state
    );
    assert_eq!(vault.decrypt(&key, &ciphertext), "crypto goes on");
    settle(&client);
    assert_eq!(vault.state(), "ACTIVE");
}

#[test]
fn an_object_that_changes_meanwhile_fails_the_restore_and_leaves_no_vault() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    vault.backup("o", true);
    copy_to_fra(&client, "o");
    let answer = ask_for_restore(&client, fra(), &client.tenancy(), "o");
    let abroad = TestVault::of(&client, fra(), &good(&answer));
    upload(&client, fra(), "o", b"something else");
    settle(&client);
    let id = header(&answer, "opc-work-request-id");
    assert_eq!(work_request(&client, fra(), id)["status"], "FAILED");
    let errors = client.get(fra(), &format!("/20160918/workRequests/{id}/errors"));
    assert!(text(&errors[0], "message").contains("written anew"), "{errors}");
    assert_eq!(abroad.state(), "DELETED");
    assert_eq!(refused(&abroad.manage(&format!("/keys?compartmentId={}", client.tenancy()), None)).0, 404);

    copy_to_fra(&client, "o");
    assert_eq!(restore(&client, fra(), "o").state(), "ACTIVE");

    let answer = ask_for_restore(&client, iad(), &client.tenancy(), "o");
    upload(&client, iad(), "o", b"something else");
    settle(&client);
    let id = header(&answer, "opc-work-request-id");
    assert_eq!(work_request(&client, iad(), id)["status"], "FAILED");
    assert_eq!(vault.state(), "ACTIVE", "a vault that was there stays");
}

/// A backup made in a realm of its own, and whether the key's compartment was below the root.
fn file_of_another(client: &Client, in_a_compartment: bool) -> bytes::Bytes {
    client.bucket(iad(), BUCKET);
    let vault = TestVault::create(client, iad(), "v");
    let place = if in_a_compartment { compartment(client, "apps") } else { client.tenancy() };
    vault.key_in("k", &aes(), &place, "HSM");
    vault.backup("o", true);
    vault.bytes_of("o")
}

#[test]
fn only_a_realm_with_the_same_root_key_takes_a_file() {
    let file = file_of_another(&Client::new(), false);
    let root = |number| {
        let client = Client::with_root_key(Latency::none(), Seed::from_number(number));
        client.bucket(iad(), BUCKET);
        upload(&client, iad(), "o", &file);
        client
    };
    let other = root(77);
    let answer = ask_for_restore(&other, iad(), &other.tenancy(), "o");
    assert_eq!(refused(&answer), (400, "InvalidParameter".to_owned()));
    let same = root(2);
    assert_eq!(restore(&same, iad(), "o").keys(&same.tenancy()).len(), 1);
}

#[test]
fn files_of_another_tenancy_are_not_found_and_those_of_another_realm_are_invalid() {
    let client = Client::new();
    let file = file_of_another(&client, false);
    let root_key = Seed::from_number(2);
    let altered = |change: &dyn Fn(&mut BackupFile)| {
        let mut content = blob::open(&file, &root_key).expect("the realm's root key");
        change(&mut content);
        let bytes = blob::seal(&content, &root_key, &Seed::from_number(3)).expect("sealed");
        upload(&client, iad(), "altered", &bytes);
        refused(&ask_for_restore(&client, iad(), &client.tenancy(), "altered"))
    };
    let tenancy = altered(&|file| file.tenancy_id = "ocid1.tenancy.oc1..other".to_owned());
    assert_eq!(tenancy, (404, "NotAuthorizedOrNotFound".to_owned()));
    let realm = altered(&|file| file.realm = RealmName::new("oc19"));
    assert_eq!(realm, (400, "InvalidParameter".to_owned()));
}

#[test]
fn a_compartment_that_is_gone_leaves_nowhere_to_restore_to() {
    let file = file_of_another(&Client::new(), true);
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    upload(&client, iad(), "o", &file);
    let answer = ask_for_restore(&client, iad(), &client.tenancy(), "o");
    assert_eq!(refused(&answer), (400, "InvalidParameter".to_owned()));
    assert!(String::from_utf8_lossy(answer.body()).contains("does not exist any more"));
}

#[test]
fn the_same_seed_and_requests_give_equal_files_and_other_requests_do_not() {
    let file = |in_a_compartment| file_of_another(&Client::new(), in_a_compartment);
    assert_eq!(file(false), file(false));
    assert_ne!(file(false), file(true));
}
