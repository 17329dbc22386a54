//! Keys in files of their own don't come back with their vault: the plan says so, and so does the proof.

use serde_json::{Value, json};

use crate::world::{World, exists};

fn backed_up(world: &World, args: &[&str]) {
    let copies = world.copies.to_string();
    let to = ["--bucket", "backups", "--copy-to", &copies, "--accept-unsaved", "software,secrets"];
    let _ = world.keyferry.run(&[&["backup"], args, &to].concat()).exits(0);
}

fn finding(plan: &Value) -> Value {
    let findings = plan["findings"].as_array().expect("a list");
    let of_keys: Vec<_> = findings.iter().filter(|finding| finding["code"] == "KF-3007").collect();
    assert_eq!(of_keys.len(), 1, "{plan}");
    of_keys[0].clone()
}

#[test]
fn a_vault_saved_key_by_key_comes_back_without_keys_and_nobody_is_told_otherwise() {
    let world = World::new(71);
    backed_up(&world, &["payments", "--keys-one-by-one"]);
    let (store, path) = (world.copies.to_string(), world.path("plan.json"));
    let plan = ["--store", &store, "restore", "plan", "latest", "--into", "eu-frankfurt-1", "--out", &path];
    let plan = world.keyferry.run(&[&plan[..], &["-o", "json"]].concat()).exits(0).json();
    let finding = finding(&plan);
    assert_eq!(finding["severity"], "warning");
    for word in ["oci kms management key restore", "keys/001.kmsbak", &world.copies.bucket] {
        assert!(finding["remedy"].as_str().expect("a text").contains(word), "{word}: {finding}");
    }
    let digest = plan["digest"].as_str().expect("a digest");
    let apply = ["restore", "apply", &path, "--yes", "--plan-digest", digest, "-o", "json"];
    let restored = world.keyferry.run(&apply).exits(3).json();
    let counts = ["proven", "failed", "unprovable"].map(|count| restored["proof"][count].clone());
    assert_eq!(counts, [json!(0), json!(0), json!(3)], "{restored}");
    assert_eq!(restored["mapping"].as_array().expect("a list").len(), 1, "the vault alone");
}

#[test]
fn a_backup_of_one_key_is_no_vault_to_restore() {
    let world = World::new(72);
    backed_up(&world, &["card-data"]);
    let (store, path) = (world.copies.to_string(), world.path("plan.json"));
    let plan = ["--store", &store, "restore", "plan", "latest", "--into", "eu-frankfurt-1", "--out", &path];
    let ran = world.keyferry.run(&plan).exits(6);
    for word in ["KF-3007", "oci kms management key restore", "keys/001.kmsbak"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert!(!exists(&path));
}
