//! Pre-authenticated requests: made once, used by anybody, ended by time or by their owner.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use keyferry_ids::Region;
use serde_json::{Value, json};

use crate::Answer;
use crate::testing::{Client, fra, good, header, iad, refused};

const BUCKET: &str = "b";

fn realm() -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    for object in ["a/one", "a/two", "b/three"] {
        put(&client, object, object.as_bytes());
    }
    client
}

fn put(client: &Client, object: &str, bytes: &[u8]) {
    let target = client.object_path(BUCKET, &object.replace('/', "%2F"));
    assert_eq!(client.send(Method::PUT, iad(), &target, &[], bytes).status(), 200);
}

fn pars_path(client: &Client) -> String {
    format!("/n/{}/b/{BUCKET}/p", client.realm.identity().namespace)
}

fn details(access: &str, object: Option<&str>) -> Value {
    let mut details =
        json!({"name": "for a friend", "accessType": access, "timeExpires": "2026-08-02T12:00:00.000000Z"});
    if let Some(object) = object {
        details["objectName"] = json!(object);
    }
    details
}

fn create(client: &Client, details: &Value) -> Value {
    client.post(iad(), &pars_path(client), details)
}

/// The whole URL of a new request.
fn url(client: &Client, access: &str, object: Option<&str>) -> String {
    create(client, &details(access, object))["fullPath"].as_str().expect("a URL").to_owned()
}

/// A request without any signature.
fn stranger(client: &Client, method: &Method, url: &str, body: &[u8]) -> Response<Bytes> {
    let request = http::Request::builder().method(method).uri(url).body(Bytes::copy_from_slice(body));
    match client.realm.handle(&request.expect("a request"), client.now()) {
        Answer::Reply(response) => response,
        other => panic!("no answer: {other:?}"),
    }
}

fn is_refused(answer: &Response<Bytes>) {
    let (status, code) = refused(answer);
    assert_eq!((status, code.as_str()), (404, "BucketNotFound"));
    let text = String::from_utf8_lossy(answer.body());
    assert!(text.contains("Either the bucket named 'b' does not exist in the namespace"), "{text}");
    assert!(text.contains("or you are not authorized to access it"), "{text}");
}

#[test]
fn the_uri_is_told_once_and_everything_else_may_be_read_later() {
    let client = realm();
    let new = create(&client, &details("ObjectRead", Some("a/one")));
    let uri = new["accessUri"].as_str().expect("a path");
    let token = uri.split('/').nth(2).expect("a token");
    assert_eq!(token.len(), 64);
    assert!(uri.ends_with("/b/b/o/a%2Fone"), "the object is part of it");
    assert_eq!(new["fullPath"], json!(format!("{}{uri}", client.realm.endpoint(iad()).expect("a region"))));
    let id = new["id"].as_str().expect("an id");
    assert!(id.ends_with(":a/one"), "{id}");
    assert_eq!(new["timeExpires"], "2026-08-02T12:00:00.000Z");

    let prefix = create(&client, &details("AnyObjectRead", Some("a/")));
    assert!(prefix["accessUri"].as_str().expect("a path").ends_with("/o/"), "a prefix is not");

    let escaped = id.replace(':', "%3A").replace('/', "%2F");
    let read = client.get(iad(), &format!("{}/{escaped}", pars_path(&client)));
    let mut expected = new.clone();
    let fields = expected.as_object_mut().expect("an object");
    fields.remove("accessUri");
    fields.remove("fullPath");
    assert_eq!(read, expected);
    let all = client.get(iad(), &pars_path(&client));
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert!(!all.to_string().contains(token));
    assert_eq!(
        client.get(iad(), &format!("{}?objectNamePrefix=a%2Fo", pars_path(&client))),
        json!([expected])
    );
    let first = client.send(Method::GET, iad(), &format!("{}?limit=1", pars_path(&client)), &[], b"");
    let next = header(&first, "opc-next-page");
    let second = client.get(iad(), &format!("{}?limit=1&page={next}", pars_path(&client)));
    assert_eq!(second.as_array().map(Vec::len), Some(1));
}

