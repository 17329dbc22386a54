//! Buckets and objects as a client sees them.

use http::{Method, Response};
use serde_json::{Value, json};

use super::*;
use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, fra, good, header, iad, refused};

fn put(client: &Client, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Bytes> {
    client.send(Method::PUT, iad(), path, headers, body)
}

#[test]
fn an_object_comes_back_as_it_was_written() {
    let client = Client::new();
    client.bucket(iad(), "b");
    let path = client.object_path("b", "folder%2Fname%20%2B1");
    let headers = [("content-type", "text/plain"), ("opc-meta-digest", "abc")];
    let written = put(&client, &path, &headers, b"hello");
    assert_eq!((written.status().as_u16(), header(&written, "content-length")), (200, "0"));
    assert_eq!(header(&written, "opc-content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
    let read = client.send(Method::GET, iad(), &path, &[("opc-client-request-id", "mine")], b"");
    assert_eq!(read.body().as_ref(), b"hello");
    assert_eq!(header(&read, "opc-client-request-id"), "mine");
    let head = client.send(Method::HEAD, iad(), &path, &[], b"");
    assert!(head.body().is_empty());
    for response in [&read, &head] {
        assert_eq!(header(response, "content-length"), "5");
        assert_eq!(header(response, "content-type"), "text/plain");
        assert_eq!(header(response, "content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
        assert_eq!(header(response, "opc-meta-digest"), "abc");
        assert_eq!(header(response, "etag"), header(&written, "etag"));
    }
    let listed = client.get(iad(), &format!("{}?fields=name,SIZE,md5", client.object_path("b", "")));
    let expected =
        json!({"objects": [{"name": "folder/name +1", "size": 5, "md5": "XUFAKrxLKna5cZ2REBfFkg=="}]});
    assert_eq!(listed, expected);
    assert_eq!(client.send(Method::DELETE, iad(), &path, &[], b"").status(), 204);
    let gone = client.send(Method::GET, iad(), &path, &[], b"");
    assert_eq!(refused(&gone), (404, "ObjectNotFound".to_owned()));
    let gone = client.send(Method::HEAD, iad(), &path, &[], b"");
    assert_eq!((gone.status().as_u16(), gone.body().len()), (404, 0));
}

#[test]
fn a_create_only_write_never_replaces() {
    let client = Client::new();
    client.bucket(iad(), "b");
    let path = client.object_path("b", "o");
    let only_new = [("if-none-match", "*")];
    let first = put(&client, &path, &only_new, b"first");
    assert_eq!(first.status(), 200);
    assert_eq!(refused(&put(&client, &path, &only_new, b"second")), (412, "IfNoneMatchFailed".to_owned()));
    let stale = put(&client, &path, &[("if-match", "another")], b"second");
    assert_eq!(refused(&stale), (412, "IfMatchFailed".to_owned()));
    assert_eq!(client.send(Method::GET, iad(), &path, &[], b"").body().as_ref(), b"first");
    assert_eq!(put(&client, &path, &[("if-match", header(&first, "etag"))], b"third").status(), 200);
    let absent = put(&client, &client.object_path("b", "x"), &[("if-match", "any")], b"");
    assert_eq!(refused(&absent).0, 412);
}

#[test]
fn a_wrong_md5_and_a_chunked_body_are_refused() {
    let client = Client::new();
    client.bucket(iad(), "b");
    let path = client.object_path("b", "o");
    let wrong = put(&client, &path, &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], b"hello");
    assert_eq!(refused(&wrong), (400, "UnmatchedContentMD5".to_owned()));
    assert_eq!(put(&client, &path, &[("transfer-encoding", "chunked")], b"hello").status(), 411);
    assert_eq!(put(&client, &path, &[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], b"hello").status(), 200);
}

#[test]
fn object_lists_go_on_where_they_stopped() {
    let client = Client::new();
    client.bucket(iad(), "b");
    for name in ["a%2F1", "a%2F2", "b%2F1", "c", "d"] {
        put(&client, &client.object_path("b", name), &[], b"");
    }
    let list = |query: &str| client.get(iad(), &format!("{}?{query}", client.object_path("b", "")));
    let names = |list: &Value| {
        let objects = list["objects"].as_array().expect("a list");
        objects.iter().map(|o| o["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let first = list("limit=2");
    assert_eq!((names(&first), &first["nextStartWith"]), (vec!["a/1".into(), "a/2".into()], &json!("b/1")));
    let rest = list("start=b%2F1&limit=1000");
    assert_eq!((names(&rest).len(), rest.get("nextStartWith")), (3, None));
    assert_eq!(names(&list("prefix=a%2F&startAfter=a%2F1")), ["a/2"]);
    assert_eq!(names(&list("end=b%2F1")), ["a/1", "a/2"]);
    let folders = list("delimiter=%2F");
    assert_eq!((names(&folders), &folders["prefixes"]), (vec!["c".into(), "d".into()], &json!(["a/", "b/"])));
    let one = list("delimiter=%2F&limit=1");
    assert_eq!((&one["prefixes"], &one["nextStartWith"]), (&json!(["a/"]), &json!("b/1")));
}

#[test]
fn buckets_are_regional_and_the_namespace_is_not() {
    let client = Client::new();
    client.bucket(iad(), "b");
    let path = format!("/n/{}/b/b", client.realm.identity().namespace);
    let bucket = client.get(iad(), &path);
    assert_eq!((&bucket["versioning"], &bucket["kmsKeyId"]), (&json!("Disabled"), &Value::Null));
    let elsewhere = client.send(Method::GET, fra(), &path, &[], b"");
    assert_eq!(refused(&elsewhere), (404, "BucketNotFound".to_owned()));
    assert_eq!(client.get(iad(), "/n/"), client.get(fra(), "/n"));
    let foreign = client.send(Method::GET, iad(), "/n/other/b/b", &[], b"");
    assert_eq!(refused(&foreign), (404, "NamespaceNotFound".to_owned()));
    let details = json!({"name": "b", "compartmentId": client.tenancy()}).to_string();
    let all = path.strip_suffix("/b").expect("a bucket's path");
    let twice = client.send(Method::POST, iad(), all, &[], details.as_bytes());
    assert_eq!(refused(&twice), (409, "BucketAlreadyExists".to_owned()));
    let listed = client.get(iad(), &format!("{all}?compartmentId={}", client.tenancy()));
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["name"]), (Some(1), &json!("b")));
}

#[test]
fn a_bucket_with_objects_is_not_deleted() {
    let client = Client::new();
    client.bucket(iad(), "b");
    put(&client, &client.object_path("b", "o"), &[], b"12345");
    let path = format!("/n/{}/b/b", client.realm.identity().namespace);
    let counted = client.get(iad(), &format!("{path}?fields=approximateCount,approximateSize"));
    assert_eq!((&counted["approximateCount"], &counted["approximateSize"]), (&json!(1), &json!(5)));
    let full = client.send(Method::DELETE, iad(), &path, &[], b"");
    assert_eq!(refused(&full), (409, "BucketNotEmpty".to_owned()));
    good(&client.send(Method::DELETE, iad(), &client.object_path("b", "o"), &[], b""));
    good(&client.send(Method::DELETE, iad(), &path, &[], b""));
    assert_eq!(client.send(Method::HEAD, iad(), &path, &[], b"").status(), 404);
}

#[test]
fn an_object_gets_another_name_and_keeps_its_content() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    bucket.put_with("o", &[("opc-meta-x", "1")], b"content");
    bucket.put("taken", b"other");
    let rename = |more: Value| {
        let mut details = json!({"sourceName": "o", "newName": "folder/p"});
        for (name, value) in more.as_object().expect("an object") {
            details[name] = value.clone();
        }
        bucket.post("/actions/renameObject", &details)
    };
    assert_eq!(refused(&rename(json!({"sourceName": "none"}))).0, 404);
    assert_eq!(refused(&rename(json!({"srcObjIfMatchETag": "other"}))).0, 412);
    assert_eq!(refused(&rename(json!({"newName": "taken", "newObjIfNoneMatchETag": "*"}))).0, 412);
    assert_eq!(refused(&rename(json!({"newName": "o"}))).0, 400);
    let renamed = rename(json!({}));
    assert_eq!(renamed.status(), 200);
    assert_eq!(bucket.get("o").status(), 404);
    let object = bucket.get("folder%2Fp");
    assert_eq!((object.body().as_ref(), header(&object, "opc-meta-x")), (b"content".as_slice(), "1"));
    assert_eq!(header(&object, "etag"), header(&renamed, "etag"));
}

#[test]
fn in_a_versioned_bucket_the_old_name_keeps_its_versions() {
    let client = Client::new();
    let bucket = TestBucket::create_with(&client, &json!({"versioning": "Enabled"}));
    let version = bucket.put_version("o", b"content");
    let renamed = bucket.post("/actions/renameObject", &json!({"sourceName": "o", "newName": "p"}));
    assert!(renamed.headers().contains_key("version-id"));
    assert_eq!(bucket.get("o").status(), 404);
    assert_eq!(bucket.get(&format!("o?versionId={version}")).body().as_ref(), b"content");
    assert_eq!(bucket.get("p").body().as_ref(), b"content");
}

#[test]
fn a_batch_deletes_what_it_can_and_tells_what_it_can_not() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    for name in ["a", "b", "c"] {
        bucket.put(name, b"");
    }
    let delete = |body: Value| bucket.post("/actions/batchDeleteObjects", &body);
    let objects =
        json!([{"objectName": "a"}, {"objectName": "b", "ifMatch": "other"}, {"objectName": "none"}]);
    let result = good(&delete(json!({"objects": objects})));
    assert_eq!(result["deleted"][0]["objectName"], "a");
    let failed = result["failed"].as_array().expect("a list").iter();
    let failed: Vec<_> = failed.map(|f| (f["objectName"].clone(), f["statusCode"].clone())).collect();
    assert_eq!(failed, [(json!("b"), json!(412)), (json!("none"), json!(404))]);
    let rest = json!({"objects": [{"objectName": "b"}, {"objectName": "c"}], "isSkipDeletedResult": true});
    assert_eq!(good(&delete(rest)), json!({"deleted": [], "failed": []}));
    assert_eq!(bucket.json("/o")["objects"], json!([]));
    assert_eq!(refused(&delete(json!({"objects": []}))).0, 400);
    let twice = json!({"objects": [{"objectName": "a"}, {"objectName": "a"}]});
    assert_eq!(refused(&delete(twice)).0, 400);
}

#[test]
fn a_tier_without_an_archive_is_refused() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let archived = bucket.put_with("o", &[("storage-tier", "Archive")], b"");
    assert_eq!(refused(&archived), (400, "InvalidStorageTier".to_owned()));
}
