//! Copies as a client sees them.

use http::Method;
use serde_json::{Value, json};

use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, fra, header, iad, refused};
use crate::{Down, Latency};

struct Copying {
    client: Client,
    work_request: String,
}

/// Puts an object into a bucket at home and asks for a copy in Frankfurt, with more details if need be.
fn copying(more: &Value) -> Copying {
    let client = Client::with_latency(Latency::realistic());
    client.bucket(iad(), "b");
    client.bucket(fra(), "b2");
    let put =
        client.send(Method::PUT, iad(), &client.object_path("b", "o"), &[("opc-meta-x", "1")], b"bytes");
    assert_eq!(put.status(), 200);
    let work_request = accepted(&client, more);
    Copying { client, work_request }
}

fn accepted(client: &Client, more: &Value) -> String {
    let response = asked(client, more);
    assert_eq!((response.status().as_u16(), response.body().len()), (202, 0));
    header(&response, "opc-work-request-id").to_owned()
}

fn asked(client: &Client, more: &Value) -> http::Response<bytes::Bytes> {
    let namespace = &client.realm.identity().namespace;
    let mut details = json!({
        "sourceObjectName": "o", "destinationRegion": "eu-frankfurt-1", "destinationNamespace": namespace,
        "destinationBucket": "b2", "destinationObjectName": "o2",
    });
    for (name, value) in more.as_object().expect("an object") {
        details[name] = value.clone();
    }
    let path = format!("/n/{namespace}/b/b/actions/copyObject");
    client.send(Method::POST, iad(), &path, &[], details.to_string().as_bytes())
}

impl Copying {
    fn state(&self) -> Value {
        self.client.get(iad(), &format!("/workRequests/{}", self.work_request))
    }

    fn finish(&self) -> Value {
        self.client.wait(Latency::realistic().copy);
        self.state()
    }

    fn error(&self) -> Value {
        assert_eq!(self.finish()["status"], "FAILED");
        self.client.get(iad(), &format!("/workRequests/{}/errors", self.work_request))[0]["code"].clone()
    }
}

#[test]
fn a_copy_arrives_in_the_other_region_when_its_work_request_is_completed() {
    let copying = copying(&json!({}));
    let target = copying.client.object_path("b2", "o2");
    assert_eq!(copying.state()["status"], "ACCEPTED");
    copying.client.wait(Latency::realistic().copy / 2);
    let half = copying.state();
    assert_eq!((&half["status"], &half["percentComplete"]), (&json!("IN_PROGRESS"), &json!(50.0)));
    assert_eq!(copying.client.send(Method::HEAD, fra(), &target, &[], b"").status(), 404);
    copying.client.wait(Latency::realistic().copy / 2);
    let done = copying.state();
    assert_eq!((&done["status"], &done["percentComplete"]), (&json!("COMPLETED"), &json!(100.0)));
    assert_eq!(done["resources"][1]["metadata"]["REGION"], "eu-frankfurt-1");
    let copy = copying.client.send(Method::GET, fra(), &target, &[], b"");
    assert_eq!((copy.body().as_ref(), header(&copy, "opc-meta-x")), (b"bytes".as_slice(), "1"));
    let general = format!("/20160918/workRequests/{}", copying.work_request);
    assert_eq!(refused(&copying.client.send(Method::GET, iad(), &general, &[], b"")).0, 404);
}

#[test]
fn a_copy_into_a_lost_region_fails() {
    let copying = copying(&json!({}));
    copying.client.realm.region_down(fra(), Down::Refuse, copying.client.now()).expect("a region");
    assert_eq!(copying.error(), "ServiceUnavailable");
}

#[test]
fn what_vanishes_after_acceptance_is_missing_when_the_copy_is_made() {
    let copying = copying(&json!({}));
    let source = copying.client.object_path("b", "o");
    copying.client.send(Method::DELETE, iad(), &source, &[], b"");
    assert_eq!(copying.error(), "ObjectNotFound");
}

