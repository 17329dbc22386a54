//! The conduct that all operations share.

use http::Method;
use serde_json::json;

use super::*;
use crate::Down;
use crate::testing::{Client, fra, good, header, iad, refused};

fn status(answer: &Answer) -> u16 {
    match answer {
        Answer::Reply(response) => response.status().as_u16(),
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn strangers_learn_nothing() {
    let client = Client::new();
    let not_authenticated = (401, "NotAuthenticated".to_owned());
    for (target, expected) in [
        ("/20180608/vaults?compartmentId=x", not_authenticated.clone()),
        ("/no/such/path", not_authenticated),
        ("/p/token/n/ns/b/b/o/o", (404, "BucketNotFound".to_owned())),
    ] {
        let url = format!("http://127.0.0.1:7001{target}");
        let request = Request::get(&url).body(Bytes::new()).expect("a request");
        let Answer::Reply(response) = client.realm.handle(&request, client.now()) else {
            panic!("an answer")
        };
        assert_eq!(refused(&response), expected);
        assert_eq!(header(&response, "opc-request-id").split('/').count(), 3);
    }
    let log = client.realm.log();
    assert!(log[0].reason.as_ref().is_some_and(|reason| reason.contains("no Authorization header")));
    assert_eq!(log[2].target, "/p/.../n/ns/b/b/o/o");
    assert!(log.iter().all(|line| line.principal.is_none()));
}

#[test]
fn the_clock_can_be_read_without_a_signature() {
    let client = Client::new();
    let request = Request::head("http://127.0.0.1:7001/").body(Bytes::new()).expect("a request");
    let Answer::Reply(response) = client.realm.handle(&request, client.now()) else { panic!("an answer") };
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "date"), "Sat, 01 Aug 2026 12:00:00 GMT");
}

#[test]
fn a_clock_that_is_off_by_ten_minutes_is_a_401_and_the_log_says_why() {
    let client = Client::new();
    let request = client.signed(&Method::GET, "http://127.0.0.1:7001/n", &[], b"");
    let later = client.now() + jiff::SignedDuration::from_mins(10);
    assert_eq!(status(&client.realm.handle(&request, later)), 401);
    let log = client.realm.log();
    let reason = log[0].reason.as_deref().expect("a reason");
    assert_eq!(reason, "NotAuthenticated: the signed date is 600 seconds from the realm's clock");
}

#[test]
fn the_clients_request_id_leads_and_errors_have_one_too() {
    let client = Client::new();
    let response = client.send(Method::GET, iad(), "/n", &[("opc-request-id", "ABC/def")], b"");
    assert!(header(&response, "opc-request-id").starts_with("ABC/"));
    let missing = client.send(Method::GET, iad(), "/none", &[], b"");
    assert_eq!(refused(&missing), (404, "NotFound".to_owned()));
    let ids: Vec<_> = client.realm.log().into_iter().filter_map(|line| line.opc_request_id).collect();
    assert_eq!(ids, [header(&response, "opc-request-id"), header(&missing, "opc-request-id")]);
    assert_eq!(refused(&client.send(Method::POST, iad(), "/20160918/regions", &[], b"")).0, 405);
}

#[test]
fn a_region_goes_down_in_four_ways() {
    let client = Client::new();
    client.bucket(iad(), "b");
    let asked = || {
        let request = client.signed(&Method::GET, "http://127.0.0.1:7001/n", &[], b"");
        client.realm.handle(&request, client.now())
    };
    let down = |how| client.realm.region_down(iad(), how, client.now()).expect("a region of the realm");
    down(Down::Refuse);
    assert!(matches!(asked(), Answer::Refuse));
    down(Down::Hang);
    assert!(matches!(asked(), Answer::Hang));
    down(Down::Unavailable);
    assert_eq!(status(&asked()), 503);
    assert_eq!(client.get(fra(), "/n"), json!(client.realm.identity().namespace), "others are up");
    client.realm.region_up(iad(), client.now()).expect("a region of the realm");
    let bucket = format!("/n/{}/b/b", client.realm.identity().namespace);
    assert_eq!(client.get(iad(), &bucket)["name"], "b", "nothing was lost");
    down(Down::Destroyed);
    assert!(matches!(asked(), Answer::Refuse));
    client.realm.region_up(iad(), client.now()).expect("a region of the realm");
    let gone = client.send(Method::GET, iad(), &bucket, &[], b"");
    assert_eq!(refused(&gone), (404, "BucketNotFound".to_owned()));
}

#[test]
fn nobody_listens_at_other_addresses() {
    let client = Client::new();
    let request = client.signed(&Method::GET, "http://127.0.0.1:7009/n", &[], b"");
    assert!(matches!(client.realm.handle(&request, client.now()), Answer::Refuse));
}

#[test]
fn a_retry_token_makes_a_repeated_create_harmless_for_a_day() {
    let client = Client::new();
    let create = |name: &str| {
        let body = json!({"compartmentId": client.tenancy(), "name": name, "description": "d"}).to_string();
        let token = [("opc-retry-token", "T1")];
        client.send(Method::POST, iad(), "/20160918/compartments", &token, body.as_bytes())
    };
    let first = create("one");
    let again = create("one");
    assert_eq!(good(&first), good(&again));
    assert_eq!(header(&first, "etag"), header(&again, "etag"));
    assert_ne!(header(&first, "opc-request-id"), header(&again, "opc-request-id"));
    assert_eq!(refused(&create("two")), (409, "InvalidatedRetryToken".to_owned()));
    client.wait(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(refused(&create("one")), (409, "CompartmentAlreadyExists".to_owned()));
    good(&create("two"));
}

#[test]
fn equal_seeds_and_requests_give_equal_answers() {
    let run = || {
        let client = Client::new();
        let body = json!({"compartmentId": client.tenancy(), "name": "c", "description": "d"});
        let created = client.post(iad(), "/20160918/compartments", &body);
        (created, client.realm.log())
    };
    assert_eq!(run(), run());
}

#[test]
fn regions_of_one_realm_and_each_once() {
    let config = |regions: &[&str]| {
        let regions = regions.iter().map(|name| Region::parse(name).expect("known")).collect();
        let seed = Seed::from_number(1);
        Realm::new(RealmConfig {
            identity: Identity::mint(regions, &seed),
            seed: seed.clone(),
            root_key: seed,
            api_key: ApiKey::from_pem(crate::testing::VECTORS).expect("the vectors' key"),
            latency: Latency::none(),
            semantics: Semantics::default(),
        })
    };
    assert!(matches!(config(&[]), Err(RealmError::NoRegion)));
    assert!(matches!(config(&["iad", "iad"]), Err(RealmError::TwiceTheSame(_))));
    assert!(matches!(config(&["eu-frankfurt-1", "eu-frankfurt-2"]), Err(RealmError::SeveralRealms(..))));
}
