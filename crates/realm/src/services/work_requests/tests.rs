//! Work requests are listed by compartment, page by page, or for one resource.

use http::Method;
use serde_json::{Value, json};

use crate::services::vault_testing::{BUCKET, TestVault, aes, compartment, settle, text};
use crate::testing::{Client, fra, good, header, iad, refused};

fn ids(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|item| text(item, "id").to_owned()).collect()
}

/// All pages, and how many there were.
fn listed(client: &Client, query: &str) -> (Vec<String>, usize) {
    let (mut all, mut pages, mut page) = (Vec::new(), 0, String::new());
    loop {
        let target = format!("/20160918/workRequests?{query}{page}");
        let answer = client.send(Method::GET, iad(), &target, &[], b"");
        all.extend(ids(&good(&answer)));
        pages += 1;
        match answer.headers().get("opc-next-page") {
            Some(next) => page = format!("&page={}", next.to_str().expect("text")),
            None => return (all, pages),
        }
    }
}

#[test]
fn one_list_shows_how_all_backups_of_a_compartment_stand() {
    let client = Client::new();
    client.bucket(iad(), BUCKET);
    let (shop, other) = (compartment(&client, "shop"), compartment(&client, "other"));
    let create =
        |name: &str, place: &str| TestVault::create_in(&client, iad(), name, place, "VIRTUAL_PRIVATE");
    let vaults: Vec<_> = (0..5).map(|at| create(&format!("v{at}"), &shop)).collect();
    let elsewhere = create("elsewhere", &other);
    let key = elsewhere.key_in("k", &aes(), &shop, "HSM");
    let begin = |vault: &TestVault<'_>| {
        let body = json!({"backupLocation": crate::services::vault_testing::location(&client, &vault.id)});
        let answer = vault.act("backup", &body);
        good(&answer);
        header(&answer, "opc-work-request-id").to_owned()
    };
    let mut begun: Vec<_> = vaults
        .iter()
        .map(|vault| {
            let id = begin(vault);
            settle(&client);
            id
        })
        .collect();
    let running = begin(&vaults[0]);
    begun.push(running.clone());
    begun.reverse();
    begin(&elsewhere);

    let whole = format!("compartmentId={shop}");
    assert_eq!(listed(&client, &whole), (begun.clone(), 1), "the latest first, and only of this compartment");
    assert_eq!(listed(&client, &format!("{whole}&limit=4")), (begun.clone(), 2));
    let list = client.get(iad(), &format!("/20160918/workRequests?{whole}"));
    let states: Vec<_> = list.as_array().expect("a list").iter().map(|item| text(item, "status")).collect();
    assert_eq!(states, ["ACCEPTED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
    assert_eq!(list[0].get("resources"), None, "a summary does not say what it is about");

    let of_one = listed(&client, &format!("{whole}&resourceId={}", vaults[0].id));
    assert_eq!(of_one, (vec![running, begun[5].clone()], 1));
    assert_eq!(listed(&client, &format!("{whole}&resourceId={}", elsewhere.id)).0, Vec::<String>::new());
    assert_eq!(ids(&client.get(fra(), &format!("/20160918/workRequests?{whole}"))), Vec::<String>::new());

    settle(&client);
    elsewhere.backup_key(&key, "k");
    let of_key = listed(&client, &format!("{whole}&resourceId={key}")).0;
    assert_eq!(of_key.len(), 1, "work on a key is listed where the key lies");
}

#[test]
fn a_list_without_a_compartment_or_of_a_page_nobody_gave_is_refused() {
    let client = Client::new();
    let ask = |query: &str| {
        let target = format!("/20160918/workRequests{query}");
        refused(&client.send(Method::GET, iad(), &target, &[], b""))
    };
    assert_eq!(ask(""), (400, "MissingParameter".to_owned()));
    assert_eq!(ask("?compartmentId=none"), (404, "NotAuthorizedOrNotFound".to_owned()));
    assert_eq!(
        ask(&format!("?compartmentId={}&page=x", client.tenancy())),
        (400, "InvalidParameter".to_owned())
    );
}
