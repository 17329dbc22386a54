//! The client against a scripted service.

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::SignedDuration;
use keyferry_core::model::{ObjectPlace, OciStore, Vault, VaultState, VaultType};
use keyferry_core::{Class, Explain};
use keyferry_ids::{RealmName, VaultId};
use keyferry_seams::{BoxFuture, NoAnswer, VirtualClock};
use keyferry_wire::signature::Authorization;
use keyferry_wire::{Json, ops};

use super::*;
use crate::PrivateKey;
use crate::signing::tests::VECTORS;

type Scripted = Result<Response<Bytes>, NoAnswer>;

/// Answers with what it was given, in order, and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Scripted>>,
    asked: Mutex<Vec<Request<Bytes>>>,
}

impl HttpSend for Script {
    fn send(&self, request: Request<Bytes>, max_reply: usize) -> BoxFuture<'_, Scripted> {
        self.asked.lock().expect("one thread").push(request);
        let answer =
            self.answers.lock().expect("one thread").pop_front().expect("no more calls than answers");
        Box::pin(std::future::ready(answer.and_then(|answer| {
            let fits = answer.body().len() <= max_reply;
            if fits { Ok(answer) } else { Err(NoAnswer::TooLarge { limit: max_reply }) }
        })))
    }
}

impl Observe for Mutex<Vec<CallRecord>> {
    fn called(&self, record: &CallRecord) {
        self.lock().expect("one thread").push(record.clone());
    }
}

struct World {
    script: Arc<Script>,
    clock: Arc<VirtualClock>,
    records: Arc<Mutex<Vec<CallRecord>>>,
    client: Client,
}

fn now() -> Timestamp {
    "2026-08-01T12:00:00Z".parse().expect("a time")
}

fn ashburn() -> Region {
    Region::parse("iad").expect("known")
}

fn world(answers: impl IntoIterator<Item = Scripted>) -> World {
    world_with(RetryPolicy::default(), Pace::UNLIMITED, answers)
}

fn world_with(retry: RetryPolicy, pace: Pace, answers: impl IntoIterator<Item = Scripted>) -> World {
    let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
    let clock = Arc::new(VirtualClock::new(now()));
    let records = Arc::new(Mutex::default());
    let credentials = Credentials::new(
        "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID"),
        "ocid1.user.oc1..bbbb".parse().expect("an OCID"),
        "aa:bb".to_owned(),
        None,
        PrivateKey::from_pem(VECTORS.as_bytes(), "the vectors").expect("a key"),
    );
    let client = Client::new(ClientConfig {
        http: script.clone(),
        clock: clock.clone(),
        seed: Seed::from_number(7),
        credentials,
        endpoints: Endpoints::of(RealmName::new("oc1")),
        retry,
        pace,
        observer: Some(records.clone()),
    });
    World { script, clock, records, client }
}

impl World {
    fn asked(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.script.asked.lock().expect("one thread"))
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Scripted {
    let mut response = Response::builder().status(status).header("opc-request-id", "theirs");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.into()).expect("a response"))
}

fn refusal(status: u16, code: &str) -> Scripted {
    answer(status, &[], format!(r#"{{"code":"{code}","message":"A sentence."}}"#))
}

fn header<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
    request.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

const VAULT: &str = "ocid1.vault.oc1.iad.ext.unique";

fn vault_json(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","compartmentId":"ocid1.tenancy.oc1..aaaa","cryptoEndpoint":"https://x-crypto.kms.us-ashburn-1.oraclecloud.com",
        "managementEndpoint":"https://x-management.kms.us-ashburn-1.oraclecloud.com","displayName":"payments",
        "lifecycleState":"SOMETHING_NEW","timeCreated":"2026-01-02T03:04:05Z","vaultType":"VIRTUAL_PRIVATE"}}"#
    )
}

fn vault_id() -> VaultId {
    VAULT.parse().expect("an OCID")
}

