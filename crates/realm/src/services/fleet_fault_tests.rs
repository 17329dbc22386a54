//! Faults as fleets meet them: in one vault of many, in a few of all calls, in what cannot be seen.

use http::{Method, Response};
use keyferry_wire::OperationName as Op;
use serde_json::{Value, json};

use super::vault_testing::{
    BUCKET, TestVault, aes, compartment, failure, location, par, settle, succeeds, text, work_request,
};
use crate::testing::{Client, fra, good, header, iad, refused};
use crate::{Answer, Effect, Fault, Secret};

fn realm() -> Client {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    client.bucket(fra(), BUCKET);
    client
}

fn backup_to(vault: &TestVault<'_>, location: &Value) -> Response<bytes::Bytes> {
    vault.act("backup", &json!({"backupLocation": location, "isIncludeKeys": true}))
}

#[test]
fn the_backup_of_one_vault_always_fails_and_the_others_go_on() {
    let client = realm();
    let vaults = ["a", "b", "c"].map(|name| TestVault::create(&client, iad(), name));
    let resource = Some(vaults[1].id.clone());
    let rule = Fault { operation: Some(Op::BackupVault), resource, ..Fault::new(Effect::WorkFails) };
    client.realm.add_fault(rule).expect("a good rule");
    for round in 0..2 {
        let ended =
            |vault: &TestVault<'_>| vault.backup(&format!("{}-{round}", vault.id), true)["status"].clone();
        assert_eq!(vaults.each_ref().map(ended), ["SUCCEEDED", "FAILED", "SUCCEEDED"]);
    }
    let record = client.realm.faults().remove(0);
    assert_eq!((record.seen, record.hit), (2, 2), "others are not even counted");
}

#[test]
fn a_rule_for_one_vault_holds_at_its_own_endpoints_and_wherever_it_is_named() {
    let client = realm();
    let (ill, well) = (TestVault::create(&client, iad(), "ill"), TestVault::create(&client, iad(), "well"));
    let key = ill.key("k", &aes());
    let status = Effect::Status { status: 503, code: None, retry_after: None };
    client
        .realm
        .add_fault(Fault { resource: Some(ill.id.clone()), ..Fault::new(status) })
        .expect("a good rule");
    let keys = format!("/keys?compartmentId={}", client.tenancy());
    let statuses = |vault: &TestVault<'_>| {
        let asked = [
            client.send(Method::GET, iad(), &format!("/20180608/vaults/{}", vault.id), &[], b""),
            vault.manage(&keys, None),
            vault.manage(&format!("/keys/{key}"), None),
            vault.ask("encrypt", &json!({"keyId": key, "plaintext": "eA=="})),
            client.send(
                Method::GET,
                iad(),
                &format!("/20180608/secrets?compartmentId={}&vaultId={}", client.tenancy(), vault.id),
                &[],
                b"",
            ),
        ];
        asked.map(|answer| answer.status().as_u16())
    };
    assert_eq!(statuses(&ill), [503; 5]);
    assert_eq!(statuses(&well), [200, 200, 404, 404, 200], "the key is none of this vault's");
    good(&client.send(
        Method::GET,
        iad(),
        &format!("/20180608/vaults?compartmentId={}", client.tenancy()),
        &[],
        b"",
    ));
}

#[test]
fn a_few_of_all_calls_fail_in_different_ways_that_follow_from_the_seed() {
    let run = || {
        let client = Client::new();
        for effect in [
            Effect::Status { status: 429, code: None, retry_after: None },
            Effect::Status { status: 500, code: None, retry_after: None },
            Effect::Reset,
        ] {
            client
                .realm
                .add_fault(Fault { probability: Some(0.0067), ..Fault::new(effect) })
                .expect("a good rule");
        }
        let url = format!("{}/n", client.realm.endpoint(iad()).expect("a region"));
        let request = client.signed(&Method::GET, &url, &[], b"");
        let ask = |_| match client.realm.handle(&request, client.now()) {
            Answer::Reply(response) => response.status().as_u16(),
            Answer::Disturbed(..) => 0,
            other => panic!("{other:?}"),
        };
        (0..3000).map(ask).collect::<Vec<u16>>()
    };
    let first = run();
    assert_eq!(first, run());
    let count = |wanted: u16| first.iter().filter(|status| **status == wanted).count();
    for kind in [429, 500, 0] {
        assert!((5..=45).contains(&count(kind)), "{kind}: {} of 3000", count(kind));
    }
    assert!((30..=95).contains(&(3000 - count(200))), "two in a hundred, more or less");
}

#[test]
fn what_lies_in_a_hidden_compartment_is_in_no_list_and_still_counts() {
    let client = realm();
    let (open, hidden) = (compartment(&client, "open"), compartment(&client, "hidden"));
    let vault = TestVault::create(&client, iad(), "v");
    for (name, place) in [("k1", &open), ("k2", &hidden), ("k3", &hidden)] {
        vault.key_in(name, &aes(), place, "HSM");
    }
    TestVault::create_in(&client, iad(), "in there", &hidden, "DEFAULT");
    let secret = Secret {
        region: iad(),
        vault_id: vault.id.clone(),
        compartment_id: hidden.clone(),
        name: "s".to_owned(),
        key_id: None,
    };
    client.realm.seed_secret(&secret, client.now()).expect("a region");
    let lists = |place: &str| {
        let count = |answer: Response<bytes::Bytes>| {
            let more = answer.headers().contains_key("opc-next-page");
            (good(&answer).as_array().expect("a list").len(), more)
        };
        let regional = |path: &str| {
            let target = format!("/20180608/{path}?compartmentId={place}&limit=1");
            count(client.send(Method::GET, iad(), &target, &[], b""))
        };
        let keys = count(vault.manage(&format!("/keys?compartmentId={place}&limit=1"), None));
        [regional("vaults"), keys, regional("secrets")]
    };
    assert_eq!(lists(&hidden), [(1, false), (1, true), (1, false)]);
    for compartment in ["hidden".to_owned(), hidden.clone()] {
        let rule =
            client.realm.add_fault(Fault::new(Effect::HideContent { compartment })).expect("a good rule");
        assert_eq!(lists(&hidden), [(0, false); 3]);
        assert_eq!(lists(&open)[1], (1, false));
        client.realm.remove_fault(rule.id).expect("there is one");
    }
    client.realm.add_fault(Fault::new(Effect::HideContent { compartment: hidden })).expect("a good rule");
    let usage = client.get(iad(), &format!("/20180608/vaults/{}/usage", vault.id));
    assert_eq!(usage["keyCount"], 3, "the vault knows better");
}

