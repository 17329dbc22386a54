//! Changes of buckets as a client sees them.

use http::Method;
use serde_json::json;

use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, fra, good, header, iad, refused};

#[test]
fn what_is_left_out_of_an_update_stays() {
    let client = Client::new();
    let bucket = TestBucket::create_with(
        &client,
        &json!({"metadata": {"a": "1", "b": "2"}, "freeformTags": {"team": "keys"}, "autoTiering": "InfrequentAccess"}),
    );
    let before = bucket.json("");
    let updated =
        good(&bucket.post("", &json!({"metadata": {"b": null, "c": "3"}, "objectEventsEnabled": true})));
    assert_eq!(updated["metadata"], json!({"a": "1", "c": "3"}));
    assert_eq!(
        (&updated["objectEventsEnabled"], &updated["autoTiering"]),
        (&json!(true), &before["autoTiering"])
    );
    assert_eq!((&updated["freeformTags"], &updated["id"]), (&before["freeformTags"], &before["id"]));
    assert_ne!(updated["etag"], before["etag"]);
    assert_eq!(bucket.json(""), updated);
    let all = format!("/n/{}/b?compartmentId={}", client.realm.identity().namespace, client.tenancy());
    assert_eq!(client.get(iad(), &all)[0].get("freeformTags"), None);
    assert_eq!(client.get(iad(), &format!("{all}&fields=tags"))[0]["freeformTags"], json!({"team": "keys"}));
}

#[test]
fn an_update_that_means_another_state_or_makes_no_sense_is_refused() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let path = format!("/n/{}/b/b", client.realm.identity().namespace);
    let stale = client.send(Method::POST, iad(), &path, &[("if-match", "other")], b"{}");
    assert_eq!(refused(&stale), (412, "IfMatchFailed".to_owned()));
    for details in [
        json!({"name": "c"}),
        json!({"namespace": "other"}),
        json!({"publicAccessType": "Everybody"}),
        json!({"metadata": {"long": "x".repeat(5000)}}),
    ] {
        assert_eq!(refused(&bucket.post("", &details)).0, 400, "{details}");
    }
    assert_eq!(refused(&bucket.post("", &json!({"compartmentId": "none"}))).0, 404);
    good(&bucket.post("", &json!({"name": "b"})));
}

#[test]
fn a_bucket_moves_to_another_compartment() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let details = json!({"compartmentId": client.tenancy(), "name": "other", "description": "for tests"});
    let compartment = client.post(iad(), "/20160918/compartments", &details)["id"].clone();
    client.wait(std::time::Duration::from_secs(60));
    assert_eq!(good(&bucket.post("", &json!({"compartmentId": compartment})))["compartmentId"], compartment);
    let all = format!("/n/{}/b?compartmentId=", client.realm.identity().namespace);
    assert_eq!(client.get(iad(), &format!("{all}{}", client.tenancy())), json!([]));
    let there = client.get(iad(), &format!("{all}{}", compartment.as_str().expect("an id")));
    assert_eq!(there[0]["name"], "b");
}

#[test]
fn a_reader_who_knows_the_bucket_is_told_so() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let etag = header(&bucket.ask(Method::GET, "", None), "etag").to_owned();
    let path = format!("/n/{}/b/b", client.realm.identity().namespace);
    for method in [Method::GET, Method::HEAD] {
        let known = client.send(method, iad(), &path, &[("if-none-match", &etag)], b"");
        assert_eq!(known.status(), 304);
    }
}

#[test]
fn the_namespace_has_default_compartments_in_each_region() {
    let client = Client::new();
    let path = format!("/n/{}", client.realm.identity().namespace);
    let root = json!(client.tenancy());
    let before = client.get(iad(), &path);
    assert_eq!((&before["defaultS3CompartmentId"], &before["defaultSwiftCompartmentId"]), (&root, &root));
    let put = |body: &str| client.send(Method::PUT, iad(), &path, &[], body.as_bytes());
    assert_eq!(refused(&put(r#"{"defaultS3CompartmentId": "none"}"#)).0, 404);
    let details = json!({"compartmentId": client.tenancy(), "name": "other", "description": "for tests"});
    let compartment = client.post(iad(), "/20160918/compartments", &details)["id"].clone();
    client.wait(std::time::Duration::from_secs(60));
    let updated = good(&put(&json!({"defaultS3CompartmentId": compartment}).to_string()));
    assert_eq!(
        (&updated["defaultS3CompartmentId"], &updated["defaultSwiftCompartmentId"]),
        (&compartment, &root)
    );
    assert_eq!(client.get(iad(), &path), updated);
    assert_eq!(client.get(fra(), &path)["defaultS3CompartmentId"], root);
}

#[test]
fn a_bucket_is_replicated_nowhere() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    assert_eq!(bucket.json("/replicationPolicies?limit=1000"), json!([]));
    assert_eq!(bucket.json("/replicationSources"), json!([]));
}
