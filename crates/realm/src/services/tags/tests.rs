//! Tags as a client sees them.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::services::vault_testing::{TestVault, aes, settle, text};
use crate::testing::{Client, fra, good, iad, refused};

fn namespace(client: &Client, name: &str) -> String {
    let details = json!({"compartmentId": client.tenancy(), "name": name, "description": "d"});
    text(&client.post(iad(), "/20160918/tagNamespaces", &details), "id").to_owned()
}

fn tag(client: &Client, namespace: &str, details: &Value) -> Response<bytes::Bytes> {
    let target = format!("/20160918/tagNamespaces/{namespace}/tags");
    client.send(Method::POST, iad(), &target, &[], details.to_string().as_bytes())
}

fn put(client: &Client, target: &str, body: &Value) -> Value {
    good(&client.send(Method::PUT, iad(), target, &[], body.to_string().as_bytes()))
}

fn vault(client: &Client, tags: &Value) -> Response<bytes::Bytes> {
    let details = json!({
        "compartmentId": client.tenancy(), "displayName": "v", "vaultType": "DEFAULT", "definedTags": tags,
    });
    client.send(Method::POST, fra(), "/20180608/vaults", &[], details.to_string().as_bytes())
}

#[test]
fn defined_tags_have_to_exist_wherever_they_are_set() {
    let client = Client::new();
    let answer = vault(&client, &json!({"nowhere": {"k": "v"}}));
    assert_eq!(refused(&answer), (400, "RelatedResourceNotAuthorizedOrNotFound".to_owned()));
    let error: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let expected = "The following tag namespaces / keys are not authorized or not found: 'nowhere'";
    assert_eq!(error["message"], expected);

    let ops = namespace(&client, "Ops");
    let answer = vault(&client, &json!({"ops": {"team": "a"}}));
    assert!(String::from_utf8_lossy(answer.body()).contains("not found: 'ops.team'"));
    good(&tag(&client, &ops, &json!({"name": "Team", "description": "d"})));
    let tags = json!({"ops": {"team": "a"}});
    assert_eq!(good(&vault(&client, &tags))["definedTags"], tags, "upper and lower case are the same");

    let other = json!({"ops": {"other": "x"}});
    let bucket = json!({"name": "b", "compartmentId": client.tenancy(), "definedTags": other});
    let compartment =
        json!({"name": "c", "description": "d", "compartmentId": client.tenancy(), "definedTags": other});
    let buckets = format!("/n/{}/b", client.realm.identity().namespace);
    for (target, body) in [(buckets.as_str(), bucket), ("/20160918/compartments", compartment)] {
        let answer = client.send(Method::POST, iad(), target, &[], body.to_string().as_bytes());
        assert_eq!(refused(&answer).1, "RelatedResourceNotAuthorizedOrNotFound", "{target}");
    }
    let vault = TestVault::create(&client, iad(), "v");
    let key = json!({
        "compartmentId": client.tenancy(), "displayName": "k", "keyShape": aes(), "definedTags": other,
    });
    assert_eq!(refused(&vault.manage("/keys", Some(&key))).1, "RelatedResourceNotAuthorizedOrNotFound");
    let key = vault.key("k", &aes());
    let update = json!({"definedTags": other});
    assert_eq!(refused(&vault.update_key(&key, &[], &update)).1, "RelatedResourceNotAuthorizedOrNotFound");
}

