//! A region is lost, and the copy alone brings the vault back.

use std::net::TcpListener;

use keyferry_core::model::ObjectPlace;
use keyferry_tests::{block_on, ssh_keygen_verify};

use crate::world::World;

fn object(world: &World, backup: &serde_json::Value, part: &str) -> ObjectPlace {
    world.copies.object(&format!("keyferry/{}/{part}", backup["id"].as_str().expect("an id")))
}

#[test]
fn a_vault_crosses_regions_and_nothing_is_asked_of_the_lost_one() {
    let world = World::new(1);
    let keyferry = &world.keyferry;

    let inventory = keyferry.run(&["inventory", "-o", "json"]).exits(0).json();
    assert_eq!(inventory["vaults"].as_array().expect("vaults").len(), 2);
    assert_eq!(inventory["completeness"]["complete"], true);
    let refused =
        inventory["eligibility"].as_array().expect("a list").iter().filter(|e| e["eligible"] == false);
    assert_eq!(refused.count(), 4, "the DEFAULT vault, the software key with its version, the secret");

    let first = world.back_up();
    block_on(world.account.rotate(&world.vault, &world.card_data));
    let second = world.back_up();
    assert_eq!(first["canaries"]["carried"], 0);
    assert_eq!(second["canaries"]["carried"], 1, "the rotated version's canary lives on");
    assert_eq!(second["canaries"]["unprovable"], 0);

    let manifest = block_on(world.account.read(&object(&world, &second, "manifest.json")));
    let signature = block_on(world.account.read(&object(&world, &second, "manifest.json.sig")));
    let public = std::fs::read_to_string(keyferry.state().join("signing_key.pub")).expect("the public half");
    ssh_keygen_verify(
        world.folder.path(),
        &format!("robot {public}"),
        "robot",
        "keyferry-manifest",
        &String::from_utf8(signature).expect("text"),
        &manifest,
    )
    .expect("OpenSSH accepts the manifest");

    let _ = keyferry.run(&["realm", "region", "down", "us-ashburn-1", "--how", "destroyed"]).exits(0);
    let port = world.realm.port("us-ashburn-1");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the lost region's port is free");
    listener.set_nonblocking(true).expect("non-blocking");
    let before = keyferry.recorder.sent().len();

    let (plan, digest) = world.plan("plan.json");
    let apply = keyferry.run(&["restore", "apply", &plan, "--yes", "--plan-digest", &digest, "-o", "json"]);
    let applied = apply.exits(0).json();
    assert_eq!(applied["proof"]["proven"], 4, "two AES versions, RSA, ECDSA");
    assert_eq!(applied["proof"]["failed"], 0);
    assert_eq!(applied["proof"]["unprovable"], 0);
    let store = world.copies.to_string();
    let proven = keyferry.run(&["--store", &store, "prove", "latest", "-o", "json"]).exits(0).json();
    assert_eq!(proven["proof"]["proven"], 4);
    let map = keyferry.run(&["map", "latest", "--format", "json"]).exits(0).json();
    assert_eq!(map["mapping"].as_array().expect("entries").len(), 8, "a vault, three keys, four versions");

    let authority = format!("127.0.0.1:{port}");
    let late = keyferry.recorder.sent().into_iter().skip(before).filter(|sent| sent.authority == authority);
    assert_eq!(late.count(), 0, "no request to the lost region");
    assert_eq!(listener.accept().expect_err("nobody knocked").kind(), std::io::ErrorKind::WouldBlock);

    let again = keyferry.run(&["restore", "apply", &plan, "--yes", "--plan-digest", &digest]).exits(7);
    assert!(again.stderr.contains("already applied"), "{}", again.stderr);
}

#[test]
fn list_show_check_and_copy_work_on_what_a_backup_left() {
    let world = World::new(2);
    let keyferry = &world.keyferry;
    let backup = world.back_up();
    let id = backup["id"].as_str().expect("an id");
    let (store, other) = (world.backups.to_string(), format!("{}/second", world.copies));
    let listed = keyferry.run(&["--store", &store, "list", "-o", "json"]).exits(0);
    assert!(listed.stdout.contains(id));
    let shown = keyferry.run(&["--store", &store, "show", "latest"]).exits(0);
    assert!(shown.stdout.contains("card-data") && shown.stdout.contains("test-data"), "{}", shown.stdout);
    let _ = keyferry.run(&["--store", &store, "check", "--all"]).exits(0);
    let _ = keyferry.run(&["--store", &store, "copy", &id[..16], "--to", &other]).exits(0);
    let checked = keyferry.run(&["--store", &other, "check", "latest", "-o", "json"]).exits(0);
    assert!(checked.stdout.contains(backup["object"]["sha256"].as_str().expect("a digest")));
}
