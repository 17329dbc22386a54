//! Pre-authenticated requests as places for backups.

use std::time::Duration;

use serde_json::{Value, json};

use crate::services::vault_testing::{
    BUCKET, TestVault, aes, ask_for_restore, ask_for_restore_from, failure, par, settle, succeeds, text,
};
use crate::testing::{Client, fra, iad, refused};
use crate::{Down, Latency};

fn realm() -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    client
}

fn backup_to(vault: &TestVault<'_>, location: &Value) -> http::Response<bytes::Bytes> {
    vault.act("backup", &json!({"backupLocation": location, "isIncludeKeys": true}))
}

fn invalid() -> (u16, String) {
    (400, "InvalidParameter".to_owned())
}

#[test]
fn a_backup_goes_through_one_request_and_comes_back_through_another() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let ciphertext = vault.encrypt(&key, "x");
    for write in ["ObjectWrite", "ObjectReadWrite"] {
        succeeds(&client, iad(), &backup_to(&vault, &par(&client, iad(), write, write)));
    }
    let mut any = par(&client, iad(), "AnyObjectWrite", "pre");
    any["uri"] = json!(format!("{}prefixed/o", text(&any, "uri")));
    succeeds(&client, iad(), &backup_to(&vault, &any));
    assert!(vault.bytes_of("prefixed%2Fo").starts_with(b"-----BEGIN"));

    for read in ["ObjectRead", "ObjectReadWrite"] {
        let source = par(&client, iad(), read, "ObjectWrite");
        let answer = ask_for_restore_from(&client, iad(), &client.tenancy(), &source);
        assert_eq!(succeeds(&client, iad(), &answer)["id"], json!(vault.id));
    }
    assert_eq!(vault.decrypt(&key, &ciphertext), "x");
}

#[test]
fn the_region_of_a_request_is_its_hosts_and_has_to_be_up() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    succeeds(&client, iad(), &backup_to(&vault, &par(&client, fra(), "ObjectWrite", "o")));
    let path = client.object_path(BUCKET, "o");
    assert_eq!(client.send(http::Method::HEAD, fra(), &path, &[], b"").status(), 200);
    assert_eq!(client.send(http::Method::HEAD, iad(), &path, &[], b"").status(), 404);

    let home = par(&client, iad(), "ObjectReadWrite", "at home");
    succeeds(&client, iad(), &backup_to(&vault, &home));
    let root = client.tenancy();
    let answer = ask_for_restore_from(&client, fra(), &root, &home);
    client.realm.region_down(iad(), Down::Refuse, client.now()).expect("a region");
    let (_, message) = failure(&client, fra(), &answer);
    assert!(message.contains("us-ashburn-1, does not answer"), "{message}");
    let again = ask_for_restore_from(&client, fra(), &root, &home);
    assert_eq!(refused(&again), invalid());
    client.realm.region_up(iad(), client.now()).expect("a region");
    let abroad = succeeds(&client, fra(), &ask_for_restore_from(&client, fra(), &root, &home));
    assert_eq!(abroad["restoredFromVaultId"], json!(vault.id));
}

#[test]
fn requests_that_do_not_fit_are_refused_without_telling_their_token() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    succeeds(&client, iad(), &backup_to(&vault, &par(&client, iad(), "ObjectWrite", "o")));
    let good_one = text(&par(&client, iad(), "ObjectReadWrite", "o"), "uri").to_owned();
    let token = good_one.split('/').nth(4).expect("a token").to_owned();
    let backup = |uri: &str| {
        let location = json!({"destination": "PRE_AUTHENTICATED_REQUEST_URI", "uri": uri});
        let answer = backup_to(&vault, &location);
        assert!(!String::from_utf8_lossy(answer.body()).contains(&token));
        refused(&answer)
    };
    let absent = (404, "BucketNotFound".to_owned());
    let host = good_one.split('/').nth(2).expect("a host");
    assert_eq!(backup(&good_one.replace(host, "objectstorage.example.com")), invalid());
    assert_eq!(backup("not a uri"), invalid());
    assert_eq!(backup(&format!("http://{host}/n/ns/b/{BUCKET}/o/o")), invalid(), "no such request");
    assert_eq!(backup(&format!("{good_one}{}", "x".repeat(5000))), invalid(), "too long");
    assert_eq!(backup(&good_one.replace(&token, "guessed")), absent);
    assert_eq!(backup(&good_one.replace("/o/o", "/o/p")), absent, "another object");
    assert_eq!(backup(text(&par(&client, iad(), "ObjectRead", "o"), "uri")), absent, "only read");
    let any = text(&par(&client, iad(), "AnyObjectRead", "pre"), "uri").to_owned();
    assert_eq!(backup(&format!("{any}prefixed")), absent, "read any");
    let any = text(&par(&client, iad(), "AnyObjectWrite", "pre"), "uri").to_owned();
    assert_eq!(backup(&format!("{any}other")), absent, "another prefix");
    assert_eq!(backup(text(&par(&client, iad(), "AnyObjectWrite", "o"), "uri")), invalid(), "no name");

    let only_write = par(&client, iad(), "ObjectWrite", "o");
    let root = client.tenancy();
    assert_eq!(refused(&ask_for_restore_from(&client, iad(), &root, &only_write)), absent);
    let none = par(&client, iad(), "ObjectRead", "none");
    assert_eq!(
        refused(&ask_for_restore_from(&client, iad(), &root, &none)),
        (404, "ObjectNotFound".to_owned())
    );
    client.wait(Duration::from_secs(25 * 60 * 60));
    assert_eq!(backup(&good_one), absent, "expired");
    for line in client.realm.log() {
        assert!(!format!("{line:?}").contains(&token));
    }
}

#[test]
fn a_request_that_expires_meanwhile_fails_the_work_and_leaves_no_object() {
    let day = Duration::from_secs(24 * 60 * 60);
    let client = Client::with_latency(Latency { backup: day + Duration::from_secs(1), ..Latency::none() });
    client.bucket(iad(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let answer = backup_to(&vault, &par(&client, iad(), "ObjectWrite", "o"));
    client.wait(day + Duration::from_secs(1));
    assert_eq!(failure(&client, iad(), &answer).0, "BucketNotFound");
    let missing = client.send(http::Method::HEAD, iad(), &client.object_path(BUCKET, "o"), &[], b"");
    assert_eq!((missing.status().as_u16(), vault.state()), (404, "ACTIVE".to_owned()));
}

#[test]
fn a_request_that_is_deleted_meanwhile_fails_the_work() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let location = par(&client, iad(), "ObjectWrite", "o");
    let answer = backup_to(&vault, &location);
    let pars = format!("/n/{}/b/{BUCKET}/p", client.realm.identity().namespace);
    let id = text(&client.get(iad(), &pars)[0], "id").replace(':', "%3A");
    client.send(http::Method::DELETE, iad(), &format!("{pars}/{id}"), &[], b"");
    assert_eq!(failure(&client, iad(), &answer).0, "BucketNotFound");
    assert_eq!(vault.state(), "ACTIVE");
    let missing = ask_for_restore(&client, iad(), &client.tenancy(), "o");
    assert_eq!(refused(&missing), (404, "ObjectNotFound".to_owned()));
    settle(&client);
}
