//! How a bucket is used, and what is made of a service that misbehaves.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::Arc;

use bytes::Bytes;
use keyferry_core::model::ListedObject;
use keyferry_core::{Code, Explain as _};
use keyferry_seams::NoAnswer;

use crate::shelf::{Shelf, Temper};
use crate::{OffCloud, OffCloudError, Probed, Put};

const ALL_WELL: Probed = Probed { honours_create: true, one_wins: true, reads_back: true, lists: true };

fn texts(error: &OffCloudError) -> String {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error} {cause} {} {error:?}", error.help().join(" "))
}

async fn failure(temper: Temper) -> OffCloudError {
    Shelf::new(temper).store("").get("a", 10).await.expect_err("a failure")
}

fn refusing(status: u16, code: &str) -> Temper {
    Temper::Answers(status, format!("<Error><Code>{code}</Code><Message>see s3cr3t</Message></Error>"))
}

#[tokio::test]
async fn an_object_is_written_once_read_listed_and_deleted_below_the_prefix() {
    let shelf = Shelf::new(Temper::Honest);
    let store = shelf.store("our/backups");
    assert_eq!(store.put_new("a/one", Bytes::from("1")).await.expect("written"), Put::Written);
    assert_eq!(store.put_new("a/one", Bytes::from("2")).await.expect("told"), Put::Exists);
    assert_eq!(store.get("a/one", 1).await.expect("read"), Some(Bytes::from("1")));
    assert_eq!(store.get("a/none", 1).await.expect("read"), None);
    shelf
        .objects
        .lock()
        .expect("not poisoned")
        .insert("our/backups/a key of others".to_owned(), Bytes::new());
    shelf.objects.lock().expect("not poisoned").insert("elsewhere/b".to_owned(), Bytes::new());
    for below in ["", "a"] {
        let listed = store.list(below).await.expect("listed");
        let written = "2026-11-24T00:00:00Z".parse().expect("a time");
        let one = ListedObject { name: "a/one".to_owned(), size: 1, modified: Some(written) };
        assert_eq!(listed, [one], "below `{below}`");
    }
    store.delete("a/one").await.expect("deleted");
    store.delete("a/one").await.expect("deleted twice is deleted");
    assert_eq!(store.list("").await.expect("listed"), []);
}

#[tokio::test]
async fn requests_go_to_the_endpoint_with_the_bucket_in_the_path_and_are_signed() {
    let shelf = Shelf::new(Temper::Honest);
    shelf.store("p").put_new("a/b", Bytes::from("x")).await.expect("written");
    let asked = shelf.asked.lock().expect("not poisoned");
    assert_eq!(asked[0].uri().to_string(), "http://127.0.0.1:9/bucket/p/a/b");
    let header =
        |name| asked[0].headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert!(
        header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=id/"),
        "{}",
        header("authorization")
    );
    assert_eq!((header("if-none-match"), header("x-amz-security-token")), ("*", "t0ken"));
}