#[test]
fn requests_that_make_no_sense_are_not_made() {
    let client = realm();
    let status = |changes: Value| {
        let mut details = details("ObjectRead", Some("a/one"));
        for (name, value) in changes.as_object().expect("fields") {
            details[name] = value.clone();
        }
        let body = details.to_string();
        refused(&client.send(Method::POST, iad(), &pars_path(&client), &[], body.as_bytes()))
    };
    let (invalid, missing) = ((400, "InvalidParameter".to_owned()), (400, "MissingParameter".to_owned()));
    assert_eq!(status(json!({"timeExpires": "2026-08-01T12:00:00Z"})), invalid, "now is not in the future");
    assert_eq!(status(json!({"timeExpires": null})), invalid);
    assert_eq!(status(json!({"accessType": "ObjectDelete"})), invalid);
    assert_eq!(status(json!({"name": ""})), invalid);
    assert_eq!(status(json!({"objectName": null})), missing);
    assert_eq!(status(json!({"bucketListingAction": "ListObjects"})), invalid, "not of one object");
    let any = json!({"accessType": "AnyObjectWrite", "bucketListingAction": "ListObjects"});
    assert_eq!(status(any), invalid, "not with writing alone");
    let body = br#"{"name": "n", "accessType": "AnyObjectRead"}"#;
    assert_eq!(refused(&client.send(Method::POST, iad(), &pars_path(&client), &[], body)), missing);
    assert_eq!(client.get(iad(), &pars_path(&client)), json!([]));
}

#[test]
fn each_access_type_allows_its_own_verbs_and_never_delete() {
    let client = realm();
    for (access, reads, writes) in [
        ("ObjectRead", true, false),
        ("ObjectWrite", false, true),
        ("ObjectReadWrite", true, true),
        ("AnyObjectRead", true, false),
        ("AnyObjectWrite", false, true),
        ("AnyObjectReadWrite", true, true),
    ] {
        let is_any = access.starts_with("Any");
        let url = url(&client, access, Some(if is_any { "a/" } else { "a/one" }));
        let one = if is_any { format!("{url}a/one") } else { url.clone() };
        put(&client, "a/one", b"content");
        let read = stranger(&client, &Method::GET, &one, b"");
        let head = stranger(&client, &Method::HEAD, &one, b"");
        let write = stranger(&client, &Method::PUT, &one, b"by a stranger");
        if reads {
            assert_eq!((read.status().as_u16(), read.body().as_ref()), (200, &b"content"[..]), "{access}");
            assert_eq!(header(&head, "content-length"), "7", "{access}");
        } else {
            is_refused(&read);
            assert_eq!((head.status().as_u16(), head.body().len()), (404, 0), "{access}");
        }
        if writes {
            assert_eq!(write.status(), 200, "{access}");
            let target = client.object_path(BUCKET, "a%2Fone");
            let now = client.send(Method::GET, iad(), &target, &[], b"");
            assert_eq!(now.body().as_ref(), b"by a stranger", "{access}");
        } else {
            is_refused(&write);
        }
        for method in [Method::DELETE, Method::POST] {
            is_refused(&stranger(&client, &method, &one, b""));
        }
        let other = if is_any { format!("{url}b/three") } else { one.replace("a%2Fone", "a%2Ftwo") };
        for method in [Method::GET, Method::PUT] {
            is_refused(&stranger(&client, &method, &other, b""));
        }
        is_refused(&stranger(&client, &Method::GET, &url[..url.find("/o/").expect("objects") + 3], b""));
    }
}

