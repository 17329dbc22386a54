//! Faults: each goes wrong as it says, as often as it says, and where it says.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use keyferry_wire::OperationName;
use serde_json::{Value, json};

use super::vault_testing::{
    BUCKET, TestVault, aes, ask_for_restore, compartment, restore, settle, text, upload, work_request,
};
use crate::testing::{Client, fra, good, header, iad, refused};
use crate::{Answer, Disturbance, Effect, Fault, RealmError, Spoiled};

fn status_of(status: u16) -> Effect {
    Effect::Status { status, code: None, retry_after: None }
}

fn unavailable() -> Effect {
    status_of(503)
}

fn with_bucket(effect: Effect) -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    client.realm.add_fault(Fault::new(effect)).expect("a good rule");
    client
}

/// The status of a GET of the namespace.
fn status(client: &Client) -> u16 {
    client.send(Method::GET, iad(), "/n", &[], b"").status().as_u16()
}

fn statuses(client: &Client, count: usize) -> Vec<u16> {
    (0..count).map(|_| status(client)).collect()
}

/// Vault, key with two versions and a ciphertext of each, backed up and carried to Frankfurt.
fn carried(client: &Client) -> (TestVault<'_>, String, [String; 2]) {
    let vault = TestVault::create(client, iad(), "v");
    let key = vault.key("k", &aes());
    let first = vault.encrypt(&key, "first");
    vault.rotate(&key);
    let second = vault.encrypt(&key, "second");
    assert_eq!(vault.backup("o", true)["status"], "SUCCEEDED");
    upload(client, fra(), "o", &vault.bytes_of("o"));
    (vault, key, [first, second])
}

fn decrypts(vault: &TestVault<'_>, key: &str, ciphertext: &str) -> u16 {
    vault.ask("decrypt", &json!({"keyId": key, "ciphertext": ciphertext})).status().as_u16()
}

fn only_key(vault: &TestVault<'_>, compartment: &str) -> Option<String> {
    vault.keys(compartment).first().map(|key| text(key, "id").to_owned())
}

#[test]
fn a_rule_spares_the_first_and_ends_after_its_times_and_is_counted() {
    let client = Client::new();
    let rule = Fault {
        after: 1,
        times: Some(2),
        ..Fault::new(Effect::Status { status: 429, code: None, retry_after: Some(7) })
    };
    let id = client.realm.add_fault(rule).expect("a good rule").id;
    assert_eq!(status(&client), 200);
    let answer = client.send(Method::GET, iad(), "/n", &[], b"");
    assert_eq!(refused(&answer), (429, "TooManyRequests".to_owned()));
    assert_eq!(header(&answer, "retry-after"), "7");
    assert_eq!(statuses(&client, 3), [429, 200, 200]);
    let record = client.realm.faults().remove(0);
    assert_eq!((record.id, record.seen, record.hit), (id, 5, 2));
    assert!(client.realm.log()[1].reason.as_ref().is_some_and(|reason| reason.contains("asked for")));
}

#[test]
fn a_rule_holds_for_its_region_and_operation_until_it_is_taken_away() {
    let client = Client::new();
    let rule = Fault {
        region: Some(iad()),
        operation: Some(OperationName::GetNamespace),
        ..Fault::new(unavailable())
    };
    let id = client.realm.add_fault(rule).expect("a good rule").id;
    assert_eq!(status(&client), 503);
    assert_eq!(client.send(Method::GET, fra(), "/n", &[], b"").status(), 200);
    client.get(iad(), "/20160918/regions");
    client.realm.remove_fault(id).expect("there is one");
    assert_eq!(status(&client), 200);
    assert!(matches!(client.realm.remove_fault(id), Err(RealmError::NoFault(_))));
    client.realm.add_fault(Fault::new(unavailable())).expect("a good rule");
    client.realm.clear_faults().expect("cleared");
    assert_eq!((status(&client), client.realm.faults()), (200, Vec::new()));
}

#[test]
fn chance_follows_from_the_seed() {
    let run = || {
        let client = Client::new();
        let rule = Fault { probability: Some(0.5), ..Fault::new(unavailable()) };
        client.realm.add_fault(rule).expect("a good rule");
        statuses(&client, 200)
    };
    let first = run();
    assert_eq!(first, run());
    let hits = first.iter().filter(|status| **status == 503).count();
    assert!((60..=140).contains(&hits), "{hits} of 200");
}

#[test]
fn rules_that_can_not_hold_are_refused() {
    let client = Client::new();
    for rule in [
        Fault { probability: Some(1.5), ..Fault::new(unavailable()) },
        Fault::new(status_of(200)),
        Fault::new(Effect::Status { status: 400, code: Some("two words".to_owned()), retry_after: None }),
    ] {
        assert!(matches!(client.realm.add_fault(rule), Err(RealmError::Fault(_))));
    }
    let elsewhere = keyferry_ids::Region::parse("nrt").expect("known");
    let rule = Fault { region: Some(elsewhere), ..Fault::new(unavailable()) };
    assert!(matches!(client.realm.add_fault(rule), Err(RealmError::OtherRegion(_))));
}

