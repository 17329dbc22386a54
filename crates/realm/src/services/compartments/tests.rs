//! Compartments as a client sees them.

use http::Method;
use serde_json::{Value, json};

use crate::services::vault_testing::{TestVault, aes, settle, work_request};
use crate::testing::{Client, fra, good, header, iad, refused};

fn create(client: &Client, parent: &str, name: &str) -> String {
    let details = json!({"compartmentId": parent, "name": name, "description": "for a test"});
    let created = client.post(iad(), "/20160918/compartments", &details);
    created["id"].as_str().expect("an id").to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

#[test]
fn compartments_made_at_home_are_seen_in_every_region() {
    let client = Client::new();
    let root = client.tenancy();
    let a = create(&client, &root, "a");
    let b = create(&client, &a, "b");
    for region in [iad(), fra()] {
        let children = client.get(region, &format!("/20160918/compartments?compartmentId={root}"));
        assert_eq!(names(&children), ["a"], "the root is not in its own list");
        let tree =
            format!("/20160918/compartments?compartmentId={root}&compartmentIdInSubtree=true&sortBy=NAME");
        assert_eq!(names(&client.get(region, &tree)), ["a", "b"]);
        let found = client.get(region, &format!("/20160918/compartments/{b}"));
        assert_eq!((&found["compartmentId"], &found["lifecycleState"]), (&json!(a), &json!("ACTIVE")));
    }
    assert_eq!(client.get(fra(), &format!("/20160918/compartments/{root}"))["id"], json!(root));
    let subtree = format!("/20160918/compartments?compartmentId={a}&compartmentIdInSubtree=true");
    assert_eq!(refused(&client.send(Method::GET, iad(), &subtree, &[], b"")).0, 400);
}

#[test]
fn compartments_are_made_in_the_home_region_only() {
    let client = Client::new();
    let details = json!({"compartmentId": client.tenancy(), "name": "a", "description": "d"}).to_string();
    let response = client.send(Method::POST, fra(), "/20160918/compartments", &[], details.as_bytes());
    assert_eq!(refused(&response), (403, "NotAllowed".to_owned()));
    assert!(
        String::from_utf8_lossy(response.body()).contains("Please go to your home region IAD to execute")
    );
}

#[test]
fn a_name_is_unique_below_its_parent_and_missing_values_are_named() {
    let client = Client::new();
    let root = client.tenancy();
    let a = create(&client, &root, "a");
    create(&client, &a, "a");
    let twice = json!({"compartmentId": root, "name": "a", "description": "d"}).to_string();
    let response = client.send(Method::POST, iad(), "/20160918/compartments", &[], twice.as_bytes());
    assert_eq!(refused(&response).0, 409);
    let response = client.send(Method::POST, iad(), "/20160918/compartments", &[], br#"{"name":"x"}"#);
    assert_eq!(refused(&response), (400, "MissingParameter".to_owned()));
    let response = client.send(Method::POST, iad(), "/20160918/compartments", &[], b"{");
    assert_eq!(refused(&response), (400, "CannotParseRequest".to_owned()));
    let response = client.send(Method::GET, iad(), "/20160918/compartments", &[], b"");
    assert_eq!(refused(&response), (400, "MissingParameter".to_owned()));
}

#[test]
fn lists_come_in_pages_and_the_last_one_has_no_header() {
    let client = Client::new();
    let root = client.tenancy();
    for name in ["a", "b", "c", "d", "e"] {
        create(&client, &root, name);
    }
    let first = format!("/20160918/compartments?compartmentId={root}&limit=2&sortBy=NAME");
    let (mut target, mut seen) = (first.clone(), Vec::new());
    loop {
        let response = client.send(Method::GET, iad(), &target, &[], b"");
        let page: Value = serde_json::from_slice(response.body()).expect("JSON");
        seen.extend(names(&page).into_iter().map(str::to_owned));
        if !response.headers().contains_key("opc-next-page") {
            break;
        }
        assert_eq!(names(&page).len(), 2);
        target = format!("{first}&page={}", header(&response, "opc-next-page"));
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    for wrong in ["limit=0", "limit=1001", "limit=x", "page=%21", "sortBy=SIZE", "sortOrder=UP"] {
        let target = format!("/20160918/compartments?compartmentId={root}&{wrong}");
        let response = client.send(Method::GET, iad(), &target, &[], b"");
        assert_eq!(refused(&response), (400, "InvalidParameter".to_owned()), "{wrong}");
    }
}

#[test]
fn newest_come_first_unless_asked_otherwise() {
    let client = Client::new();
    let root = client.tenancy();
    for name in ["x", "a"] {
        create(&client, &root, name);
        client.wait(std::time::Duration::from_secs(1));
    }
    let list = |rest: &str| client.get(iad(), &format!("/20160918/compartments?compartmentId={root}{rest}"));
    assert_eq!(names(&list("")), ["a", "x"]);
    assert_eq!(names(&list("&sortOrder=ASC")), ["x", "a"]);
    assert_eq!(names(&list("&sortBy=NAME&sortOrder=DESC")), ["x", "a"]);
    assert_eq!(names(&list("&name=x")), ["x"]);
}

fn act(client: &Client, method: Method, target: &str, body: &Value) -> http::Response<bytes::Bytes> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    client.send(method, iad(), &format!("/20160918/compartments/{target}"), &[], body.as_bytes())
}

/// Asks for a deletion and waits: the work request.
fn delete(client: &Client, id: &str) -> Value {
    let answer = act(client, Method::DELETE, id, &Value::Null);
    assert_eq!(answer.status(), 202);
    assert_eq!(client.get(iad(), &format!("/20160918/compartments/{id}"))["lifecycleState"], "DELETING");
    settle(client);
    work_request(client, iad(), header(&answer, "opc-work-request-id"))
}

#[test]
fn an_empty_compartment_is_deleted_and_stays_to_be_seen_under_another_name() {
    let client = Client::new();
    let root = client.tenancy();
    let id = create(&client, &root, "a");
    let ended = delete(&client, &id);
    assert_eq!(
        (&ended["status"], &ended["operationType"]),
        (&json!("SUCCEEDED"), &json!("DELETE_COMPARTMENT"))
    );
    assert_eq!(ended["resources"][0]["actionType"], "DELETED");
    let deleted = client.get(fra(), &format!("/20160918/compartments/{id}"));
    assert_eq!(deleted["lifecycleState"], "DELETED");
    assert!(deleted["name"].as_str().is_some_and(|name| name.starts_with("a.") && name.len() > 2));
    create(&client, &root, "a");
    let list = |rest: &str| client.get(iad(), &format!("/20160918/compartments?compartmentId={root}{rest}"));
    assert_eq!(list("").as_array().map(Vec::len), Some(2));
    assert_eq!(names(&list("&lifecycleState=ACTIVE")), ["a"]);
    assert_eq!(list("&lifecycleState=DELETED")[0]["id"], json!(id));
    let inside = format!("/20180608/vaults?compartmentId={id}");
    assert_eq!(refused(&client.send(Method::GET, iad(), &inside, &[], b"")).0, 404);
    assert_eq!(refused(&act(&client, Method::DELETE, &id, &Value::Null)), (409, "Conflict".to_owned()));
}

#[test]
fn a_compartment_that_holds_anything_in_any_region_is_not_deleted() {
    let client = Client::new();
    let id = create(&client, &client.tenancy(), "a");
    create(&client, &id, "child");
    let vault = TestVault::create_in(&client, fra(), "v", &id, "DEFAULT");
    vault.key_in("k", &aes(), &id, "HSM");
    let namespace = &client.realm.identity().namespace;
    client.post(fra(), &format!("/n/{namespace}/b"), &json!({"name": "b", "compartmentId": id}));
    let failed = delete(&client, &id);
    assert_eq!(failed["status"], "FAILED");
    let message = failed["errors"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("vaults: 1, keys: 1, buckets: 1, compartments: 1."), "{message}");
    let newer = format!("/20160918/iamWorkRequests/{}/errors", failed["id"].as_str().expect("an id"));
    assert_eq!(client.get(iad(), &newer)[0]["message"], json!(message));
    assert_eq!(client.get(iad(), &format!("/20160918/compartments/{id}"))["lifecycleState"], "ACTIVE");

    good(&vault.act("scheduleDeletion", &json!({})));
    settle(&client);
    assert_eq!(vault.state(), "PENDING_DELETION");
    let failed = delete(&client, &id);
    let message = failed["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("vaults: 1"), "a vault that is pending deletion is still there: {message}");
}

#[test]
fn a_deleted_compartment_comes_back_if_its_parent_is_there() {
    let client = Client::new();
    let parent = create(&client, &client.tenancy(), "a");
    let id = create(&client, &parent, "b");
    delete(&client, &id);
    delete(&client, &parent);
    let recover =
        |id: &str| act(&client, Method::POST, &format!("{id}/actions/recoverCompartment"), &json!({}));
    assert_eq!(refused(&recover(&id)), (409, "Conflict".to_owned()));
    assert_eq!(good(&recover(&parent))["lifecycleState"], "ACTIVE");
    let back = good(&recover(&id));
    assert_eq!(back["lifecycleState"], "ACTIVE");
    assert_eq!(refused(&recover(&id)).0, 409, "it is there already");
    let renamed = good(&act(&client, Method::PUT, &id, &json!({"name": "b"})));
    assert_eq!(renamed["name"], "b");
}

#[test]
fn a_moved_compartment_lies_elsewhere_and_keeps_what_is_in_it() {
    let client = Client::new();
    let root = client.tenancy();
    let (a, b) = (create(&client, &root, "a"), create(&client, &root, "b"));
    let inner = create(&client, &a, "inner");
    let to = |id: &str, target: &str| {
        let body = json!({"targetCompartmentId": target});
        act(&client, Method::POST, &format!("{id}/actions/moveCompartment"), &body)
    };
    assert_eq!(refused(&to(&a, &inner)).0, 400, "not below itself");
    assert_eq!(refused(&to(&a, &root)).0, 409, "it is there");
    assert_eq!(refused(&to(&root, &a)).0, 400, "not the root");
    let answer = to(&a, &b);
    assert_eq!(answer.status(), 202);
    settle(&client);
    assert_eq!(work_request(&client, fra(), header(&answer, "opc-work-request-id"))["status"], "SUCCEEDED");
    assert_eq!(client.get(iad(), &format!("/20160918/compartments/{a}"))["compartmentId"], json!(b));
    assert_eq!(client.get(iad(), &format!("/20160918/compartments/{inner}"))["compartmentId"], json!(a));
}

#[test]
fn no_compartment_lies_deeper_than_six_levels() {
    let client = Client::new();
    let root = client.tenancy();
    let mut parent = root.clone();
    for name in ["1", "2", "3", "4", "5", "6"] {
        parent = create(&client, &parent, name);
    }
    let deeper = json!({"compartmentId": parent, "name": "7", "description": "d"}).to_string();
    let response = client.send(Method::POST, iad(), "/20160918/compartments", &[], deeper.as_bytes());
    assert_eq!(refused(&response), (400, "InvalidParameter".to_owned()));
    let two = create(&client, &root, "two");
    create(&client, &two, "levels");
    let five = client.get(iad(), &format!("/20160918/compartments/{parent}"));
    let target = json!({"targetCompartmentId": five["compartmentId"]});
    let answer = act(&client, Method::POST, &format!("{two}/actions/moveCompartment"), &target);
    assert_eq!(refused(&answer), (400, "InvalidParameter".to_owned()), "five and two are seven");
}

#[test]
fn an_update_changes_what_it_names_and_heeds_the_etag() {
    let client = Client::new();
    let root = client.tenancy();
    let id = create(&client, &root, "a");
    create(&client, &root, "taken");
    let got = client.send(Method::GET, iad(), &format!("/20160918/compartments/{id}"), &[], b"");
    let etag = header(&got, "etag").to_owned();
    let put = |etag: &str, body: &Value| {
        let target = format!("/20160918/compartments/{id}");
        client.send(Method::PUT, iad(), &target, &[("if-match", etag)], body.to_string().as_bytes())
    };
    assert_eq!(refused(&put(&etag, &json!({"name": "taken"}))).0, 409);
    let updated = good(&put(&etag, &json!({"description": "new", "freeformTags": {"k": "v"}})));
    assert_eq!((&updated["name"], &updated["description"]), (&json!("a"), &json!("new")));
    assert_eq!(updated["freeformTags"]["k"], "v");
    assert_eq!(refused(&put(&etag, &json!({"description": "late"}))), (412, "NoEtagMatch".to_owned()));
    let access = format!("/20160918/compartments?compartmentId={root}&accessLevel=SOME");
    assert_eq!(refused(&client.send(Method::GET, iad(), &access, &[], b"")).0, 400);
}
