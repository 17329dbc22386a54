//! Versions of objects as a client sees them.

use http::Method;
use serde_json::{Value, json};

use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, good, header, refused};

fn versioned(client: &Client) -> TestBucket<'_> {
    TestBucket::create_with(client, &json!({"versioning": "Enabled"}))
}

#[test]
fn what_is_overwritten_stays_a_version() {
    let client = Client::new();
    let bucket = versioned(&client);
    let (first, second) = (bucket.put_version("o", b"one"), bucket.put_version("o", b"two"));
    assert_ne!(first, second);
    let now = bucket.get("o");
    assert_eq!((now.body().as_ref(), header(&now, "version-id")), (b"two".as_slice(), second.as_str()));
    assert_eq!(bucket.get(&format!("o?versionId={first}")).body().as_ref(), b"one");
    assert_eq!(bucket.get(&format!("o?versionId={second}")).body().as_ref(), b"two");
    assert_eq!(refused(&bucket.get("o?versionId=other")), (404, "ObjectNotFound".to_owned()));
    let listed = bucket.versions();
    assert_eq!(listed, [("o".to_owned(), second, false), ("o".to_owned(), first, false)]);
    let counted = bucket.json("?fields=approximateCount,approximateSize");
    assert_eq!((&counted["approximateCount"], &counted["approximateSize"]), (&json!(2), &json!(6)));
}

#[test]
fn a_deletion_hides_the_object_until_its_marker_is_deleted() {
    let client = Client::new();
    let bucket = versioned(&client);
    let version = bucket.put_version("o", b"one");
    let deleted = bucket.delete("o");
    assert_eq!((deleted.status().as_u16(), header(&deleted, "is-delete-marker")), (204, "true"));
    let marker = header(&deleted, "version-id").to_owned();
    assert_eq!(refused(&bucket.get("o")), (404, "ObjectNotFound".to_owned()));
    assert_eq!(refused(&bucket.get(&format!("o?versionId={marker}"))).0, 404);
    assert_eq!(bucket.get(&format!("o?versionId={version}")).body().as_ref(), b"one");
    assert_eq!(bucket.json("/o")["objects"], json!([]));
    let expected = [("o".to_owned(), marker.clone(), true), ("o".to_owned(), version, false)];
    assert_eq!(bucket.versions(), expected);
    let undone = bucket.delete(&format!("o?versionId={marker}"));
    assert_eq!((header(&undone, "version-id"), header(&undone, "is-delete-marker")), (&*marker, "true"));
    assert_eq!(bucket.get("o").body().as_ref(), b"one");
}

#[test]
fn the_version_before_comes_up_when_the_latest_is_deleted_by_its_id() {
    let client = Client::new();
    let bucket = versioned(&client);
    let versions = [b"1", b"2", b"3"].map(|bytes| bucket.put_version("o", bytes));
    good(&bucket.delete(&format!("o?versionId={}", versions[2])));
    assert_eq!(bucket.get("o").body().as_ref(), b"2");
    good(&bucket.delete(&format!("o?versionId={}", versions[0])));
    assert_eq!(bucket.get("o").body().as_ref(), b"2");
    good(&bucket.delete(&format!("o?versionId={}", versions[1])));
    assert_eq!(bucket.get("o").status(), 404);
    assert!(bucket.versions().is_empty());
}

#[test]
fn a_bucket_with_nothing_but_old_versions_is_not_empty() {
    let client = Client::new();
    let bucket = versioned(&client);
    bucket.put("o", b"one");
    bucket.delete("o");
    let kept = bucket.delete_itself();
    assert_eq!(refused(&kept), (409, "BucketNotEmpty".to_owned()));
    let error: Value = serde_json::from_slice(kept.body()).expect("an error document");
    let expected = "Bucket named 'b' is not empty. Delete all object versions first.";
    assert_eq!(error["message"], expected);
    for (name, version, _) in bucket.versions() {
        good(&bucket.delete(&format!("{name}?versionId={version}")));
    }
    assert_eq!(bucket.delete_itself().status(), 204);
}

#[test]
fn a_suspended_bucket_keeps_old_versions_and_makes_one_without_id() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    bucket.put("o", b"before");
    good(&bucket.post("", &json!({"versioning": "Enabled"})));
    let version = bucket.put_version("o", b"during");
    good(&bucket.post("", &json!({"versioning": "Suspended"})));
    bucket.put("o", b"after");
    bucket.put("o", b"after again");
    assert_eq!(bucket.get("o").body().as_ref(), b"after again");
    let expected = [("o".to_owned(), "null".to_owned(), false), ("o".to_owned(), version.clone(), false)];
    assert_eq!(bucket.versions(), expected, "there is one version without id");
    bucket.delete("o");
    let expected = [("o".to_owned(), "null".to_owned(), true), ("o".to_owned(), version, false)];
    assert_eq!(bucket.versions(), expected);
    good(&bucket.delete("o?versionId=null"));
    assert_eq!(bucket.get("o").body().as_ref(), b"during");
}

#[test]
fn versioning_once_enabled_is_never_disabled() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    assert_eq!(refused(&bucket.post("", &json!({"versioning": "Suspended"}))).0, 400);
    let enabled = good(&bucket.post("", &json!({"versioning": "Enabled"})));
    assert_eq!(enabled["versioning"], "Enabled");
    assert_eq!(refused(&bucket.post("", &json!({"versioning": "Disabled"}))).0, 400);
    assert_eq!(good(&bucket.post("", &json!({"versioning": "Suspended"})))["versioning"], "Suspended");
    assert_eq!(good(&bucket.post("", &json!({"versioning": "Enabled"})))["versioning"], "Enabled");
}

#[test]
fn lists_of_versions_have_pages_folders_and_prefixes() {
    let client = Client::new();
    let bucket = versioned(&client);
    for name in ["a%2F1", "a%2F1", "b", "b", "b", "c"] {
        bucket.put(name, b"");
    }
    bucket.delete("c");
    let (mut pages, mut page) = (Vec::new(), String::new());
    loop {
        let answer = bucket.ask(Method::GET, &format!("/objectversions?limit=2{page}"), None);
        let items = good(&answer)["items"].as_array().expect("a list").clone();
        pages.push(items.iter().map(|i| i["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>());
        match answer.headers().get("opc-next-page") {
            None => break,
            Some(next) => page = format!("&page={}", next.to_str().expect("text")),
        }
    }
    assert_eq!(pages, [vec!["a/1", "a/1"], vec!["b", "b"], vec!["b", "c"], vec!["c"]]);
    let folders = bucket.json("/objectversions?delimiter=%2F");
    assert_eq!((&folders["prefixes"], folders["items"].as_array().map(Vec::len)), (&json!(["a/"]), Some(5)));
    let marker = &bucket.json("/objectversions?prefix=c&fields=name,size,md5,etag")["items"][0];
    assert_eq!((&marker["isDeleteMarker"], marker.get("size")), (&json!(true), None));
    assert!(marker["timeModified"].is_string());
    assert_eq!(refused(&bucket.ask(Method::GET, "/objectversions?page=x", None)).0, 400);
}
