//! The ledger looks where the policies save, and says what it does not know.

use serde_json::{Value, json};

use crate::world::World;

/// A policy for all vaults, and one whose bucket no vault needs.
fn settings(world: &World) -> String {
    let path = world.path("keyferry.toml");
    let text = format!(
        "[policies.nightly]\nbucket = 'backups'\ncopy_to = ['{}']\naccept_unsaved = ['software', 'secrets']\n\
         [policies.elsewhere]\nselect.names = ['no such vault']\nbucket = 'no-such-bucket'\n",
        world.copies
    );
    std::fs::write(&path, text).expect("written");
    path
}

fn stores(ledger: &Value) -> Vec<&str> {
    let stores = ledger["stores"].as_array().expect("a list").iter();
    stores.map(|store| store["store"].as_str().expect("a store")).collect()
}

#[test]
fn the_buckets_and_copies_of_policies_are_looked_at_without_being_named() {
    let world = World::new(74);
    let settings = settings(&world);
    let run = |args: &[&str]| world.keyferry.run(&[&["--settings", settings.as_str()], args].concat());
    let _ = run(&["backup", "--policy", "nightly"]).exits(0);
    let ledger = run(&["coverage", "-o", "json"]).exits(0).json();
    assert_eq!(stores(&ledger), [world.backups.to_string(), world.copies.to_string()]);
    let is_it = |line: &&Value| line["name"] == "card-data";
    let line = ledger["lines"].as_array().expect("a list").iter().find(is_it).expect("a key");
    assert_eq!(line["standing"], "protected");
    let is_seen = line["copied"]["places"].as_array().expect("a list").iter().map(|place| &place["is_seen"]);
    assert_eq!(is_seen.collect::<Vec<_>>(), [&json!(true), &json!(true)]);
    assert_eq!((&ledger["flaws"], &ledger["completeness"]["complete"]), (&json!([]), &json!(true)));

    let one = run(&["--store", &world.copies.to_string(), "coverage", "-o", "json"]).exits(0).json();
    assert_eq!(stores(&one), [world.copies.to_string()], "what is named is all that is looked at");
}

#[test]
fn whatever_makes_a_ledger_incomplete_is_said_in_it() {
    let world = World::new(75);
    let _ = world.back_up();
    let store = world.backups.to_string();
    let _ = world.keyferry.run(&["--store", &store, "coverage"]).exits(0);
    let _ = world.keyferry.run(&["realm", "fault", "add", "--hide-content", "shared"]).exits(0);
    let text = world.keyferry.run(&["--store", &store, "coverage"]).exits(3).stdout;
    assert!(text.contains("INCOMPLETE") && text.contains("What could not be read"), "{text}");
    assert!(text.contains("vault payments: the service counts 4 keys, 3 were seen"), "{text}");
}