fn vault(management_endpoint: &str) -> Vault {
    Vault {
        id: vault_id(),
        name: "payments".to_owned(),
        region: ashburn(),
        compartment_id: "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID"),
        vault_type: VaultType::VirtualPrivate,
        lifecycle_state: VaultState::Active,
        management_endpoint: management_endpoint.to_owned(),
        crypto_endpoint: "https://x-crypto.kms.us-ashburn-1.oraclecloud.com".to_owned(),
        time_created: now(),
        time_of_deletion: None,
        restored_from: None,
        is_primary: true,
        is_replicable: None,
        wrapping_key_id: None,
        tags: Default::default(),
    }
}

fn object(region: &str) -> ObjectPlace {
    let region = Region::parse(region).expect("known");
    ObjectPlace {
        region,
        namespace: "ns".to_owned(),
        bucket: "b".to_owned(),
        name: "vaults/one.bak".to_owned(),
    }
}

#[tokio::test]
async fn each_attempt_is_signed_afresh_and_keeps_its_retry_token() {
    let world = world([
        Err(NoAnswer::TimedOut),
        refusal(409, "IncorrectState"),
        answer(200, &[("opc-work-request-id", "wr")], vault_json(VAULT)),
    ]);
    let (vault, work) = world
        .client
        .backup_vault(ashburn(), &vault_id(), (&object("iad"), None), true, Some("run-1-step-2"))
        .await
        .expect("the third attempt succeeds");
    assert_eq!(vault.lifecycle_state.as_str(), "SOMETHING_NEW");
    assert_eq!(work.as_deref(), Some("wr"));

    let asked = world.asked();
    let all = |name: &str| {
        asked.iter().map(|r| header(r, name).to_owned()).collect::<std::collections::HashSet<_>>()
    };
    assert_eq!(asked.len(), 3);
    assert_eq!(all("opc-retry-token"), ["run-1-step-2".to_owned()].into());
    for name in ["date", "opc-request-id", "authorization"] {
        assert_eq!(all(name).len(), 3, "{name} is new each time");
    }
    let id = header(&asked[0], "opc-request-id");
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)), "{id}");
    for request in &asked {
        let authorization = Authorization::parse(header(request, "authorization")).expect("readable");
        assert_eq!(
            authorization.headers.join(" "),
            "date (request-target) host content-length content-type x-content-sha256"
        );
        assert_eq!(header(request, "host"), "kms.us-ashburn-1.oraclecloud.com");
        assert!(header(request, "opc-client-info").starts_with("Keyferry/"));
    }
    let body: serde_json::Value = serde_json::from_slice(asked[0].body()).expect("JSON");
    assert_eq!(body["isIncludeKeys"], true);
    assert_eq!(body["backupLocation"]["objectName"], "vaults/one.bak");
}

#[tokio::test]
async fn every_attempt_is_told_to_the_observer() {
    let world = world([Err(NoAnswer::TimedOut), answer(200, &[], vault_json(VAULT))]);
    world.client.vault(ashburn(), &vault_id()).await.expect("the second attempt succeeds");
    let records = world.records.lock().expect("one thread").clone();
    let seen: Vec<_> = records.iter().map(|r| (r.attempt, r.status, r.opc_request_id.as_deref())).collect();
    assert_eq!(seen, [(1, None, None), (2, Some(200), Some("theirs"))]);
    assert!(records[1].time > records[0].time, "the clock moved while waiting");
}

