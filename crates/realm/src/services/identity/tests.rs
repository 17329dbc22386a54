//! The tenancy and its regions as a client sees them.

use http::Method;
use serde_json::{Value, json};

use crate::services::vault_testing::settle;
use crate::testing::{Client, fra, good, iad, refused};

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item["name"].as_str().expect("a name")).collect()
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

fn subscriptions(client: &Client) -> String {
    format!("/20160918/tenancies/{}/regionSubscriptions", client.tenancy())
}

#[test]
fn a_region_is_shut_until_the_subscription_to_it_is_ready() {
    let client = Client::at_home_only();
    let path = subscriptions(&client);
    let knock = || client.send(Method::GET, fra(), "/20160918/regions", &[], b"");
    assert_eq!(client.get(iad(), &path).as_array().map(Vec::len), Some(1));
    assert_eq!(refused(&knock()), (401, "NotAuthenticated".to_owned()));
    let subscribe = |key: &str| {
        let body = json!({"regionKey": key}).to_string();
        client.send(Method::POST, iad(), &path, &[], body.as_bytes())
    };
    assert_eq!(refused(&subscribe("NRT")), (400, "InvalidParameter".to_owned()));
    assert_eq!(good(&subscribe("FRA"))["status"], "IN_PROGRESS");
    assert_eq!(client.get(iad(), &path)[1]["status"], "IN_PROGRESS");
    assert_eq!(refused(&knock()).0, 401, "not ready yet");
    settle(&client);
    assert_eq!(client.get(iad(), &path)[1]["status"], "READY");
    assert!(good(&knock()).is_array());
    assert_eq!(refused(&subscribe("FRA")), (409, "Conflict".to_owned()));
}

#[test]
fn subscriptions_are_made_in_the_home_region_only() {
    let client = Client::new();
    let response = client.send(Method::POST, fra(), &subscriptions(&client), &[], br#"{"regionKey":"FRA"}"#);
    assert_eq!(refused(&response), (403, "NotAllowed".to_owned()));
}

#[test]
fn availability_domains_are_the_regions_own() {
    let client = Client::new();
    let list = |region| {
        client.get(region, &format!("/20160918/availabilityDomains?compartmentId={}", client.tenancy()))
    };
    assert_eq!(names(&list(iad())), ["kfry:IAD-AD-1", "kfry:IAD-AD-2", "kfry:IAD-AD-3"]);
    assert_ne!(list(iad())[0]["id"], list(fra())[0]["id"]);
    assert_eq!(list(iad()), list(iad()));
}
