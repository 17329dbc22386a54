//! What Oracle leaves open, both ways.

use serde_json::{Value, json};

use crate::services::vault_testing::{
    BUCKET, TestVault, aes, ask_for_restore, ask_for_restore_from, compartment, failure, location, par,
    settle, succeeds, text,
};
use crate::testing::{Client, fra, good, iad, refused};
use crate::{RestoreExisting, Semantics, SoftwareKeysInBackup};

fn realm(semantics: Semantics) -> Client {
    let client = Client::with_semantics(semantics);
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    client
}

fn default() -> Semantics {
    Semantics::default()
}

fn conflict() -> (u16, String) {
    (409, "Conflict".to_owned())
}

#[test]
fn switches_are_written_by_name_and_those_left_out_stay() {
    let read: Semantics = serde_json::from_str(r#"{"restore_existing": "conflict"}"#).expect("one switch");
    assert_eq!(read, Semantics { restore_existing: RestoreExisting::Conflict, ..default() });
    assert!(serde_json::from_str::<Semantics>(r#"{"no_such_switch": true}"#).is_err());
}

#[test]
fn a_restore_of_what_is_there_merges_or_conflicts() {
    for (restore_existing, merges) in [(RestoreExisting::Merge, true), (RestoreExisting::Conflict, false)] {
        let client = realm(Semantics { restore_existing, ..default() });
        let vault = TestVault::create(&client, iad(), "v");
        let key = vault.key("k", &aes());
        vault.backup("v", true);
        vault.backup_key(&key, "k");
        let restore_vault = || ask_for_restore(&client, iad(), &client.tenancy(), "v");
        if merges {
            succeeds(&client, iad(), &restore_vault());
            succeeds(&client, iad(), &vault.restore_key("k"));
        } else {
            assert_eq!(refused(&restore_vault()), conflict());
            assert_eq!(refused(&vault.restore_key("k")), conflict());
        }
        good(&vault.act("scheduleDeletion", &json!({})));
        client.wait(std::time::Duration::from_secs(31 * 24 * 60 * 60));
        assert_eq!(
            succeeds(&client, iad(), &restore_vault())["id"],
            json!(vault.id),
            "what is deleted is not there"
        );
    }
}

#[test]
fn a_vault_goes_into_its_own_compartment_or_into_any() {
    for strict_compartment in [true, false] {
        let client = realm(Semantics { strict_compartment, ..default() });
        let other = compartment(&client, "other");
        let vault = TestVault::create(&client, iad(), "v");
        let key = vault.key("k", &aes());
        vault.backup("o", true);
        let source = par(&client, iad(), "ObjectRead", "o");
        let answer = ask_for_restore_from(&client, fra(), &other, &source);
        if strict_compartment {
            assert_eq!(refused(&answer), (400, "InvalidParameter".to_owned()));
            continue;
        }
        let restored = TestVault::of(&client, fra(), &succeeds(&client, fra(), &answer));
        assert_eq!(restored.now()["compartmentId"], json!(other));
        let keys = restored.keys(&client.tenancy());
        assert_eq!(keys[0]["restoredFromKeyId"], json!(key), "keys go back into their own");
        let nowhere = ask_for_restore_from(&client, fra(), "ocid1.compartment.oc1..none", &source);
        assert_eq!(refused(&nowhere).0, 400);
    }
}

#[test]
fn without_is_include_keys_there_are_none_or_all() {
    for include_keys_by_default in [false, true] {
        let client = realm(Semantics { include_keys_by_default, ..default() });
        let vault = TestVault::create(&client, iad(), "v");
        vault.key("k", &aes());
        let keys = |asked: Value| {
            let mut body = json!({"backupLocation": location(&client, "o")});
            if !asked.is_null() {
                body["isIncludeKeys"] = asked;
            }
            succeeds(&client, iad(), &vault.act("backup", &body));
            let source = par(&client, iad(), "ObjectRead", "o");
            let answer = ask_for_restore_from(&client, fra(), &client.tenancy(), &source);
            let restored = TestVault::of(&client, fra(), &succeeds(&client, fra(), &answer));
            restored.keys(&client.tenancy()).len()
        };
        assert_eq!(keys(json!(false)), 0);
        assert_eq!(keys(Value::Null), usize::from(include_keys_by_default));
        assert_eq!(keys(json!(true)), 1);
    }
}

#[test]
fn software_keys_are_skipped_or_stand_in_the_way() {
    for refuses in [false, true] {
        let software_keys_in_backup =
            if refuses { SoftwareKeysInBackup::Refuse } else { SoftwareKeysInBackup::Skip };
        let client = realm(Semantics { software_keys_in_backup, ..default() });
        let vault = TestVault::create(&client, iad(), "v");
        let key = vault.key_in("soft", &aes(), &client.tenancy(), "SOFTWARE");
        let body = json!({"backupLocation": location(&client, "o"), "isIncludeKeys": true});
        if refuses {
            let answer = vault.act("backup", &body);
            assert_eq!(refused(&answer), (400, "InvalidParameter".to_owned()));
            assert!(String::from_utf8_lossy(answer.body()).contains(&key));
            assert_eq!(vault.state(), "ACTIVE");
        } else {
            succeeds(&client, iad(), &vault.act("backup", &body));
        }
        let body = json!({"backupLocation": location(&client, "p"), "isIncludeKeys": false});
        succeeds(&client, iad(), &vault.act("backup", &body));
    }
}

#[test]
fn an_object_of_the_same_name_is_replaced_or_stays() {
    for overwrite_existing_object in [true, false] {
        let client = realm(Semantics { overwrite_existing_object, ..default() });
        let vault = TestVault::create(&client, iad(), "v");
        let body = json!({"backupLocation": location(&client, "o")});
        let backup = || vault.act("backup", &body);
        let put = || {
            let target = client.object_path(BUCKET, "o");
            good(&client.send(http::Method::PUT, iad(), &target, &[], b"mine"));
        };
        put();
        if overwrite_existing_object {
            succeeds(&client, iad(), &backup());
            assert_ne!(vault.bytes_of("o"), "mine");
            continue;
        }
        assert_eq!(refused(&backup()), conflict());
        let target = client.object_path(BUCKET, "o");
        client.send(http::Method::DELETE, iad(), &target, &[], b"");
        let answer = backup();
        put();
        assert_eq!(failure(&client, iad(), &answer).0, "Conflict");
        assert_eq!(vault.bytes_of("o"), "mine");
    }
}

#[test]
fn a_request_of_another_region_leads_there_or_nowhere() {
    for par_of_another_region in [true, false] {
        let client = realm(Semantics { par_of_another_region, ..default() });
        let vault = TestVault::create(&client, iad(), "v");
        let to = |region| json!({"backupLocation": par(&client, region, "ObjectWrite", "o")});
        succeeds(&client, iad(), &vault.act("backup", &to(iad())));
        let answer = vault.act("backup", &to(fra()));
        if par_of_another_region {
            succeeds(&client, iad(), &answer);
        } else {
            assert_eq!(refused(&answer), (400, "InvalidParameter".to_owned()));
            let body = serde_json::from_slice::<Value>(answer.body()).expect("an error");
            assert!(text(&body, "message").contains("eu-frankfurt-1"));
        }
        settle(&client);
    }
}