#[tokio::test]
async fn a_record_tells_what_was_sent_and_how_long_it_stood_in_the_queue_but_no_secret() {
    let pace = Pace { per_second: Some(0.5), share: 1.0 };
    let world = world_with(
        RetryPolicy::default(),
        pace,
        [answer(200, &[], vault_json(VAULT)), answer(200, &[], "[]")],
    );
    world.client.vault(ashburn(), &vault_id()).await.expect("a vault");
    let root = "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID");
    world.client.vault_ids(ashburn(), &root).await.expect("listed");
    let records = world.records.lock().expect("one thread").clone();
    let told: Vec<_> = records.iter().map(|r| (r.path.to_string(), r.waited.as_secs(), r.took)).collect();
    assert_eq!(told[0], (format!("/20180608/vaults/{VAULT}"), 0, Duration::ZERO));
    assert_eq!(told[1], ("/20180608/vaults?compartmentId=…".to_owned(), 2, Duration::ZERO));
}

#[tokio::test]
async fn each_attempt_takes_its_turn_and_a_long_queue_is_no_reason_to_give_up() {
    let pace = Pace { per_second: Some(0.01), share: 1.0 };
    let vault = || answer(200, &[], vault_json(VAULT));
    let refused = || refusal(500, "InternalServerError");
    let world = world_with(
        RetryPolicy::default(),
        pace,
        [vault(), refused(), refused(), refused(), refused(), refused(), refused(), vault()],
    );
    for _ in 0..2 {
        world.client.vault(ashburn(), &vault_id()).await.expect("the last attempt succeeds");
    }
    let records = world.records.lock().expect("one thread").clone();
    for (one, next) in records.iter().zip(&records[1..]) {
        assert!(next.time.duration_since(one.time) >= SignedDuration::from_secs(99), "{next:?}");
    }
}