#[test]
fn a_copy_to_a_missing_bucket_or_over_an_existing_object_fails() {
    assert_eq!(copying(&json!({"destinationBucket": "none"})).error(), "BucketNotFound");
    let copying = copying(&json!({"destinationObjectIfNoneMatchETag": "*"}));
    assert_eq!(copying.finish()["status"], "COMPLETED");
    let work_request = accepted(&copying.client, &json!({"destinationObjectIfNoneMatchETag": "*"}));
    let again = Copying { client: copying.client, work_request };
    assert_eq!(again.error(), "IfNoneMatchFailed");
}

#[test]
fn what_is_wrong_from_the_start_is_refused_at_once() {
    let client = copying(&json!({})).client;
    let refused = |more: Value| refused(&asked(&client, &more)).1;
    assert_eq!(refused(json!({"sourceObjectName": "none"})), "ObjectNotFound");
    assert_eq!(refused(json!({"sourceObjectIfMatchETag": "other"})), "IfMatchFailed");
    assert_eq!(refused(json!({"destinationRegion": "ap-tokyo-1"})), "InvalidParameter");
    assert_eq!(refused(json!({"destinationNamespace": "other"})), "NamespaceNotFound");
}

#[test]
fn a_copy_dies_with_the_region_of_its_source() {
    let copying = copying(&json!({}));
    copying.client.realm.region_down(iad(), Down::Destroyed, copying.client.now()).expect("a region");
    copying.client.wait(Latency::realistic().copy);
    let target = copying.client.object_path("b2", "o2");
    assert_eq!(copying.client.send(Method::HEAD, fra(), &target, &[], b"").status(), 404);
}

#[test]
fn a_copy_that_is_called_off_is_not_made() {
    let copying = copying(&json!({}));
    let path = format!("/workRequests/{}", copying.work_request);
    let canceled = copying.client.send(Method::DELETE, iad(), &path, &[], b"");
    assert_eq!(canceled.status(), 202);
    assert_eq!(copying.finish()["status"], "CANCELED");
    let target = copying.client.object_path("b2", "o2");
    assert_eq!(copying.client.send(Method::HEAD, fra(), &target, &[], b"").status(), 404);
    let again = copying.client.send(Method::DELETE, iad(), &path, &[], b"");
    assert_eq!(refused(&again), (409, "Conflict".to_owned()));
    let log = copying.client.get(iad(), &format!("{path}/logs"));
    assert_eq!(log.as_array().map(Vec::len), Some(2));
    let all = format!("/workRequests?compartmentId={}", copying.client.tenancy());
    assert_eq!(copying.client.get(iad(), &all)[0]["id"], json!(copying.work_request));
}

#[test]
fn a_copy_takes_its_metadata_and_tier_from_the_request_if_they_are_given() {
    let more = json!({
        "destinationObjectMetadata": {"opc-meta-y": "2"}, "destinationObjectStorageTier": "InfrequentAccess",
    });
    let copying = copying(&more);
    assert_eq!(copying.finish()["status"], "COMPLETED");
    let target = copying.client.object_path("b2", "o2");
    let copy = copying.client.send(Method::GET, fra(), &target, &[], b"");
    assert_eq!((header(&copy, "opc-meta-y"), header(&copy, "storage-tier")), ("2", "InfrequentAccess"));
    assert!(!copy.headers().contains_key("opc-meta-x"));
}

#[test]
fn an_earlier_version_can_be_copied() {
    let client = Client::with_latency(Latency::none());
    let bucket = TestBucket::create_with(&client, &json!({"versioning": "Enabled"}));
    client.bucket(fra(), "b2");
    let version = bucket.put_version("o", b"one");
    bucket.put("o", b"two");
    let copy = asked(&client, &json!({"sourceVersionId": version}));
    assert_eq!(bucket.ended(&copy).0, "COMPLETED");
    let target = client.object_path("b2", "o2");
    assert_eq!(client.send(Method::GET, fra(), &target, &[], b"").body().as_ref(), b"one");
    assert_eq!(refused(&asked(&client, &json!({"sourceVersionId": "none"}))).0, 404);
}