#[tokio::test]
async fn the_probe_recognises_what_a_store_only_pretends_to_do() {
    let cases = [
        (Temper::Honest, ALL_WELL),
        (Temper::IgnoresConditions, Probed { honours_create: false, one_wins: false, ..ALL_WELL }),
        (Temper::LooksThenWrites, Probed { one_wins: false, ..ALL_WELL }),
        (Temper::Spoils, Probed { honours_create: false, one_wins: false, reads_back: false, lists: false }),
        (Temper::ListsNothing, Probed { lists: false, ..ALL_WELL }),
    ];
    for (temper, expected) in cases {
        let shelf = Shelf::new(temper.clone());
        assert_eq!(shelf.store("p").probe([1; 16]).await.expect("probed"), expected, "{temper:?}");
        assert!(shelf.objects.lock().expect("not poisoned").is_empty(), "the probe was removed");
    }
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let cases = [
        (403, "AccessDenied", Code::NotAuthorised),
        (403, "SignatureDoesNotMatch", Code::NotAuthenticated),
        (403, "InvalidAccessKeyId", Code::NotAuthenticated),
        (403, "RequestTimeTooSkewed", Code::ClockSkew),
        (404, "NoSuchBucket", Code::NotFound),
        (400, "AuthorizationHeaderMalformed", Code::ServiceRefused),
        (301, "PermanentRedirect", Code::ServiceRefused),
    ];
    for (status, code, expected) in cases {
        let error = failure(refusing(status, code)).await;
        assert_eq!(error.code(), expected, "{error:?}");
        assert!(texts(&error).contains(code), "{}", texts(&error));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_or_silent_service_is_tried_again_and_then_told() {
    for no_answer in [NoAnswer::Unreachable, NoAnswer::TimedOut] {
        let shelf = Shelf::new(Temper::Silent(no_answer));
        let error = shelf.store("").get("a", 10).await.expect_err("no answer");
        assert_eq!(error.code(), Code::Unreachable);
        assert_eq!(shelf.asked.lock().expect("not poisoned").len(), 5);
    }
    let shelf = Shelf::new(refusing(503, "SlowDown"));
    assert_eq!(shelf.store("").list("").await.expect_err("refused").code(), Code::ServiceRefused);
    assert_eq!(shelf.asked.lock().expect("not poisoned").len(), 5);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_repeated_blindly() {
    let shelf = Shelf::new(Temper::Silent(NoAnswer::TimedOut));
    shelf.store("").put_new("a", Bytes::new()).await.expect_err("no answer");
    assert_eq!(shelf.asked.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn no_text_tells_a_secret_or_what_the_service_wrote() {
    let shelf = Shelf::new(refusing(403, "<b>s3cr3t"));
    let store = shelf.store("p");
    let errors = [
        store.get("a", 10).await.expect_err("refused"),
        store.list("").await.expect_err("refused"),
        store.delete("a").await.expect_err("refused"),
        store.put_new("a", Bytes::new()).await.expect_err("refused"),
        failure(Temper::Answers(200, "s3cr3t beyond the limit".to_owned())).await,
        failure(Temper::Answers(302, "s3cr3t".to_owned())).await,
    ];
    for text in errors.iter().map(texts).chain([format!("{store} {store:?}")]) {
        assert!(!text.contains("s3cr3t") && !text.contains("t0ken"), "{text}");
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let short = Shelf::new(Temper::Honest);
    short.store("").put_new("a", Bytes::from("12345")).await.expect("written");
    let error = short.store("").get("a", 4).await.expect_err("too long");
    assert!(texts(&error).contains("longer than 4 bytes"), "{}", texts(&error));
    let pages = Shelf::new(Temper::EndlessPages).store("").list("").await;
    assert_eq!(pages.expect_err("never ends").code(), Code::UnexpectedAnswer);
    let nonsense = Shelf::new(Temper::Answers(200, "no XML".to_owned())).store("").list("").await;
    assert_eq!(nonsense.expect_err("no listing").code(), Code::UnexpectedAnswer);
}

#[test]
fn a_store_needs_credentials_and_an_endpoint_that_can_be_trusted() {
    let credentials = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "s3cr3t")];
    let refused = |bucket: &str, prefix: &str, more: &[(&str, &str)]| {
        let pairs =
            credentials.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        OffCloud::s3(Shelf::new(Temper::Honest), bucket, prefix, &pairs.collect()).err().map(|e| texts(&e))
    };
    let endpoint = |url: &str| refused("bucket", "p", &[("AWS_ENDPOINT_URL", url)]);
    assert_eq!(refused("bucket", "", &[("AWS_ENDPOINT_URL", "")]), None, "AWS itself");
    for good in ["https://s3.example.com", "http://127.0.0.1:3900", "http://[::1]:3900/"] {
        assert_eq!(endpoint(good), None, "{good}");
    }
    for bad in [
        "http://localhost:1",
        "http://192.0.2.1",
        "https://u:s3cr3t@example.com",
        "https://h/?a",
        "ftp://h",
        "x",
    ] {
        let text = endpoint(bad).expect("refused");
        assert!(text.starts_with("AWS_ENDPOINT_URL ") && !text.contains("s3cr3t"), "{text}");
    }
    let first =
        refused("bucket", "", &[("AWS_ENDPOINT_URL", "http://h"), ("AWS_ENDPOINT_URL_S3", "https://h")]);
    assert_eq!(first, None, "the one for S3 comes first");
    assert!(refused("bucket", "", &[("AWS_REGION", "a.b/c")]).expect("refused").contains("AWS_REGION"));
    for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        assert!(refused("bucket", "", &[(variable, "")]).expect("refused").contains(variable));
    }
    for bad in ["a", "a/b", "a..b", "-ab", "a b"] {
        assert!(refused(bad, "", &[]).is_some(), "{bad}");
    }
    assert!(refused("bucket", "../x", &[]).is_some());
}

#[tokio::test]
async fn without_an_endpoint_the_bucket_is_part_of_the_host_unless_it_has_dots() {
    for (bucket, start) in [
        ("my-bucket", "https://my-bucket.s3.eu-central-1.amazonaws.com/a"),
        ("my.bucket", "https://s3.eu-central-1.amazonaws.com/my.bucket/a"),
    ] {
        let shelf = Shelf::new(Temper::Honest);
        let pairs = [
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
        ];
        let environment: BTreeMap<_, _> =
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let http: Arc<Shelf> = shelf.clone();
        let store = OffCloud::s3(http, bucket, "", &environment).expect("a store");
        store.get("a", 1).await.expect("asked");
        assert_eq!(shelf.asked.lock().expect("not poisoned")[0].uri().to_string(), start);
    }
}