#[test]
fn a_retired_tag_stays_where_it_is_and_is_set_nowhere_anew() {
    let client = Client::new();
    let ops = namespace(&client, "ops");
    good(&tag(&client, &ops, &json!({"name": "team", "description": "d"})));
    let tags = json!({"ops": {"team": "a"}});
    let tagged = good(&vault(&client, &tags));
    settle(&client);
    let retired =
        put(&client, &format!("/20160918/tagNamespaces/{ops}/tags/team"), &json!({"isRetired": true}));
    assert_eq!((&retired["isRetired"], &retired["lifecycleState"]), (&json!(true), &json!("INACTIVE")));
    assert_eq!(refused(&vault(&client, &tags)).0, 400);
    let update = |tags: &Value| {
        let target = format!("/20180608/vaults/{}", text(&tagged, "id"));
        let body = json!({"displayName": "w", "definedTags": tags}).to_string();
        let answer = client.send(Method::PUT, fra(), &target, &[], body.as_bytes());
        settle(&client);
        answer
    };
    good(&update(&tags));
    assert_eq!(refused(&update(&json!({"ops": {"team": "b"}}))).0, 400);
    put(&client, &format!("/20160918/tagNamespaces/{ops}/tags/team"), &json!({"isRetired": false}));
    good(&update(&json!({"ops": {"team": "b"}})));
    put(&client, &format!("/20160918/tagNamespaces/{ops}"), &json!({"isRetired": true}));
    assert_eq!(refused(&vault(&client, &tags)).0, 400, "all of a retired namespace is");
    let late = tag(&client, &ops, &json!({"name": "late", "description": "d"}));
    assert_eq!(refused(&late), (409, "Conflict".to_owned()));
}

#[test]
fn a_tag_with_a_list_of_values_takes_no_others() {
    let client = Client::new();
    let ops = namespace(&client, "ops");
    let enumeration = |values: &Value| {
        json!({
            "name": "stage", "description": "d", "validator": {"validatorType": "ENUM", "values": values},
        })
    };
    assert_eq!(refused(&tag(&client, &ops, &enumeration(&json!([])))).0, 400);
    let made = good(&tag(&client, &ops, &enumeration(&json!(["test", "live"]))));
    assert_eq!(made["validator"]["values"], json!(["test", "live"]));
    good(&vault(&client, &json!({"ops": {"stage": "live"}})));
    assert_eq!(
        refused(&vault(&client, &json!({"ops": {"stage": "dev"}}))),
        (400, "InvalidParameter".to_owned())
    );
}

#[test]
fn namespaces_and_tags_are_listed_by_compartment_and_state() {
    let client = Client::new();
    let ops = namespace(&client, "ops");
    for name in ["a", "b"] {
        good(&tag(&client, &ops, &json!({"name": name, "description": "d", "isCostTracking": true})));
    }
    put(&client, &format!("/20160918/tagNamespaces/{ops}/tags/b"), &json!({"isRetired": true}));
    let tags = client.get(fra(), &format!("/20160918/tagNamespaces/{ops}/tags?lifecycleState=ACTIVE"));
    assert_eq!((tags.as_array().map(Vec::len), &tags[0]["name"]), (Some(1), &json!("a")));
    assert_eq!(tags[0]["isCostTracking"], true);
    let root = client.tenancy();
    let child = crate::services::vault_testing::compartment(&client, "c");
    let details = json!({"compartmentId": child, "name": "inner", "description": "d"});
    client.post(iad(), "/20160918/tagNamespaces", &details);
    let list = |rest: &str| {
        let list = client.get(iad(), &format!("/20160918/tagNamespaces?compartmentId={rest}"));
        list.as_array().expect("a list").len()
    };
    assert_eq!([list(&root), list(&child)], [1, 1]);
    assert_eq!(list(&format!("{root}&includeSubcompartments=true")), 2);
    assert_eq!(list(&format!("{root}&lifecycleState=INACTIVE")), 0);
    let twice = json!({"compartmentId": root, "name": "OPS", "description": "d"}).to_string();
    let answer = client.send(Method::POST, iad(), "/20160918/tagNamespaces", &[], twice.as_bytes());
    assert_eq!(refused(&answer).0, 409);
    let named = json!({"compartmentId": root, "name": "a.b", "description": "d"}).to_string();
    let answer = client.send(Method::POST, iad(), "/20160918/tagNamespaces", &[], named.as_bytes());
    assert_eq!(refused(&answer).0, 400);
}
