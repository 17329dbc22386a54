//! A compartment that may not be seen: what is missing is counted and said, and nobody takes a part for the whole.

use keyferry_tests::Ran;
use serde_json::json;

use crate::world::World;

#[test]
fn keys_in_a_compartment_that_looks_empty_make_inventory_and_backup_incomplete() {
    is_noticed(&World::new(21), "--hide-content");
}

#[test]
fn keys_in_a_compartment_that_is_not_listed_make_inventory_and_backup_incomplete() {
    is_noticed(&World::new(22), "--omit-compartment");
}

/// The signing key lies in another compartment than its vault.
fn is_noticed(world: &World, fault: &str) {
    let add = ["realm", "fault", "add", fault, "shared"];
    let _ = world.keyferry.run(&add).exits(0);
    let said = "the service counts 4 keys, 3 were seen";

    let inventory = world.keyferry.run(&["inventory", "-o", "json"]).exits(3).json();
    assert_eq!(inventory["completeness"]["complete"], false);
    let vaults = inventory["vaults"].as_array().expect("a list");
    let payments = vaults.iter().find(|vault| vault["name"] == "payments").expect("the vault is still seen");
    let counted = &payments["completeness"];
    assert_eq!((&counted["expected"], &counted["seen"]), (&4.into(), &3.into()), "{payments}");
    let text = world.keyferry.run(&["inventory"]).exits(3);
    assert!(text.stdout.contains("INCOMPLETE") && text.stdout.contains(said), "{}", text.stdout);
    assert!(text.stderr.contains("KF-2001"), "{}", text.stderr);

    let back_up = |code| {
        let to = ["--bucket", "backups", "--accept-unsaved", "software,secrets", "-o", "json"];
        world.keyferry.run(&[&["backup", "payments"], &to[..]].concat()).exits(code)
    };
    let completeness = |ran: &Ran| {
        let (store, id) = (world.backups.to_string(), &ran.json()["backups"][0]["id"]);
        let show = ["--store", &store, "show", id.as_str().expect("an id"), "-o", "json"];
        world.keyferry.run(&show).exits(0).json()["manifest"]["completeness"].clone()
    };
    let part = back_up(3);
    assert!(part.stderr.contains("KF-2001") && part.stderr.contains(said), "{}", part.stderr);
    assert_eq!(completeness(&part), json!({"complete": false, "expected": 4, "seen": 3}));
    let again = back_up(3);
    assert_eq!(again.json()["skipped"][0]["backup_id"], part.json()["backups"][0]["id"], "still but a part");
    assert!(again.stderr.contains(said), "{}", again.stderr);

    let _ = world.keyferry.run(&["realm", "fault", "clear"]).exits(0);
    let whole = back_up(0);
    assert_eq!(completeness(&whole), json!({"complete": true, "expected": 4, "seen": 4}));
    assert!(!whole.stderr.contains("KF-2001"), "{}", whole.stderr);
}