#[tokio::test]
async fn a_refusal_for_too_many_requests_holds_up_other_calls_of_that_kind() {
    let throttled =
        answer(429, &[("retry-after", "7")], r#"{"code":"TooManyRequests","message":"A sentence."}"#);
    let answers = [throttled, answer(200, &[], "\"ns\""), answer(200, &[], vault_json(VAULT))];
    let world = world_with(RetryPolicy::never(), Pace::DOCUMENTED, answers);
    let client = &world.client;
    assert!(client.vault(ashburn(), &vault_id()).await.expect_err("refused").is_throttled());
    client.namespace(ashburn()).await.expect("not of that kind");
    assert_eq!(world.clock.now(), now());
    client.vault(ashburn(), &vault_id()).await.expect("a vault");
    assert!(world.clock.now().duration_since(now()) >= SignedDuration::from_secs(7));
}

#[tokio::test]
async fn a_retry_token_is_made_for_an_operation_that_takes_one() {
    let world = world([answer(200, &[], vault_json(VAULT)), answer(200, &[], vault_json(VAULT))]);
    for _ in 0..2 {
        let scheduled = world.client.schedule_vault_deletion(ashburn(), &vault_id(), None, None).await;
        scheduled.expect("scheduled");
    }
    let asked = world.asked();
    let tokens: Vec<_> = asked.iter().map(|request| header(request, "opc-retry-token")).collect();
    assert_eq!(tokens[0].len(), 30);
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn equal_seeds_send_equal_requests() {
    let mut sent = Vec::new();
    for _ in 0..2 {
        let world = world([answer(200, &[], vault_json(VAULT))]);
        world.client.vault(ashburn(), &vault_id()).await.expect("a vault");
        sent.push(format!("{:?}", world.asked()));
    }
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn a_refusal_that_lasts_is_not_repeated() {
    let world = world([refusal(409, "Conflict")]);
    let error = world.client.vault(ashburn(), &vault_id()).await.expect_err("a conflict");
    assert!(error.is_conflict());
    assert_eq!(error.to_string(), "the service refused GetVault in us-ashburn-1: 409 Conflict: A sentence.");
    let site = error.call_site();
    assert_eq!((site.subject.as_deref(), site.opc_request_id.as_deref()), (Some(VAULT), Some("theirs")));
}

#[tokio::test]
async fn a_lost_region_is_given_up_soon_and_a_doubtful_attempt_is_not_forgotten() {
    let lost = world([Err(NoAnswer::Unreachable), Err(NoAnswer::Unreachable), Err(NoAnswer::Unreachable)]);
    let error = lost.client.vault(ashburn(), &vault_id()).await.expect_err("lost");
    assert!(error.is_unreachable() && !error.is_in_doubt());
    assert!(lost.clock.now().duration_since(now()) < SignedDuration::from_secs(10));

    let doubtful = world([Err(NoAnswer::TimedOut), Err(NoAnswer::Unreachable), Err(NoAnswer::Unreachable)]);
    let started =
        doubtful.client.backup_vault(ashburn(), &vault_id(), (&object("iad"), None), true, None).await;
    let error = started.expect_err("lost");
    assert!(error.is_unreachable() && error.is_in_doubt(), "the first attempt may have started a backup");
}

#[tokio::test]
async fn a_post_without_a_token_is_not_repeated_when_it_may_have_arrived() {
    let world = world([Err(NoAnswer::TimedOut)]);
    let root = "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID");
    let made = world.client.create_bucket(ashburn(), "namespace", "bucket", &root, None).await;
    assert!(made.expect_err("no answer").is_in_doubt());
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn a_copy_that_may_have_been_begun_is_asked_for_again_since_it_overwrites_nothing() {
    let copying = answer(202, &[("opc-work-request-id", "work")], "");
    let world = world([Err(NoAnswer::TimedOut), refusal(500, "InternalServerError"), copying]);
    let asked = world.client.copy_object(&object("iad"), &object("phx")).await;
    assert_eq!(asked.expect("accepted"), "work");
    assert_eq!(world.asked().len(), 3);
}

#[tokio::test]
async fn a_wrong_clock_is_told_from_wrong_credentials() {
    let at = |date: &'static str| async move {
        let body = r#"{"code":"NotAuthenticated","message":"A sentence."}"#;
        let world = world([answer(401, &[("date", date)], body)]);
        world.client.vault(ashburn(), &vault_id()).await.expect_err("refused")
    };
    let error = at("Sat, 01 Aug 2026 12:10:00 GMT").await;
    assert!(matches!(&error, Error::ClockSkew { by, .. } if by.as_secs() == -600), "{error}");
    assert!(error.to_string().ends_with("because this machine's clock is 10 minutes slow"), "{error}");
    assert_eq!(error.code().class(), Class::Authentication);

    let error = at("Sat, 01 Aug 2026 12:04:59 GMT").await;
    assert!(matches!(error, Error::NotAuthenticated { .. }), "{error}");
    assert_eq!(error.code().class(), Class::Authentication);
}

#[tokio::test]
async fn pages_end_with_a_missing_or_empty_header_and_not_with_an_empty_page() {
    let page = |token: Option<&str>, ids: &[&str]| {
        let items: Vec<_> = ids.iter().map(|id| vault_json(id)).collect();
        let headers: Vec<_> = token.map(|token| ("opc-next-page", token)).into_iter().collect();
        answer(200, &headers, format!("[{}]", items.join(",")))
    };
    let world = world([page(Some("a b"), &[VAULT]), page(Some("2"), &[]), page(Some(""), &[VAULT])]);
    let root = "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID");
    let listed = world.client.vault_ids(ashburn(), &root).await.expect("listed");
    assert_eq!(listed, [vault_id(), vault_id()]);
    let asked = world.asked();
    let queries: Vec<_> = asked.iter().map(|r| r.uri().query().unwrap_or_default()).collect();
    assert_eq!(
        queries,
        [
            "compartmentId=ocid1.tenancy.oc1..aaaa",
            "compartmentId=ocid1.tenancy.oc1..aaaa&page=a%20b",
            "compartmentId=ocid1.tenancy.oc1..aaaa&page=2"
        ]
    );
}

#[tokio::test]
async fn pages_that_go_in_circles_are_an_error() {
    let page = || answer(200, &[("opc-next-page", "1")], "[]");
    let world = world([page(), page()]);
    let root = "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID");
    let error = world.client.vault_ids(ashburn(), &root).await.expect_err("a circle");
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
}

