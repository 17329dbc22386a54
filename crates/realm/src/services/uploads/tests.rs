//! Uploads in parts as a client sees them.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

use super::*;
use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, good, header, iad, refused};

struct Upload<'c> {
    bucket: TestBucket<'c>,
    id: String,
}

impl<'c> Upload<'c> {
    fn start(client: &'c Client, more: &Value) -> Self {
        let bucket = TestBucket::create(client);
        let mut details = json!({"object": "folder/o"});
        for (name, value) in more.as_object().expect("an object") {
            details[name] = value.clone();
        }
        let upload = good(&bucket.post("/u", &details));
        assert_eq!((&upload["bucket"], &upload["object"]), (&json!("b"), &json!("folder/o")));
        Self { id: upload["uploadId"].as_str().expect("an id").to_owned(), bucket }
    }

    fn path(&self, more: &str) -> String {
        format!("/u/folder%2Fo?uploadId={}{more}", self.id)
    }

    fn part_with(&self, number: u32, headers: &[(&str, &str)], bytes: &[u8]) -> Response<Bytes> {
        let namespace = &self.bucket.client.realm.identity().namespace;
        let path = self.path(&format!("&uploadPartNum={number}"));
        self.bucket.client.send(Method::PUT, iad(), &format!("/n/{namespace}/b/b{path}"), headers, bytes)
    }

    fn part(&self, number: u32, bytes: &[u8]) -> Value {
        let answer = self.part_with(number, &[], bytes);
        assert_eq!(answer.status(), 200);
        json!({"partNum": number, "etag": header(&answer, "etag")})
    }

    fn commit(&self, parts: &[Value], excluded: &[u32]) -> Response<Bytes> {
        let details = json!({"partsToCommit": parts, "partsToExclude": excluded});
        self.bucket.post(&self.path(""), &details)
    }
}

#[test]
fn parts_make_an_object_in_the_order_of_their_numbers() {
    let client = Client::new();
    let details = json!({
        "contentType": "text/plain", "metadata": {"opc-meta-digest": "abc"}, "cacheControl": "no-store",
    });
    let upload = Upload::start(&client, &details);
    let second = upload.part(2, b"world");
    let first = upload.part(1, b"hello ");
    assert_eq!(upload.bucket.get("folder%2Fo").status(), 404, "nothing is there before the end");
    let done = upload.commit(&[second, first], &[]);
    let md5 = checksum::md5_of_parts([b"hello ".as_slice(), b"world"].into_iter());
    assert!(md5.ends_with("-2"));
    assert_eq!((done.status().as_u16(), header(&done, "opc-multipart-md5")), (200, md5.as_str()));
    let object = upload.bucket.get("folder%2Fo");
    assert_eq!(object.body().as_ref(), b"hello world");
    assert_eq!(header(&object, "etag"), header(&done, "etag"));
    assert_eq!(header(&object, "opc-multipart-md5"), md5);
    assert!(!object.headers().contains_key("content-md5"), "there is no digest of the whole");
    assert_eq!((header(&object, "content-type"), header(&object, "opc-meta-digest")), ("text/plain", "abc"));
    assert_eq!(header(&object, "cache-control"), "no-store");
    assert_eq!(upload.commit(&[], &[]).status(), 404, "the upload is over");
}

#[test]
fn each_part_is_either_committed_or_excluded() {
    let client = Client::new();
    let upload = Upload::start(&client, &json!({}));
    let (first, second) = (upload.part(1, b"1"), upload.part(2, b"2"));
    assert_eq!(refused(&upload.commit(std::slice::from_ref(&first), &[])).0, 400);
    assert_eq!(refused(&upload.commit(&[first.clone(), second.clone()], &[2])).0, 400);
    assert_eq!(refused(&upload.commit(&[first.clone(), first.clone()], &[2])).0, 400);
    assert_eq!(refused(&upload.commit(&[], &[1, 2])).0, 400);
    let again = upload.part(1, b"one");
    assert_eq!(refused(&upload.commit(&[first], &[2])).0, 400, "the part was sent anew");
    good(&upload.commit(&[again], &[2, 3]));
    assert_eq!(upload.bucket.get("folder%2Fo").body().as_ref(), b"one");
    drop(second);
}

#[test]
fn uploads_and_parts_are_listed_and_keep_the_bucket_until_they_are_aborted() {
    let client = Client::new();
    let upload = Upload::start(&client, &json!({}));
    upload.part(7, b"seven");
    let uploads = upload.bucket.json("/u");
    assert_eq!((uploads.as_array().map(Vec::len), &uploads[0]["uploadId"]), (Some(1), &json!(upload.id)));
    let parts = upload.bucket.json(&upload.path(""));
    assert_eq!((&parts[0]["partNumber"], &parts[0]["size"]), (&json!(7), &json!(5)));
    assert_eq!(refused(&upload.bucket.delete_itself()), (409, "BucketNotEmpty".to_owned()));
    assert_eq!(upload.bucket.ask(Method::DELETE, &upload.path(""), None).status(), 204);
    assert_eq!(upload.bucket.json("/u"), json!([]));
    assert_eq!(upload.part_with(1, &[], b"late").status(), 404);
    assert_eq!(upload.bucket.delete_itself().status(), 204);
}

#[test]
fn parts_are_checked_and_the_whole_has_a_checksum_of_its_own() {
    let client = Client::new();
    let upload = Upload::start(&client, &json!({}));
    let wrong = upload.part_with(1, &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], b"x");
    assert_eq!(refused(&wrong), (400, "UnmatchedContentMD5".to_owned()));
    assert_eq!(refused(&upload.part_with(0, &[], b"x")).0, 400);
    assert_eq!(refused(&upload.part_with(10_001, &[], b"x")).0, 400);
    let headers = [("opc-checksum-algorithm", "SHA256")];
    let namespace = &client.realm.identity().namespace;
    let path = format!("/n/{namespace}/b/b/u");
    let details = json!({"object": "sum"}).to_string();
    let started = good(&client.send(Method::POST, iad(), &path, &headers, details.as_bytes()));
    let id = started["uploadId"].as_str().expect("an id");
    let target = format!("{path}/sum?uploadId={id}");
    let part = client.send(Method::PUT, iad(), &format!("{target}&uploadPartNum=1"), &headers, b"x");
    assert!(part.headers().contains_key("opc-content-sha256"));
    let details = json!({"partsToCommit": [{"partNum": 1, "etag": header(&part, "etag")}]}).to_string();
    let done = client.send(Method::POST, iad(), &target, &[], details.as_bytes());
    assert!(header(&done, "opc-multipart-sha256").ends_with("-1"));
}

#[test]
fn a_commit_can_be_bound_to_what_is_there() {
    let client = Client::new();
    let upload = Upload::start(&client, &json!({}));
    let part = upload.part(1, b"new");
    upload.bucket.put("folder%2Fo", b"old");
    let details = json!({"partsToCommit": [part]}).to_string();
    let namespace = &client.realm.identity().namespace;
    let target = format!("/n/{namespace}/b/b{}", upload.path(""));
    let only_new = [("if-none-match", "*")];
    let kept = client.send(Method::POST, iad(), &target, &only_new, details.as_bytes());
    assert_eq!(refused(&kept), (412, "IfNoneMatchFailed".to_owned()));
    assert_eq!(upload.bucket.get("folder%2Fo").body().as_ref(), b"old");
}
