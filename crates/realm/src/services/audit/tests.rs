//! Audit events as a client sees them.

use http::Method;
use keyferry_ids::Region;
use serde_json::{Value, json};

use crate::services::vault_testing::{BUCKET, TestVault, aes, base64, compartment, settle};
use crate::testing::{Client, fra, iad, refused};

fn path(compartment: &str, rest: &str) -> String {
    format!(
        "/20190901/auditEvents?compartmentId={compartment}&startTime=2026-08-01T00:00:00Z\
         &endTime=2026-08-02T00:00:00Z{rest}"
    )
}

fn events(client: &Client, region: Region, compartment: &str) -> Vec<Value> {
    client.get(region, &path(compartment, "&limit=1000")).as_array().expect("a list").clone()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["data"]["eventName"].as_str().expect("a name")).collect()
}

#[test]
fn calls_are_on_record_in_the_compartment_of_what_they_were_about() {
    let client = Client::new();
    let c = compartment(&client, "c");
    let vault = TestVault::create_in(&client, iad(), "v", &c, "DEFAULT");
    let key = vault.key_in("k", &aes(), &c, "HSM");
    vault.encrypt(&key, "text");
    client.get(iad(), &format!("/20180608/vaults?compartmentId={c}"));
    let found = events(&client, iad(), &c);
    assert_eq!(names(&found), ["CreateVault", "CreateKey", "Encrypt", "ListVaults"]);
    let encrypt = &found[2];
    assert_eq!(encrypt["eventType"], "com.oraclecloud.KeyManagementService.Encrypt");
    assert_eq!(encrypt["data"]["resourceId"], json!(key));
    assert_eq!(encrypt["data"]["resourceName"], "k");
    assert_eq!(encrypt["data"]["compartmentName"], "c");
    assert_eq!(encrypt["data"]["identity"]["principalId"], json!(client.realm.identity().user_id));
    assert_eq!(encrypt["data"]["response"]["status"], "200");
    assert_eq!(found[3]["data"]["request"]["parameters"]["compartmentId"], json!([c]));
    assert!(events(&client, fra(), &c).is_empty(), "events are regional");
    let at_root = events(&client, iad(), &client.tenancy());
    assert!(!names(&at_root).contains(&"ListEvents"), "reading the record is not on record");
}

#[test]
fn refusals_are_on_record_and_strangers_are_not() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.send(Method::GET, iad(), &client.object_path(BUCKET, "none"), &[], b"");
    let mut request = client.signed(&Method::GET, "http://127.0.0.1:7001/n", &[], b"");
    request.headers_mut().remove("authorization");
    client.realm.handle(&request, client.now());
    let found = events(&client, iad(), &client.tenancy());
    assert_eq!(names(&found), ["CreateBucket", "GetObject"]);
    let data = &found[1]["data"];
    assert_eq!((&data["response"]["status"], &data["resourceName"]), (&json!("404"), &json!("none")));
    assert!(data["response"]["message"].as_str().is_some_and(|text| text.starts_with("ObjectNotFound")));
}

#[test]
fn a_period_ends_before_its_end_and_pages_follow_each_other() {
    let client = Client::new();
    let root = client.tenancy();
    for name in ["a", "b", "c"] {
        client.bucket(iad(), name);
        settle(&client);
    }
    let early = format!(
        "/20190901/auditEvents?compartmentId={root}&startTime=2026-08-01T12:00:01Z\
         &endTime=2026-08-01T12:00:02Z"
    );
    let found = client.get(iad(), &early);
    assert_eq!((found.as_array().map(Vec::len), &found[0]["data"]["resourceName"]), (Some(1), &json!("b")));
    let first = client.send(Method::GET, iad(), &path(&root, "&limit=2"), &[], b"");
    let page = crate::testing::header(&first, "opc-next-page").to_owned();
    let rest = client.get(iad(), &path(&root, &format!("&limit=2&page={page}")));
    assert_eq!(rest[0]["data"]["resourceName"], "c");
    for wrong in [
        format!("/20190901/auditEvents?compartmentId={root}"),
        format!("/20190901/auditEvents?compartmentId={root}&startTime=now&endTime=then"),
        format!(
            "/20190901/auditEvents?compartmentId={root}&startTime=2026-08-02T00:00:00Z\
             &endTime=2026-08-01T00:00:00Z"
        ),
    ] {
        assert_eq!(refused(&client.send(Method::GET, iad(), &wrong, &[], b"")).0, 400, "{wrong}");
    }
}

#[test]
fn a_secret_that_is_read_by_name_is_on_record_where_it_lies() {
    let client = Client::new();
    let c = compartment(&client, "c");
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let secret = json!({
        "compartmentId": c, "vaultId": vault.id, "keyId": key, "secretName": "s",
        "secretContent": {"contentType": "BASE64", "content": base64("text")},
    });
    client.post(iad(), "/20180608/secrets", &secret);
    settle(&client);
    let by_name = format!("/20190301/secretbundles/actions/getByName?secretName=s&vaultId={}", vault.id);
    client.post(iad(), &by_name, &Value::Null);
    let found = events(&client, iad(), &c);
    assert_eq!(names(&found), ["CreateSecret", "GetSecretBundleByName"]);
    assert_eq!(found[1]["eventType"], "com.oraclecloud.VaultSecretRetrieval.GetSecretBundleByName");
    assert!(!found[1].to_string().contains(&base64("text")), "contents are never on record");
}