#[tokio::test]
async fn objects_are_paged_by_the_next_name() {
    let page = |name: &str, next: &str| {
        answer(200, &[], format!(r#"{{"objects":[{{"name":"{name}","size":3}}],"nextStartWith":{next}}}"#))
    };
    let listing = world([page("a", "\"b\""), page("b", "null")]);
    let bucket: OciStore = "oci://b@ns/iad".parse().expect("a store");
    let listed = listing.client.list_objects(&bucket, "a/").await.expect("listed");
    let names: Vec<_> = listed.iter().map(|object| (object.name.as_str(), object.size)).collect();
    assert_eq!(names, [("a", 3), ("b", 3)]);
    let asked = listing.asked()[1].uri().query().map(str::to_owned);
    assert_eq!(asked.as_deref(), Some("prefix=a%2F&fields=name%2Csize%2CtimeModified&start=b"));

    let circle = world([page("a", "\"b\""), page("b", "\"b\"")]);
    assert!(matches!(circle.client.list_objects(&bucket, "").await, Err(Error::Unexpected { .. })));
}

#[tokio::test]
async fn an_object_body_is_not_hashed_and_its_name_is_one_segment() {
    let world = world([answer(200, &[("etag", "e"), ("opc-content-md5", "m")], "")]);
    let bytes = Bytes::from_static(b"BACKUP-BYTES");
    let facts = world.client.put_object(&object("iad"), bytes, true).await.expect("written");
    assert_eq!((facts.size, facts.etag.as_deref(), facts.md5.as_deref()), (12, Some("e"), Some("m")));
    let asked = world.asked();
    assert_eq!(asked[0].uri().path(), "/n/ns/b/b/o/vaults%2Fone.bak");
    assert_eq!(header(&asked[0], "if-none-match"), "*");
    assert_eq!(header(&asked[0], "x-content-sha256"), "");
    let authorization = Authorization::parse(header(&asked[0], "authorization")).expect("readable");
    assert_eq!(authorization.headers, ["date", "(request-target)", "host"]);
}

#[tokio::test]
async fn what_is_absent_is_none_and_what_is_refused_is_an_error() {
    let world = world([answer(404, &[], ""), refusal(404, "BucketNotFound"), refusal(403, "NotAuthorized")]);
    assert_eq!(world.client.head_object(&object("iad")).await.expect("asked"), None);
    assert_eq!(world.client.bucket(ashburn(), "ns", "b").await.expect("asked"), None);
    let error = world.client.bucket(ashburn(), "ns", "b").await.expect_err("forbidden");
    assert!(error.is_forbidden());
}

#[tokio::test]
async fn nothing_is_sent_to_a_host_outside_the_realm() {
    let world = world([]);
    let root = "ocid1.tenancy.oc1..aaaa".parse().expect("an OCID");
    let error = world.client.key_ids(&vault("https://evil.example"), &root).await.expect_err("foreign");
    assert!(matches!(&error, Error::ForeignHost { host, .. } if host == "https://evil.example"), "{error}");
    assert_eq!(error.code().class(), Class::Refused);

    let other = Region::parse("us-gov-ashburn-1").expect("known");
    let error = world.client.namespace(other).await.expect_err("another realm");
    assert_eq!(error.code().class(), Class::Refused);
    let backup = world.client.backup_vault(ashburn(), &vault_id(), (&object("phx"), None), true, None).await;
    assert_eq!(backup.expect_err("a bucket elsewhere").code().class(), Class::Refused);
}

#[tokio::test]
async fn redirects_and_long_answers_are_not_taken() {
    let world = world([
        answer(302, &[("location", "https://evil.example")], ""),
        answer(200, &[], vec![b' '; LONGEST_JSON + 1]),
        answer(200, &[], "four"),
    ]);
    let error = world.client.vault(ashburn(), &vault_id()).await.expect_err("a redirect");
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
    let error = world.client.vault(ashburn(), &vault_id()).await.expect_err("a flood");
    assert!(
        matches!(error, Error::NoAnswer { source: NoAnswer::TooLarge { .. }, .. }) && !error.is_unreachable()
    );
    let error = world.client.object(&object("iad"), 3).await.expect_err("longer than asked for");
    assert!(matches!(error, Error::NoAnswer { source: NoAnswer::TooLarge { limit: 3 }, .. }));
}

#[tokio::test]
async fn an_odd_identifier_is_an_error_that_names_its_field() {
    let world = world([answer(200, &[], vault_json("ocid1.key.oc1.iad.ext.unique"))]);
    let error = world.client.vault(ashburn(), &vault_id()).await.expect_err("a key as vault");
    assert!(matches!(&error, Error::Decode { field: "id", .. }), "{error}");
    assert!(error.to_string().contains("expected the OCID of a vault, found the OCID of a key"), "{error}");
}

#[tokio::test]
async fn a_plaintext_has_to_fit_its_checksum() {
    let decrypted = |checksum: &str| {
        answer(200, &[], format!(r#"{{"plaintext":"SEVMTE8gV09STEQ=","plaintextChecksum":"{checksum}"}}"#))
    };
    let world =
        world([decrypted("2279966299"), decrypted("1"), answer(200, &[], r#"{"plaintext":"s3cr3t!"}"#)]);
    let key = "ocid1.key.oc1.iad.ext.k".parse().expect("an OCID");
    let vault = vault("https://x-management.kms.us-ashburn-1.oraclecloud.com");
    let no_data = Default::default();
    let open = || world.client.decrypt(&vault, &key, None, b"c", &no_data, "AES_256_GCM");
    // Published by Oracle: the CRC-32 of "HELLO WORLD".
    assert_eq!(open().await.expect("opened").as_slice(), b"HELLO WORLD");
    assert!(matches!(open().await, Err(Error::Unexpected { .. })));
    let error = open().await.expect_err("no checksum");
    assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
}

#[tokio::test]
async fn what_the_service_says_is_bounded_and_harmless_on_a_terminal() {
    let long = "x".repeat(10_000);
    let world = world([answer(400, &[], format!("\u{1b}[2J{long}")), answer(200, &[], "nonsense")]);
    let error = world.client.vault(ashburn(), &vault_id()).await.expect_err("refused").to_string();
    assert!(error.len() < 1_000 && !error.contains('\u{1b}'), "{error}");
    let error = world.client.vault(ashburn(), &vault_id()).await.expect_err("no JSON");
    assert!(matches!(error, Error::Decode { field: "body", .. }), "{error}");
}

#[tokio::test]
async fn names_that_would_change_the_path_are_not_sent() {
    let world = world([]);
    let place = ObjectPlace { name: "..".to_owned(), ..object("iad") };
    let error = world.client.head_object(&place).await.expect_err("a dot segment");
    assert!(matches!(error, Error::NotSent { source: NotSent::Path(_), .. }), "{error}");
}

#[tokio::test]
async fn a_raw_call_gives_tag_and_headers() {
    let world = world([answer(200, &[("etag", "\"e\"")], "\"ns\"")]);
    let reply = world.client.call::<ops::GetNamespace>(Call::new(Place::Region(ashburn()), &())).await;
    let reply = reply.expect("a namespace");
    assert_eq!((reply.body, reply.etag.as_deref()), (Json("ns".to_owned()), Some("\"e\"")));
}

#[test]
fn a_client_does_not_show_its_secrets() {
    let shown = format!("{:?}", world([]).client);
    assert!(!shown.contains("PRIVATE") && !shown.contains("aa:bb/"), "{shown}");
    assert!(shown.contains("Seed(..)"), "{shown}");
}
