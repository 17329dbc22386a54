//! Vaults as clients see them.

use http::Method;
use keyferry_ids::VaultId;
use serde_json::{Value, json};

use crate::services::vault_testing::{TestVault, aes, compartment, settle, text};
use crate::testing::{Client, fra, good, header, iad, refused};

#[test]
fn a_new_vault_is_creating_and_then_active_and_shows_every_field() {
    let client = Client::new();
    let details =
        json!({"compartmentId": client.tenancy(), "displayName": "payments", "vaultType": "VIRTUAL_PRIVATE"});
    let vault = client.post(iad(), "/20180608/vaults", &details);
    assert_eq!(vault["lifecycleState"], "CREATING");
    let id = VaultId::parse(text(&vault, "id")).expect("a vault's OCID");
    let ext = id.as_str().split('.').nth(4).expect("an extension");
    assert_eq!((id.region(), ext.len(), id.unique().len()), (Some(iad()), 13, 60));
    let endpoint = client.realm.endpoint(iad()).expect("a region");
    assert_eq!(vault["managementEndpoint"], format!("{endpoint}/vaults/{ext}/management"));
    assert_eq!(vault["cryptoEndpoint"], format!("{endpoint}/vaults/{ext}/crypto"));
    assert!(text(&vault, "wrappingkeyId").starts_with(&format!("ocid1.key.oc1.iad.{ext}.")));
    for unset in
        ["timeOfDeletion", "restoredFromVaultId", "replicaDetails", "externalKeyManagerMetadataSummary"]
    {
        assert_eq!(vault.get(unset), Some(&Value::Null), "{unset}");
    }
    assert_eq!((&vault["isPrimary"], &vault["definedTags"]), (&json!(true), &json!({})));
    settle(&client);
    assert_eq!(TestVault::of(&client, iad(), &vault).state(), "ACTIVE");
}

#[test]
fn endpoints_follow_the_region_to_where_it_listens_now() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    client.realm.set_endpoint(iad(), "https://127.0.0.1:9443/").expect("a region");
    assert!(text(&vault.now(), "cryptoEndpoint").starts_with("https://127.0.0.1:9443/vaults/"));
}

#[test]
fn vaults_are_refused_that_the_realm_cannot_have() {
    let client = Client::new();
    let refusal = |name: &str, kind: &str, compartment: &str| {
        let body = json!({"compartmentId": compartment, "displayName": name, "vaultType": kind});
        refused(&client.send(Method::POST, iad(), "/20180608/vaults", &[], body.to_string().as_bytes()))
    };
    let root = client.tenancy();
    let invalid = (400, "InvalidParameter".to_owned());
    assert_eq!(refusal("v", "EXTERNAL", &root), invalid);
    assert_eq!(refusal("v", "PRIVATE", &root), invalid);
    assert_eq!(refusal("", "DEFAULT", &root), invalid);
    assert_eq!(refusal(&"v".repeat(101), "DEFAULT", &root), invalid);
    assert_eq!(refusal("v", "DEFAULT", "ocid1.compartment.oc1..none").0, 404);
    let missing = client.send(Method::POST, iad(), "/20180608/vaults", &[], b"{}");
    assert_eq!(refused(&missing), (400, "MissingParameter".to_owned()));
}

#[test]
fn lists_are_of_one_compartment_and_region_sorted_and_paged() {
    let client = Client::new();
    let other = compartment(&client, "other");
    for name in ["b", "a", "c"] {
        TestVault::create(&client, iad(), name);
    }
    TestVault::create_in(&client, iad(), "elsewhere", &other, "DEFAULT");
    TestVault::create(&client, fra(), "abroad");
    let list = |query: &str| {
        let target = format!("/20180608/vaults?compartmentId={}{query}", client.tenancy());
        client.send(Method::GET, iad(), &target, &[], b"")
    };
    let names = |query: &str| -> Vec<String> {
        let vaults = good(&list(query));
        vaults.as_array().expect("a list").iter().map(|v| text(v, "displayName").to_owned()).collect()
    };
    assert_eq!(names(""), ["c", "a", "b"], "newest first");
    assert_eq!(names("&sortBy=DISPLAYNAME"), ["a", "b", "c"]);
    assert_eq!(names("&sortBy=DISPLAYNAME&sortOrder=DESC"), ["c", "b", "a"]);
    let first = list("&sortBy=DISPLAYNAME&limit=2");
    let page = header(&first, "opc-next-page");
    let last = list(&format!("&sortBy=DISPLAYNAME&limit=2&page={page}"));
    assert_eq!(good(&last)[0]["displayName"], "c");
    assert!(!last.headers().contains_key("opc-next-page"));
    assert_eq!(refused(&list("&sortBy=NAME")).0, 400);
    assert_eq!(refused(&client.send(Method::GET, iad(), "/20180608/vaults", &[], b"")).0, 400);
}

#[test]
fn a_vault_is_not_found_in_another_region() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let target = format!("/20180608/vaults/{}", vault.id);
    assert_eq!(refused(&client.send(Method::GET, fra(), &target, &[], b"")).0, 404);
}

#[test]
fn usage_counts_keys_and_versions_of_all_compartments() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let other = compartment(&client, "other");
    let key = vault.key("a", &aes());
    vault.key_in("b", &aes(), &other, "HSM");
    vault.key_in("c", &aes(), &other, "SOFTWARE");
    vault.rotate(&key);
    let usage = client.get(iad(), &format!("/20180608/vaults/{}/usage", vault.id));
    let expected = json!({
        "keyCount": 2, "keyVersionCount": 3, "softwareKeyCount": 1, "softwareKeyVersionCount": 1,
    });
    assert_eq!(usage, expected);
}
