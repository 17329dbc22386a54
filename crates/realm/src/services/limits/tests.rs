//! Service limits as a client meets them.

use http::Method;
use keyferry_ids::Region;
use serde_json::{Value, json};

use super::{Limit, LimitName};
use crate::services::vault_testing::{BUCKET, TestVault, aes, ask_for_restore, ecdsa, restore, upload};
use crate::testing::{Client, fra, good, iad, refused};

fn set(client: &Client, region: Region, name: LimitName, value: u64) {
    client.realm.set_limit(Limit { region, name, value }, client.now()).expect("a region of the realm");
}

fn another_vault(client: &Client, region: Region) -> http::Response<bytes::Bytes> {
    let details = json!({
        "compartmentId": client.tenancy(), "displayName": "v", "vaultType": "VIRTUAL_PRIVATE",
    });
    client.send(Method::POST, region, "/20180608/vaults", &[], details.to_string().as_bytes())
}

fn availability(client: &Client, region: Region, name: &str) -> (Value, Value) {
    let target = format!(
        "/20190729/services/kms/limits/{name}/resourceAvailability?compartmentId={}",
        client.tenancy()
    );
    let found = client.get(region, &target);
    (found["used"].clone(), found["available"].clone())
}

#[test]
fn a_region_without_private_vaults_takes_none_not_even_by_a_restore() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    for region in [iad(), fra()] {
        client.bucket(region, BUCKET);
    }
    vault.key("k", &aes());
    vault.backup("v.bak", true);
    upload(&client, fra(), "v.bak", &vault.bytes_of("v.bak"));
    set(&client, fra(), LimitName::VirtualPrivateVaultCount, 0);
    let answer = ask_for_restore(&client, fra(), &client.tenancy(), "v.bak");
    assert_eq!(refused(&answer), (400, "LimitExceeded".to_owned()));
    assert!(String::from_utf8_lossy(answer.body()).contains("virtual-private-vault-count"));
    assert_eq!(refused(&another_vault(&client, fra())), (400, "LimitExceeded".to_owned()));
    good(&another_vault(&client, iad()));
    set(&client, fra(), LimitName::VirtualPrivateVaultCount, 1);
    restore(&client, fra(), "v.bak");
    assert_eq!(availability(&client, fra(), "virtual-private-vault-count"), (json!(1), json!(0)));
    assert_eq!(refused(&another_vault(&client, fra())).1, "LimitExceeded");
}

#[test]
fn versions_of_asymmetric_keys_count_twice() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.key("e", &ecdsa());
    set(&client, iad(), LimitName::VirtualPrivateVaultKeyVersionCount, 4);
    vault.rotate(&key);
    let more = vault.manage(&format!("/keys/{key}/keyVersions"), Some(&json!({})));
    assert_eq!(refused(&more), (400, "LimitExceeded".to_owned()), "1 + 2 + 1 are there");
    set(&client, iad(), LimitName::VirtualPrivateVaultKeyVersionCount, 5);
    let details =
        |shape: &Value| json!({"compartmentId": client.tenancy(), "displayName": "x", "keyShape": shape});
    assert_eq!(refused(&vault.manage("/keys", Some(&details(&ecdsa())))).1, "LimitExceeded");
    good(&vault.manage("/keys", Some(&details(&aes()))));
}

#[test]
fn a_restore_needs_room_for_the_versions_that_are_not_there_yet() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    vault.rotate(&key);
    vault.backup("v.bak", true);
    set(&client, iad(), LimitName::VirtualPrivateVaultKeyVersionCount, 2);
    restore(&client, iad(), "v.bak");
    client.bucket(fra(), BUCKET);
    upload(&client, fra(), "v.bak", &vault.bytes_of("v.bak"));
    set(&client, fra(), LimitName::VirtualPrivateVaultKeyVersionCount, 1);
    let answer = ask_for_restore(&client, fra(), &client.tenancy(), "v.bak");
    assert_eq!(refused(&answer), (400, "LimitExceeded".to_owned()));
}

#[test]
fn software_keys_of_default_vaults_have_a_limit_of_their_own() {
    let client = Client::new();
    let vault = TestVault::create_in(&client, iad(), "v", &client.tenancy(), "DEFAULT");
    vault.key_in("s", &aes(), &client.tenancy(), "SOFTWARE");
    set(&client, iad(), LimitName::VirtualVaultSoftwareKeyVersionCount, 1);
    let details = |mode: &str| {
        json!({
            "compartmentId": client.tenancy(), "displayName": "x", "keyShape": aes(), "protectionMode": mode,
        })
    };
    assert_eq!(refused(&vault.manage("/keys", Some(&details("SOFTWARE")))).1, "LimitExceeded");
    good(&vault.manage("/keys", Some(&details("HSM"))));
    let name = "virtual-vault-softwarekeyversion-count";
    assert_eq!(availability(&client, iad(), name), (json!(1), json!(0)));
}

#[test]
fn limits_are_listed_with_their_values_region_by_region() {
    let client = Client::new();
    let root = client.tenancy();
    set(&client, fra(), LimitName::VirtualVaultCount, 7);
    let values = |region, rest: &str| {
        client.get(region, &format!("/20190729/limitValues?compartmentId={root}&serviceName=kms{rest}"))
    };
    let all = values(fra(), "");
    let names: Vec<_> = all.as_array().expect("a list").iter().map(|v| v["name"].clone()).collect();
    let expected =
        ["virtual-private-vault-count", "virtual-vault-count", "virtual-vault-softwarekeyversion-count"];
    assert_eq!(names, expected);
    assert_eq!(values(fra(), "&name=virtual-vault-count")[0]["value"], 7);
    assert_eq!(values(iad(), "&name=virtual-vault-count")[0]["value"], 100);
    assert_eq!(values(iad(), "&scopeType=AD").as_array().map(Vec::len), Some(0));
    let services = client.get(iad(), &format!("/20190729/services?compartmentId={root}"));
    assert_eq!(services[0]["name"], "kms");
    let definitions = client.get(iad(), &format!("/20190729/limitDefinitions?compartmentId={root}"));
    assert_eq!(definitions.as_array().map(Vec::len), Some(4));
    for target in [
        format!("/20190729/limitValues?compartmentId={root}"),
        "/20190729/limitValues?compartmentId=ocid1.compartment.oc1..x&serviceName=kms".to_owned(),
        format!("/20190729/services/kms/limits/none/resourceAvailability?compartmentId={root}"),
    ] {
        assert!(
            [400, 404].contains(&refused(&client.send(Method::GET, iad(), &target, &[], b"")).0),
            "{target}"
        );
    }
}

#[test]
fn names_of_limits_are_read_as_they_are_written() {
    for name in [
        LimitName::VirtualVaultCount,
        LimitName::VirtualPrivateVaultCount,
        LimitName::VirtualVaultSoftwareKeyVersionCount,
        LimitName::VirtualPrivateVaultKeyVersionCount,
        LimitName::MaxSecretsPerTenancyCount,
    ] {
        assert_eq!(serde_json::to_value(name).expect("text"), json!(name.as_str()));
    }
}