#[test]
fn a_backup_through_a_request_that_is_revoked_once_it_is_accepted_fails_and_leaves_no_object() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    client.realm.add_fault(Fault::new(Effect::ParRevoked)).expect("a good rule");
    assert_eq!(vault.backup("into the bucket", true)["status"], "SUCCEEDED");
    let place = par(&client, iad(), "ObjectWrite", "o");
    let (code, message) = failure(&client, iad(), &backup_to(&vault, &place));
    assert_eq!(code, "BucketNotFound");
    assert!(!message.contains("/p/"), "{message}");
    assert_eq!(client.send(Method::HEAD, iad(), &client.object_path(BUCKET, "o"), &[], b"").status(), 404);
    assert_eq!(vault.state(), "ACTIVE");
    assert_eq!(refused(&backup_to(&vault, &place)), (404, "BucketNotFound".to_owned()), "it is gone");
    assert_eq!(client.realm.faults()[0].hit, 1, "a backup into a bucket has nothing to revoke");
}

#[test]
fn a_backup_whose_answer_is_lost_goes_on_and_is_found_among_the_work_requests() {
    let client = realm();
    let vault = TestVault::create(&client, iad(), "v");
    let rule = Fault { operation: Some(Op::BackupVault), times: Some(1), ..Fault::new(Effect::Reset) };
    client.realm.add_fault(rule).expect("a good rule");
    let url = format!(
        "{}/20180608/vaults/{}/actions/backup",
        client.realm.endpoint(iad()).expect("a region"),
        vault.id
    );
    let body = json!({"backupLocation": location(&client, "o"), "isIncludeKeys": true}).to_string();
    let token = [("opc-retry-token", "once")];
    let lost =
        client.realm.handle(&client.signed(&Method::POST, &url, &token, body.as_bytes()), client.now());
    let Answer::Disturbed(lost, disturbance) = lost else { panic!("{lost:?}") };
    assert!(disturbance.is_broken);
    assert_eq!(vault.state(), "BACKUP_IN_PROGRESS");
    let target = format!("/20160918/workRequests?compartmentId={}&resourceId={}", client.tenancy(), vault.id);
    let found = client.get(iad(), &target);
    assert_eq!(found[0]["id"], header(&lost, "opc-work-request-id"));
    let again = client.send_to(Method::POST, &url, &token, body.as_bytes());
    assert_eq!(
        header(&again, "opc-work-request-id"),
        header(&lost, "opc-work-request-id"),
        "the same, not a second"
    );
    settle(&client);
    assert_eq!(work_request(&client, iad(), text(&found[0], "id"))["status"], "SUCCEEDED");
    assert!(vault.bytes_of("o").starts_with(b"-----BEGIN"));
}

#[test]
fn a_copy_is_refused_for_want_of_a_policy_and_nothing_is_copied() {
    let client = realm();
    let (status, code) = (400, Some("InsufficientServicePermissions".to_owned()));
    let effect = Effect::Status { status, code, retry_after: None };
    client
        .realm
        .add_fault(Fault { operation: Some(Op::CopyObject), times: Some(1), ..Fault::new(effect) })
        .expect("a good rule");
    good(&client.send(Method::PUT, iad(), &client.object_path(BUCKET, "o"), &[], b"x"));
    let namespace = &client.realm.identity().namespace;
    let details = json!({
        "sourceObjectName": "o", "destinationRegion": "eu-frankfurt-1", "destinationNamespace": namespace,
        "destinationBucket": BUCKET, "destinationObjectName": "o",
    });
    let target = format!("/n/{namespace}/b/{BUCKET}/actions/copyObject");
    let copy = || client.send(Method::POST, iad(), &target, &[], details.to_string().as_bytes());
    let there =
        || client.send(Method::HEAD, fra(), &client.object_path(BUCKET, "o"), &[], b"").status().as_u16();
    assert_eq!(refused(&copy()), (400, "InsufficientServicePermissions".to_owned()));
    settle(&client);
    assert_eq!(there(), 404);
    assert_eq!(copy().status(), 202);
    settle(&client);
    assert_eq!(there(), 200);
}

#[test]
fn other_vaults_backups_go_on_while_one_is_under_way() {
    let client = realm();
    let (slow, quick) =
        (TestVault::create(&client, iad(), "slow"), TestVault::create(&client, iad(), "quick"));
    let rule = Fault { resource: Some(slow.id.clone()), ..Fault::new(Effect::WorkStuck) };
    client.realm.add_fault(rule).expect("a good rule");
    good(&backup_to(&slow, &location(&client, "slow")));
    succeeds(&client, iad(), &backup_to(&quick, &location(&client, "quick")));
    assert_eq!(slow.state(), "BACKUP_IN_PROGRESS");
}
