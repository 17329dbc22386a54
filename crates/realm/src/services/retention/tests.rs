//! Retention rules as a client sees them.

use std::time::Duration as Time;

use http::Method;
use serde_json::{Value, json};

use crate::services::bucket_testing::TestBucket;
use crate::testing::{Client, good, refused};

const DAY: Time = Time::from_secs(24 * 60 * 60);
const RULES: &str = "/retentionRules";

fn rule(bucket: &TestBucket<'_>, details: &Value) -> Value {
    good(&bucket.post(RULES, details))
}

fn path(rule: &Value) -> String {
    format!("{RULES}/{}", rule["id"].as_str().expect("an id"))
}

fn retained() -> (u16, String) {
    (409, "ObjectRetained".to_owned())
}

#[test]
fn a_retained_object_is_neither_overwritten_renamed_nor_deleted_until_its_time_is_over() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    bucket.put("o", b"kept");
    rule(&bucket, &json!({"displayName": "r", "duration": {"timeAmount": 2, "timeUnit": "DAYS"}}));
    assert_eq!(refused(&bucket.put("o", b"changed")), retained());
    assert_eq!(refused(&bucket.delete("o")), retained());
    let rename = json!({"sourceName": "o", "newName": "p"});
    assert_eq!(refused(&bucket.post("/actions/renameObject", &rename)), retained());
    let batch = good(&bucket.post("/actions/batchDeleteObjects", &json!({"objects": [{"objectName": "o"}]})));
    assert_eq!((&batch["deleted"], &batch["failed"][0]["statusCode"]), (&json!([]), &json!(409)));
    assert_eq!(bucket.get("o").body().as_ref(), b"kept");
    client.wait(DAY);
    assert_eq!(bucket.put("new", b"x").status(), 200, "new objects come in");
    client.wait(DAY);
    assert_eq!(bucket.delete("o").status(), 204);
    assert_eq!(refused(&bucket.delete("new")), retained(), "each object has its own time");
}

#[test]
fn a_rule_without_a_duration_holds_until_it_is_deleted() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    bucket.put("o", b"kept");
    let rule = rule(&bucket, &json!({"displayName": "hold"}));
    client.wait(DAY * 4000);
    assert_eq!(refused(&bucket.delete("o")), retained());
    assert_eq!(bucket.json(RULES)["items"], json!([rule]));
    assert_eq!(bucket.ask(Method::DELETE, &path(&rule), None).status(), 204);
    assert_eq!(bucket.json(RULES)["items"], json!([]));
    assert_eq!(bucket.delete("o").status(), 204);
}

#[test]
fn versioning_and_retention_exclude_each_other() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let rule = rule(&bucket, &json!({}));
    let enabled = bucket.post("", &json!({"versioning": "Enabled"}));
    assert_eq!(refused(&enabled), (409, "Conflict".to_owned()));
    good(&bucket.ask(Method::DELETE, &path(&rule), None));
    good(&bucket.post("", &json!({"versioning": "Enabled"})));
    assert_eq!(refused(&bucket.post(RULES, &json!({}))), (409, "Conflict".to_owned()));
    good(&bucket.post("", &json!({"versioning": "Suspended"})));
    good(&bucket.post(RULES, &json!({})));
}

#[test]
fn a_lock_is_two_weeks_away_and_then_lasts() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let days = |n: u32| json!({"timeAmount": n, "timeUnit": "DAYS"});
    let locked_in =
        |n: u32| (client.now() + jiff::SignedDuration::try_from(DAY * n).expect("short")).to_string();
    let refusal = |details: Value| refused(&bucket.post(RULES, &details)).0;
    assert_eq!(refusal(json!({"duration": days(5), "timeRuleLocked": locked_in(13)})), 400);
    assert_eq!(refusal(json!({"timeRuleLocked": locked_in(20)})), 400, "it has no duration");
    assert_eq!(refusal(json!({"duration": days(0)})), 400);
    assert_eq!(refusal(json!({"duration": {"timeAmount": 1, "timeUnit": "HOURS"}})), 400);
    let rule = rule(&bucket, &json!({"duration": days(5), "timeRuleLocked": locked_in(14)}));
    let update = |body: Value| bucket.ask(Method::PUT, &path(&rule), Some(&body));
    assert_eq!(good(&update(json!({"duration": days(4), "displayName": "d"})))["displayName"], "d");
    client.wait(DAY * 14);
    assert_eq!(refused(&update(json!({"duration": days(3)}))).0, 409);
    assert_eq!(refused(&update(json!({"duration": null}))).0, 409);
    assert_eq!(refused(&update(json!({"displayName": "e"}))).0, 409);
    assert_eq!(refused(&bucket.ask(Method::DELETE, &path(&rule), None)).0, 409);
    let longer = good(&update(json!({"duration": days(6)})));
    assert_eq!((&longer["duration"], &longer["displayName"]), (&days(6), &json!("d")));
    assert_eq!(bucket.json(&path(&rule))["duration"], days(6));
    assert_eq!(bucket.delete_itself().status(), 204, "the rule goes with its bucket");
}

#[test]
fn before_the_lock_everything_of_a_rule_can_be_taken_back() {
    let client = Client::new();
    let bucket = TestBucket::create(&client);
    let lock = (client.now() + jiff::SignedDuration::try_from(DAY * 20).expect("short")).to_string();
    let duration = json!({"timeAmount": 1, "timeUnit": "YEARS"});
    let rule = rule(&bucket, &json!({"duration": duration, "timeRuleLocked": lock}));
    let update = |body: Value| bucket.ask(Method::PUT, &path(&rule), Some(&body));
    assert_eq!(refused(&update(json!({"duration": null}))).0, 400, "it would be locked without duration");
    let free = good(&update(json!({"duration": null, "timeRuleLocked": null})));
    assert_eq!((&free["duration"], &free["timeRuleLocked"]), (&json!(null), &json!(null)));
}