#[test]
fn objects_are_listed_if_that_was_allowed_and_only_those_with_the_prefix() {
    let client = realm();
    let mut listing = details("AnyObjectRead", Some("a/"));
    listing["bucketListingAction"] = json!("ListObjects");
    let url = create(&client, &listing)["fullPath"].as_str().expect("a URL").to_owned();
    let names = |query: &str| {
        let list = good(&stranger(&client, &Method::GET, &format!("{url}{query}"), b""));
        let objects = list["objects"].as_array().expect("a list").iter();
        objects.map(|object| object["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["a/one", "a/two"]);
    assert_eq!(names("?prefix=a%2Ft&fields=size"), ["a/two"]);
    assert_eq!(names("?prefix=&prefix=a%2Fo"), ["a/one"], "an empty prefix does not open the bucket");
    assert_eq!(names("?startAfter=a%2Fone"), ["a/two"]);
    assert_eq!(names("?limit=1"), ["a/one"]);
    is_refused(&stranger(&client, &Method::GET, &format!("{url}?prefix=b"), b""));
    is_refused(&stranger(&client, &Method::GET, &format!("{url}?prefix=a"), b""));
}

#[test]
fn metadata_and_conditions_go_along() {
    let client = realm();
    let url = url(&client, "ObjectReadWrite", Some("new"));
    let send = |headers: &[(&str, &str)]| {
        let mut request = http::Request::builder().method(Method::PUT).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from_static(b"x")).expect("a request");
        let Answer::Reply(answer) = client.realm.handle(&request, client.now()) else { panic!("no answer") };
        answer
    };
    assert_eq!(send(&[("if-none-match", "*"), ("opc-meta-from", "afar")]).status(), 200);
    assert_eq!(refused(&send(&[("if-none-match", "*")])), (412, "IfNoneMatchFailed".to_owned()));
    assert_eq!(refused(&send(&[("opc-multipart", "true")])), (400, "InvalidParameter".to_owned()));
    let read = stranger(&client, &Method::GET, &url, b"");
    assert_eq!(header(&read, "opc-meta-from"), "afar");
}

#[test]
fn expired_deleted_foreign_and_unknown_requests_are_refused_alike() {
    let client = realm();
    client.bucket(fra(), BUCKET);
    client.bucket(iad(), "other");
    let new = create(&client, &details("ObjectRead", Some("a/one")));
    let url = new["fullPath"].as_str().expect("a URL").to_owned();
    let get = |url: &str| stranger(&client, &Method::GET, url, b"");
    assert_eq!(get(&url).status(), 200);
    let token = url.split('/').nth(4).expect("a token");
    is_refused(&get(&url.replace(token, "guessed")));
    let (home, abroad): (String, String) = {
        let endpoint = |region: Region| client.realm.endpoint(region).expect("a region");
        (endpoint(iad()), endpoint(fra()))
    };
    is_refused(&get(&url.replace(&home, &abroad)));
    let namespace = client.realm.identity().namespace.clone();
    assert_eq!(refused(&get(&url.replace(&namespace, "else"))).0, 404);
    assert_eq!(refused(&get(&url.replace("/b/b/", "/b/other/"))), (404, "BucketNotFound".to_owned()));
    assert_eq!(refused(&get(&url.replace("/p/", "/%70/"))).0, 401, "not a request of that kind");

    let deleted = create(&client, &details("ObjectRead", Some("a/one")));
    let id = deleted["id"].as_str().expect("an id").replace(':', "%3A").replace('/', "%2F");
    let target = format!("{}/{id}", pars_path(&client));
    let deletion = client.send(Method::DELETE, iad(), &target, &[], b"");
    assert_eq!((deletion.status().as_u16(), deletion.body().len()), (204, 0));
    is_refused(&get(deleted["fullPath"].as_str().expect("a URL")));
    assert_eq!(refused(&client.send(Method::GET, iad(), &target, &[], b"")).0, 404);

    client.wait(Duration::from_secs(24 * 60 * 60 - 1));
    assert_eq!(get(&url).status(), 200);
    client.wait(Duration::from_secs(1));
    is_refused(&get(&url));
}

#[test]
fn tokens_are_neither_logged_nor_told_in_refusals() {
    let client = realm();
    let url = url(&client, "ObjectRead", Some("a/one"));
    let token = url.split('/').nth(4).expect("a token").to_owned();
    stranger(&client, &Method::GET, &url, b"");
    let refusal = stranger(&client, &Method::PUT, &url, b"");
    assert!(!String::from_utf8_lossy(refusal.body()).contains(&token));
    let log = client.realm.log();
    let last = &log[log.len() - 2..];
    assert_eq!(last[0].operation.map(|name| name.to_string()).as_deref(), Some("GetObject"));
    assert_eq!(last[0].principal, None);
    for line in &log {
        assert!(!format!("{line:?}").contains(&token), "{line:?}");
    }
}

#[test]
fn a_bucket_with_pre_authenticated_requests_stays() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    let new = create(&client, &details("AnyObjectWrite", None));
    let target = format!("/n/{}/b/{BUCKET}", client.realm.identity().namespace);
    let answer = client.send(Method::DELETE, iad(), &target, &[], b"");
    assert_eq!(refused(&answer).0, 409);
    assert!(String::from_utf8_lossy(answer.body()).contains("pre-authenticated requests"));
    let id = new["id"].as_str().expect("an id").replace(':', "%3A");
    let par = format!("{}/{id}", pars_path(&client));
    assert_eq!(client.send(Method::DELETE, iad(), &par, &[], b"").status(), 204);
    assert_eq!(client.send(Method::DELETE, iad(), &target, &[], b"").status(), 204);
}

#[test]
fn the_same_seed_makes_the_same_tokens_and_no_two_are_alike() {
    let run = || {
        let client = realm();
        [(); 2].map(|()| url(&client, "ObjectRead", Some("a/one")))
    };
    let [first, second] = run();
    assert_ne!(first, second);
    assert_eq!(run(), [first, second]);
}
