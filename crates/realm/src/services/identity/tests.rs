//! Identity as a client sees it.

use http::Method;
use serde_json::{Value, json};

use crate::testing::{Client, fra, header, iad, refused};

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

#[test]
fn the_tenancy_its_home_and_its_regions_are_known() {
    let client = Client::new();
    let tenancy = client.get(fra(), &format!("/20160918/tenancies/{}", client.tenancy()));
    assert_eq!(tenancy["homeRegionKey"], "IAD");
    let path = format!("/20160918/tenancies/{}/regionSubscriptions", client.tenancy());
    let subscriptions = client.get(iad(), &path);
    let expected = json!([
        {"regionKey": "IAD", "regionName": "us-ashburn-1", "status": "READY", "isHomeRegion": true},
        {"regionKey": "FRA", "regionName": "eu-frankfurt-1", "status": "READY", "isHomeRegion": false},
    ]);
    assert_eq!(subscriptions, expected);
    let regions = client.get(iad(), "/20160918/regions");
    assert!(names(&regions).contains(&"ap-tokyo-1"), "all of the realm, not only the subscribed ones");
    assert!(!names(&regions).contains(&"eu-frankfurt-2"), "none of another realm");
    let stranger = "/20160918/tenancies/ocid1.tenancy.oc1..other";
    assert_eq!(refused(&client.send(Method::GET, iad(), stranger, &[], b"")).0, 404);
}
