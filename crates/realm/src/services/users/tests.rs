//! The user and its API keys as a client sees them.

use http::Method;
use keyferry_seams::Seed;
use keyferry_wire::signature::GENERIC;
use serde_json::{Value, json};

use crate::testing::{Client, fra, good, iad, refused};
use crate::{Answer, ApiKey};

fn public_pem(key: &ApiKey) -> String {
    pem::encode(&pem::Pem::new("PUBLIC KEY", key.public().der()))
}

fn keys_path(client: &Client) -> String {
    format!("/20160918/users/{}/apiKeys", client.realm.identity().user_id)
}

fn upload(client: &Client, pem: &str) -> http::Response<bytes::Bytes> {
    let body = json!({"key": pem}).to_string();
    client.send(Method::POST, iad(), &keys_path(client), &[], body.as_bytes())
}

/// The status of a request signed with that key.
fn knock(client: &Client, key: &ApiKey) -> u16 {
    let identity = client.realm.identity();
    let key_id = format!("{}/{}/{}", identity.tenancy_id, identity.user_id, key.fingerprint());
    let url = format!("{}/n", client.realm.endpoint(fra()).expect("a region of the realm"));
    let mut request = client.signed(&Method::GET, &url, &[], b"");
    client.sign_as(&mut request, GENERIC, &key_id, key.pem());
    match client.realm.handle(&request, client.now()) {
        Answer::Reply(response) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_uploaded_key_signs_in_every_region_until_it_is_deleted() {
    let client = Client::new();
    let key = ApiKey::generate(&Seed::from_number(7)).expect("a key");
    assert_eq!(knock(&client, &key), 401);
    let uploaded = good(&upload(&client, &public_pem(&key)));
    assert_eq!(uploaded["fingerprint"], json!(key.fingerprint()));
    assert_eq!(uploaded["lifecycleState"], "ACTIVE");
    assert_eq!(knock(&client, &key), 200);
    assert_eq!(refused(&upload(&client, &public_pem(&key))).0, 409, "twice the same");
    let target = format!("{}/{}", keys_path(&client), key.fingerprint());
    let gone = client.send(Method::DELETE, iad(), &target, &[], b"");
    assert_eq!(gone.status(), 204);
    assert_eq!(knock(&client, &key), 401);
    assert_eq!(refused(&client.send(Method::DELETE, iad(), &target, &[], b"")).0, 404);
    good(&upload(&client, &public_pem(&key)));
    assert_eq!(knock(&client, &key), 200, "and back again");
}

#[test]
fn the_key_that_the_realm_began_with_is_listed_and_can_go() {
    let client = Client::new();
    let keys = client.get(fra(), &keys_path(&client));
    let first = client.realm.api_key().fingerprint();
    assert_eq!((keys.as_array().map(Vec::len), &keys[0]["fingerprint"]), (Some(1), &json!(first)));
    assert_eq!(keys[0]["keyId"], json!(client.realm.key_id()));
    let target = format!("{}/{first}", keys_path(&client));
    assert_eq!(client.send(Method::DELETE, iad(), &target, &[], b"").status(), 204);
    assert_eq!(refused(&client.send(Method::GET, iad(), "/n", &[], b"")).0, 401);
}

#[test]
fn a_user_has_three_keys_at_most_and_only_ones_that_can_sign() {
    let client = Client::new();
    for text in ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        assert_eq!(refused(&upload(&client, text)), (400, "InvalidParameter".to_owned()), "{text}");
    }
    let body = json!({"key": "x"}).to_string();
    let abroad = client.send(Method::POST, fra(), &keys_path(&client), &[], body.as_bytes());
    assert_eq!(refused(&abroad).0, 403);
    for number in [1, 2] {
        let key = ApiKey::generate(&Seed::from_number(number)).expect("a key");
        good(&upload(&client, &public_pem(&key)));
    }
    let key = ApiKey::generate(&Seed::from_number(3)).expect("a key");
    assert_eq!(refused(&upload(&client, &public_pem(&key))), (400, "LimitExceeded".to_owned()));
}

#[test]
fn the_one_user_is_found_by_id_and_name() {
    let client = Client::new();
    let id = client.realm.identity().user_id.clone();
    let user = client.get(fra(), &format!("/20160918/users/{id}"));
    assert_eq!((&user["id"], &user["capabilities"]["canUseApiKeys"]), (&json!(id), &Value::Bool(true)));
    let list =
        |rest: &str| client.get(fra(), &format!("/20160918/users?compartmentId={}{rest}", client.tenancy()));
    assert_eq!(list("")[0]["id"], json!(id));
    assert_eq!(list("&name=nobody").as_array().map(Vec::len), Some(0));
    let stranger = "/20160918/users/ocid1.user.oc1..other";
    assert_eq!(refused(&client.send(Method::GET, iad(), stranger, &[], b"")).0, 404);
}