#[test]
fn faults_on_the_way_leave_the_request_done() {
    let sent = |effect| {
        let client = with_bucket(effect);
        let body = vec![b'x'; 100];
        let url =
            format!("{}{}", client.realm.endpoint(iad()).expect("a region"), client.object_path(BUCKET, "o"));
        let request = client.signed(&Method::PUT, &url, &[], &body);
        assert!(matches!(client.realm.handle(&request, client.now()), Answer::Disturbed(..)));
        let request = client.signed(&Method::GET, &url, &[], b"");
        match client.realm.handle(&request, client.now()) {
            Answer::Disturbed(response, disturbance) => (response, disturbance),
            other => panic!("{other:?}"),
        }
    };
    let (late, disturbance) = sent(Effect::Delay { milliseconds: 1500 });
    assert_eq!((late.body().len(), disturbance.delay), (100, Duration::from_millis(1500)));
    let (truncated, _) = sent(Effect::Truncate);
    assert_eq!((truncated.body().len(), header(&truncated, "content-length")), (50, "50"));
    let (broken, disturbance) = sent(Effect::Reset);
    assert_eq!(header(&broken, "content-length"), "100");
    assert_eq!(disturbance, Disturbance { is_broken: true, ..Disturbance::default() });
}

#[test]
fn a_list_omits_a_compartment_that_is_there() {
    let client = Client::new();
    let (seen, hidden) = (compartment(&client, "seen"), compartment(&client, "hidden"));
    let list = || client.get(iad(), &format!("/20160918/compartments?compartmentId={}", client.tenancy()));
    let names = |list: &Value| -> Vec<String> {
        list.as_array().expect("a list").iter().map(|item| text(item, "id").to_owned()).collect()
    };
    assert_eq!(names(&list()).len(), 2);
    client
        .realm
        .add_fault(Fault::new(Effect::OmitCompartment { compartment: "hidden".to_owned() }))
        .expect("a good rule");
    assert_eq!(names(&list()), [seen]);
    client.get(iad(), &format!("/20160918/compartments/{hidden}"));
}

#[test]
fn a_backup_succeeds_and_its_object_is_not_what_it_should_be() {
    let backed_up = |how: Option<Spoiled>| {
        let client = Client::new();
        client.bucket(iad(), BUCKET);
        if let Some(how) = how {
            client.realm.add_fault(Fault::new(Effect::BackupObject { how })).expect("a good rule");
        }
        let vault = TestVault::create(&client, iad(), "v");
        assert_eq!(vault.backup("o", true)["status"], "SUCCEEDED");
        assert_eq!(vault.state(), "ACTIVE");
        let answer = client.send(Method::GET, iad(), &client.object_path(BUCKET, "o"), &[], b"");
        if answer.status() == 200 {
            let md5 = crate::checksum::md5(answer.body());
            assert_eq!(header(&answer, "content-md5"), md5, "storage is honest about what it has");
            let again = ask_for_restore(&client, iad(), &client.tenancy(), "o").status().as_u16();
            (Some(answer.into_body()), again)
        } else {
            (None, answer.status().as_u16())
        }
    };
    let (good, _) = backed_up(None);
    let good = good.expect("a backup file");
    assert_eq!(backed_up(Some(Spoiled::Absent)), (None, 404));
    assert_eq!(backed_up(Some(Spoiled::Truncated)), (Some(good.slice(..good.len() / 2)), 400));
    let (altered, status) = backed_up(Some(Spoiled::Altered));
    let altered: Bytes = altered.expect("an object");
    assert_eq!((altered.len(), status), (good.len(), 400));
    assert_ne!(altered, good);
}

#[test]
fn a_restore_brings_back_one_version_with_other_material() {
    let client = with_bucket(Effect::OtherMaterial);
    let (_, _, ciphertexts) = carried(&client);
    let restored = restore(&client, fra(), "o");
    let key = only_key(&restored, &client.tenancy()).expect("the key came along");
    assert_eq!(restored.versions(&key).len(), 2);
    let opened: Vec<_> = ciphertexts.iter().map(|c| decrypts(&restored, &key, c)).collect();
    assert_eq!(opened.iter().filter(|status| **status == 200).count(), 1, "{opened:?}");
}

#[test]
fn a_restore_leaves_out_a_version_that_is_not_current() {
    let client = with_bucket(Effect::VersionMissing);
    let (_, _, [first, second]) = carried(&client);
    let restored = restore(&client, fra(), "o");
    let key = only_key(&restored, &client.tenancy()).expect("the key came along");
    assert_eq!(restored.versions(&key).len(), 1);
    assert_eq!((decrypts(&restored, &key, &first), decrypts(&restored, &key, &second)), (400, 200));
}

#[test]
fn a_restore_puts_a_key_into_another_compartment() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    let elsewhere = compartment(&client, "elsewhere");
    let effect = Effect::KeyInOtherCompartment { compartment_id: Some(elsewhere.clone()) };
    client.realm.add_fault(Fault::new(effect)).expect("a good rule");
    carried(&client);
    let restored = restore(&client, fra(), "o");
    assert_eq!(only_key(&restored, &client.tenancy()), None);
    assert!(only_key(&restored, &elsewhere).is_some());
}

#[test]
fn a_restored_key_works_only_after_a_while() {
    let client = with_bucket(Effect::RestoredKeyFails { seconds: 60 });
    let (vault, old, [first, _]) = carried(&client);
    let restored = restore(&client, fra(), "o");
    let key = only_key(&restored, &client.tenancy()).expect("the key came along");
    assert_eq!(decrypts(&restored, &key, &first), 500);
    assert_eq!(decrypts(&vault, &old, &first), 200, "others are well");
    assert_eq!(restored.key_now(&key)["lifecycleState"], "ENABLED", "it does not look ill");
    client.wait(Duration::from_secs(60));
    assert_eq!(decrypts(&restored, &key, &first), 200);
}

#[test]
fn nobody_answers_at_a_new_vaults_endpoints_for_a_while() {
    let client = with_bucket(Effect::NewEndpointSilent { seconds: 60 });
    let vault = TestVault::create(&client, iad(), "v");
    let ask = || {
        let url = format!("{}/20180608/keys?compartmentId={}", vault.management, client.tenancy());
        client.realm.handle(&client.signed(&Method::GET, &url, &[], b""), client.now())
    };
    assert!(matches!(ask(), Answer::Refuse));
    assert_eq!(vault.state(), "ACTIVE", "the regional endpoint answers");
    client.wait(Duration::from_secs(60));
    assert!(matches!(ask(), Answer::Reply(response) if response.status() == 200));
}

#[test]
fn nothing_is_read_or_written_in_a_bucket_whose_key_is_disabled() {
    let client = with_bucket(Effect::BucketKeyDisabled { bucket: BUCKET.to_owned() });
    let put = client.send(Method::PUT, iad(), &client.object_path(BUCKET, "o"), &[], b"x");
    assert_eq!(refused(&put), (409, "Conflict".to_owned()));
    client.bucket(iad(), "other");
    good(&client.send(Method::PUT, iad(), &client.object_path("other", "o"), &[], b"x"));
    client.get(iad(), &format!("/n/{}/b/{BUCKET}", client.realm.identity().namespace));
}

#[test]
fn work_fails_and_leaves_the_vault_as_it_was() {
    let client = with_bucket(Effect::WorkFails);
    let vault = TestVault::create(&client, iad(), "v");
    assert_eq!(vault.backup("o", true)["status"], "FAILED");
    assert_eq!(vault.state(), "ACTIVE");
    assert_eq!(client.send(Method::GET, iad(), &client.object_path(BUCKET, "o"), &[], b"").status(), 404);

    client.realm.clear_faults().expect("cleared");
    carried(&client);
    client.realm.add_fault(Fault::new(Effect::WorkFails)).expect("a good rule");
    let answer = ask_for_restore(&client, fra(), &client.tenancy(), "o");
    let id = text(&good(&answer), "id").to_owned();
    settle(&client);
    let ended = work_request(&client, fra(), header(&answer, "opc-work-request-id"));
    assert_eq!(ended["status"], "FAILED");
    assert_eq!(client.get(fra(), &format!("/20180608/vaults/{id}"))["lifecycleState"], "DELETED");
}

#[test]
fn stuck_work_is_never_done() {
    let client = with_bucket(Effect::WorkStuck);
    let vault = TestVault::create(&client, iad(), "v");
    let started = vault.backup("o", true);
    client.wait(Duration::from_secs(24 * 60 * 60));
    let later = work_request(&client, iad(), text(&started, "id"));
    assert_eq!((&later["status"], &later["percentComplete"]), (&json!("IN_PROGRESS"), &json!(99.0)));
    assert_eq!(vault.state(), "BACKUP_IN_PROGRESS");
}

#[test]
fn ten_requests_a_second_of_each_kind_and_region_and_the_eleventh_waits() {
    let client = Client::new();
    client.realm.set_rate_limits(true);
    let list = |region| {
        let target = format!("/20180608/vaults?compartmentId={}", client.tenancy());
        client.send(Method::GET, region, &target, &[], b"")
    };
    for _ in 0..10 {
        good(&list(iad()));
    }
    let refusal = list(iad());
    assert_eq!(refused(&refusal), (429, "TooManyRequests".to_owned()));
    assert_eq!(header(&refusal, "retry-after"), "1");
    good(&list(fra()));
    TestVault::create(&client, iad(), "writes are another kind");
    for _ in 0..20 {
        assert_eq!(status(&client), 200, "object storage names no limit");
    }
    client.wait(Duration::from_millis(100));
    good(&list(iad()));
    client.realm.set_rate_limits(false);
    for _ in 0..20 {
        good(&list(iad()));
    }
}
