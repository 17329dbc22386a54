//! Backups go when no rule keeps them, never the last that can be relied on, and archives bring them back.

use std::collections::BTreeSet;

use keyferry_core::model::OciStore;
use keyferry_oci::{Call, Place};
use keyferry_tests::{Ran, block_on};
use keyferry_wire::objects::{CreateRetentionRuleDetails, Duration};
use keyferry_wire::{Json, ops};
use serde_json::Value;

use crate::world::World;

/// Backs up as often as said, each time after a rotation, and tells the ids.
fn back_up(world: &World, times: usize) -> Vec<String> {
    let one = |number| {
        if number > 0 {
            block_on(world.account.rotate(&world.vault, &world.card_data));
        }
        world.back_up()["id"].as_str().expect("an id").to_owned()
    };
    (0..times).map(one).collect()
}

fn at(world: &World, store: &OciStore, args: &[&str]) -> Ran {
    let store = store.to_string();
    world.keyferry.run(&[&["--store", store.as_str(), "-o", "json"], args].concat())
}

/// What lies in a store is sorted by id, which does not tell apart what was made within a second.
fn ids(list: &Value) -> BTreeSet<&str> {
    list.as_array().expect("a list").iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

fn names(world: &World, store: &OciStore) -> Vec<String> {
    let listed = block_on(world.account.client.list_objects(store, "keyferry/")).expect("listed");
    listed.into_iter().map(|object| object.name).filter(|name| !name.contains("/chain/")).collect()
}

fn deletions(world: &World) -> usize {
    world.keyferry.recorder.sent().iter().filter(|sent| sent.method == http::Method::DELETE).count()
}

fn retain(world: &World, store: &OciStore) {
    let body = Json(CreateRetentionRuleDetails {
        display_name: Some("month".to_owned()),
        duration: Some(Duration { time_amount: 30, time_unit: "DAYS".to_owned() }),
        time_rule_locked: Some(keyferry_wire::Time("2099-01-01T00:00:00Z".parse().expect("a time"))),
    });
    let names = [store.namespace.as_str(), store.bucket.as_str()];
    let call = Call { names: &names, ..Call::new(Place::Region(store.region), &body) };
    block_on(world.account.client.call::<ops::CreateRetentionRule>(call)).expect("a rule");
}

#[test]
fn what_no_rule_keeps_is_forgotten_and_its_files_are_named_until_they_are_pruned() {
    let world = World::new(41);
    let made = back_up(&world, 3);
    let (here, there) = (&world.backups, &world.copies);
    let before = names(&world, here);

    let _ = at(&world, here, &["forget"]).exits(2);
    let _ = at(&world, here, &["forget", "--keep-last", "0"]).exits(2);
    let asked = at(&world, here, &["forget", "--keep-last", "1"]).exits(2);
    assert!(asked.stderr.contains("--yes"), "{}", asked.stderr);
    let dry = at(&world, here, &["forget", "--keep-last", "1", "-n"]).exits(0).json();
    assert_eq!(
        (dry["dry_run"].as_bool(), ids(&dry["forgotten"])),
        (Some(true), BTreeSet::from([&*made[0], &made[1]]))
    );
    assert_eq!((deletions(&world), names(&world, here)), (0, before));

    let forgot = at(&world, here, &["forget", "--keep-last", "1", "--yes"]).exits(0).json();
    assert_eq!(forgot["schema"], "keyferry.forget");
    assert_eq!(ids(&forgot["forgotten"]), BTreeSet::from([&*made[0], &made[1]]));
    assert_eq!(forgot["kept"][0]["reasons"], serde_json::json!(["last"]));
    assert_eq!((&forgot["pruned"], &forgot["refused"]), (&serde_json::json!([]), &serde_json::json!([])));
    let listed = at(&world, here, &["list"]).exits(0).json();
    assert_eq!(ids(&listed["backups"]), BTreeSet::from([&*made[2]]));
    assert_eq!(
        ids(&listed["leftovers"]),
        BTreeSet::from([&*made[0], &made[1]]),
        "the files stay, and have a name"
    );
    assert_eq!(listed["leftovers"][0]["objects"], 1);
    let again = at(&world, here, &["forget", "--prune", "--yes"]).exits(0).json();
    assert_eq!(
        ids(&again["kept"]),
        BTreeSet::from([&*made[0], &made[1]]),
        "what is young may be a backup under way"
    );

    let pruned = at(&world, there, &["forget", "--keep-last", "1", "--prune", "--yes"]).exits(0).json();
    assert_eq!(ids(&pruned["pruned"]), BTreeSet::from([&*made[0], &made[1]]));
    let left = names(&world, there);
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left.iter().all(|name| name.contains(&made[2])), "{left:?}");
    let _ = at(&world, there, &["check", "--all"]).exits(0);
    let order: Vec<_> = world
        .keyferry
        .recorder
        .sent()
        .into_iter()
        .filter(|sent| sent.method == http::Method::DELETE && sent.target.contains("/b/copies/"))
        .filter(|sent| sent.target.contains(&made[0]))
        .map(|sent| sent.target.rsplit("%2F").next().expect("a name").to_owned())
        .collect();
    assert_eq!(
        order,
        ["manifest.json", "manifest.json.sig", "vault.kmsbak"],
        "in the reverse order of publishing"
    );

    block_on(world.account.rotate(&world.vault, &world.card_data));
    let next = world.back_up();
    assert_eq!(next["generation"], 4, "claims are never forgotten");
    let _ = at(&world, here, &["list"]).exits(0);
}

#[test]
fn the_newest_and_the_only_proven_backup_are_never_forgotten() {
    let world = World::new(42);
    let mut made = back_up(&world, 1);
    let refused = at(&world, &world.copies, &["forget", &made[0], "--yes"]).exits(6);
    assert_eq!(refused.json()["refused"][0]["code"], "KF-3008");
    let (plan, digest) = world.plan("plan.json");
    for _ in 0..2 {
        block_on(world.account.rotate(&world.vault, &world.card_data));
        made.push(world.back_up()["id"].as_str().expect("an id").to_owned());
    }
    let apply = ["restore", "apply", &plan, "--yes", "--plan-digest", &digest];
    let _ = world.keyferry.run(&apply).exits(0);
    let forgot = at(&world, &world.copies, &["forget", "--keep-last", "1", "--yes"]).exits(0).json();
    assert_eq!(ids(&forgot["forgotten"]), BTreeSet::from([&*made[1]]));
    assert_eq!(ids(&forgot["kept"]), BTreeSet::from([&*made[0], &made[2]]));
    assert!(forgot["kept"][0]["reasons"][0].as_str().expect("a reason").contains("proven"), "{forgot}");
    let before = deletions(&world);
    let ran = at(&world, &world.copies, &["forget", &made[0], "latest", "--yes"]).exits(6);
    assert_eq!(ids(&ran.json()["refused"]), BTreeSet::from([&*made[0], &made[2]]));
    assert_eq!(deletions(&world), before, "nothing is done by halves");
}

#[test]
fn what_a_retention_rule_holds_stays_and_the_end_is_told() {
    let world = World::new(43);
    let made = back_up(&world, 2);
    retain(&world, &world.copies);
    let before = names(&world, &world.copies);
    let kept = at(&world, &world.copies, &["forget", "--keep-last", "1", "--prune", "--yes"]).exits(0).json();
    assert_eq!(ids(&kept["kept"]), BTreeSet::from([&*made[0], &made[1]]));
    let reason = kept["kept"][0]["reasons"][0].as_str().expect("a reason");
    assert!(reason.starts_with("retained until 20") && reason.contains("month"), "{reason}");
    let refused = at(&world, &world.copies, &["forget", &made[0], "--yes"]).exits(6).json();
    assert_eq!(refused["refused"][0]["code"], "KF-3009");
    assert_eq!((deletions(&world), names(&world, &world.copies)), (0, before.clone()));

    // Whoever may not read the rules finds out by trying.
    let fault = ["realm", "fault", "add", "--region", "eu-frankfurt-1", "--operation", "ListRetentionRules"];
    let _ = world.keyferry.run(&[&fault[..], &["--status", "403"]].concat()).exits(0);
    let tried = at(&world, &world.copies, &["forget", &made[0], "--prune", "--yes"]).exits(6);
    let shown = tried.json();
    assert_eq!((&shown["forgotten"], &shown["pruned"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(shown["refused"][0]["code"], "KF-3009");
    assert!(shown["refused"][0]["because"].as_str().expect("a text").contains("month"), "{shown}");
    assert_eq!((deletions(&world), names(&world, &world.copies)), (1, before), "the manifest comes first");
}

#[test]
fn show_tells_copies_retention_and_files() {
    let world = World::new(44);
    let made = back_up(&world, 1);
    retain(&world, &world.copies);
    let shown = at(&world, &world.copies, &["show", "latest"]).exits(0).json();
    let standing = &shown["standing"];
    assert_eq!(standing["copies"]["copies"], 2);
    assert_eq!(
        (standing["copies"]["away"].as_u64(), standing["copies"]["is_3_2_1"].as_bool()),
        (Some(1), Some(false))
    );
    assert_eq!(standing["protection"]["rules"][0]["days"], 30);
    assert_eq!(standing["files"][0]["found"], standing["files"][0]["size"]);
    let store = world.copies.to_string();
    let text = world.keyferry.run(&["--store", &store, "show", "latest"]).exits(0).stdout;
    for word in [
        "retention rule `month`: 30 days, locked from 2099",
        "does not hold",
        "1 file, with the signed sizes",
    ] {
        assert!(text.contains(word), "{word} in\n{text}");
    }

    let folder = world.path("safe");
    std::fs::create_dir(&folder).expect("a folder");
    let safe = format!("file:{folder}");
    let _ = at(&world, &world.copies, &["copy", "latest", "--to", &safe]).exits(0);
    let shown = world.keyferry.run(&["--store", &safe, "show", &made[0]]).exits(0).stdout;
    assert!(shown.contains("holds") && !shown.contains("does not hold"), "{shown}");
    std::fs::remove_file(format!("{folder}/keyferry/{}/vault.kmsbak", made[0])).expect("it was there");
    let shown = world.keyferry.run(&["--store", &safe, "show", &made[0]]).exits(0).stdout;
    assert!(shown.contains("missing"), "{shown}");
    let _ = world.keyferry.run(&["--store", &safe, "check", &made[0]]).exits(5);
}

#[test]
fn a_folder_is_thinned_out_like_a_bucket() {
    let world = World::new(47);
    let made = back_up(&world, 2);
    let folder = world.path("safe");
    std::fs::create_dir(&folder).expect("a folder");
    let safe = format!("file:{folder}");
    for id in &made {
        let _ = at(&world, &world.backups, &["copy", id, "--to", &safe]).exits(0);
    }
    let forget = ["--store", &safe, "-o", "json", "forget", &made[0], "--prune", "--yes"];
    let forgot = world.keyferry.run(&forget).exits(0).json();
    assert_eq!(ids(&forgot["forgotten"]), BTreeSet::from([&*made[0]]));
    let left: Vec<_> =
        std::fs::read_dir(format!("{folder}/keyferry/{}", made[0])).expect("a folder").collect();
    assert_eq!(left.len(), 0, "{left:?}");
    let _ = world.keyferry.run(&["--store", &safe, "check", "--all"]).exits(0);
    assert_eq!(deletions(&world), 0, "no other store is touched");
}

#[test]
fn an_archive_brings_a_backup_back_bit_for_bit() {
    let world = World::new(45);
    let made = back_up(&world, 1);
    let (tar, again) = (world.path("one.tar"), world.path("two.tar"));
    let exported = at(&world, &world.backups, &["export", "latest", "--to", &tar]).exits(0).json();
    assert_eq!(exported["id"], *made[0]);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&tar).expect("written").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let _ = at(&world, &world.backups, &["export", "latest", "--to", &tar]).exits(1);

    let folder = world.path("safe");
    std::fs::create_dir(&folder).expect("a folder");
    let (safe, second) = (format!("file:{folder}"), format!("{}/second", world.copies));
    let imported = world.keyferry.run(&["import", &tar, "--to", &safe, "-o", "json"]).exits(0).json();
    assert_eq!(imported["signer"], "keyferry");
    let _ = world.keyferry.run(&["--store", &second, "import", &tar]).exits(0);
    let _ = world.keyferry.run(&["--store", &second, "import", &tar]).exits(0);
    for name in names(&world, &world.backups) {
        let here = block_on(world.account.read(&world.backups.object(&name)));
        assert!(std::fs::read(format!("{folder}/{name}")).expect("there") == here, "{name}");
        let copied: OciStore = second.parse().expect("a store");
        assert!(block_on(world.account.read(&copied.object(&name))) == here, "{name}");
    }
    let _ = world.keyferry.run(&["--store", &safe, "export", "latest", "--to", &again]).exits(0);
    assert!(std::fs::read(&tar).expect("there") == std::fs::read(&again).expect("there"), "the same archive");
    let _ = world.keyferry.run(&["--store", &safe, "check", "--all"]).exits(0);
}

#[test]
fn single_keys_have_files_of_their_own_in_show_check_and_archive() {
    let world = World::new(48);
    let accept = ["--accept-unsaved", "software,secrets", "-o", "json"];
    let backup = ["backup", "payments", "--bucket", "backups", "--keys-one-by-one"];
    let _ = world.keyferry.run(&[&backup[..], &accept].concat()).exits(0);
    let here = world.backups.to_string();
    let shown = world.keyferry.run(&["--store", &here, "show", "latest"]).exits(0).stdout;
    for word in
        ["vault.kmsbak", "the vault", "keys/001.kmsbak", "keys/003.kmsbak", "4 files, with the signed sizes"]
    {
        assert!(shown.contains(word), "{word} in\n{shown}");
    }
    let (tar, folder) = (world.path("one.tar"), world.path("safe"));
    std::fs::create_dir(&folder).expect("a folder");
    let safe = format!("file:{folder}");
    let exported = at(&world, &world.backups, &["export", "latest", "--to", &tar]).exits(0).json();
    let _ = world.keyferry.run(&["import", &tar, "--to", &safe]).exits(0);
    let id = exported["id"].as_str().expect("an id");
    let path = format!("{folder}/keyferry/{id}/keys/002.kmsbak");
    let mut bytes = std::fs::read(&path).expect("there");
    bytes[9] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let checked = world.keyferry.run(&["--store", &safe, "check", id, "-o", "json"]).exits(5).json();
    let objects = checked["backups"][0]["objects"].as_array().expect("objects");
    let verdict = |object: &Value| {
        (
            object["name"].as_str().expect("a name").rsplit('/').next().map(str::to_owned),
            object["verdict"].clone(),
        )
    };
    let expected = [("vault", "checked"), ("001", "checked"), ("002", "differs"), ("003", "checked")];
    let expected = expected.map(|(name, verdict)| (Some(format!("{name}.kmsbak")), Value::from(verdict)));
    assert_eq!(objects.iter().map(verdict).collect::<Vec<_>>(), expected);
    let refused =
        world.keyferry.run(&["--store", &safe, "export", id, "--to", &world.path("two.tar")]).exits(5);
    assert!(refused.stderr.contains("keys/002.kmsbak"), "{}", refused.stderr);
}

#[test]
fn a_damaged_archive_writes_nothing_anywhere() {
    let world = World::new(46);
    let _ = back_up(&world, 1);
    let tar = world.path("one.tar");
    let _ = at(&world, &world.backups, &["export", "latest", "--to", &tar]).exits(0);
    let good = std::fs::read(&tar).expect("there");
    let folder = world.path("safe");
    std::fs::create_dir(&folder).expect("a folder");
    let safe = format!("file:{folder}");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    // The last file's bytes lie before its padding and the two blocks of the end.
    let in_file = good.iter().rposition(|byte| *byte != 0).expect("not empty");
    for (what, bytes, code) in [
        ("a byte of the file", flipped(in_file), 5),
        ("a byte of the manifest", flipped(600), 12),
        ("half of it", good[..good.len() / 2].to_vec(), 5),
        ("the whole of it twice", [&good[..], &good].concat(), 5),
        ("nothing", Vec::new(), 5),
    ] {
        let bad = world.path("bad.tar");
        std::fs::write(&bad, bytes).expect("written");
        let ran = world.keyferry.run(&["import", &bad, "--to", &safe]);
        assert_eq!(ran.code, code, "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 0, "{what}");
    }
    let stranger = keyferry_tests::Keyferry::new(&world.folder.path().join("other"), &world.realm.data);
    let ran = stranger.run(&["import", &tar, "--to", &safe]).exits(12);
    assert!(ran.stderr.contains("--allowed-signers"), "{}", ran.stderr);
}

#[test]
fn a_single_key_saved_last_does_not_push_the_whole_vault_out() {
    let world = World::new(49);
    let whole = back_up(&world, 2);
    let one = ["backup", "card-data", "--bucket", "backups", "-o", "json"];
    let single = world.keyferry.run(&one).exits(0).json()["backups"][0]["id"].clone();
    let forgot = at(&world, &world.backups, &["forget", "--keep-last", "1", "--yes"]).exits(0).json();
    assert_eq!(ids(&forgot["forgotten"]), BTreeSet::from([&*whole[0]]));
    assert_eq!(ids(&forgot["kept"]), BTreeSet::from([&*whole[1], single.as_str().expect("an id")]));
}

#[test]
fn what_a_killed_process_left_in_a_folder_is_named_and_goes_once_it_is_old() {
    let world = World::new(50);
    let made = back_up(&world, 1);
    let folder = world.path("safe");
    std::fs::create_dir(&folder).expect("a folder");
    let safe = format!("file:{folder}");
    let _ = at(&world, &world.backups, &["copy", "latest", "--to", &safe]).exits(0);
    let left = format!("{folder}/keyferry/{}/.keyferry-a1B2c3", made[0]);
    std::fs::write(&left, b"half").expect("written");
    let run = |args: &[&str]| {
        world.keyferry.run(&[&["--store", safe.as_str(), "-o", "json"], args].concat()).exits(0).json()
    };

    assert_eq!(ids(&run(&["list"])["leftovers"]), BTreeSet::from([&*made[0]]));
    let young = run(&["forget", "--prune", "--yes"]);
    assert_eq!((ids(&young["kept"]), ids(&young["pruned"])), (BTreeSet::from([&*made[0]]), BTreeSet::new()));
    assert!(std::fs::exists(&left).expect("looked"), "another process may still write it");

    let old = std::time::SystemTime::now() - std::time::Duration::from_hours(48);
    let file = std::fs::File::options().write(true).open(&left).expect("there");
    file.set_modified(old).expect("a time");
    let pruned = run(&["forget", "--prune", "--yes"]);
    assert_eq!(ids(&pruned["pruned"]), BTreeSet::from([&*made[0]]));
    assert!(!std::fs::exists(&left).expect("looked"));
    assert_eq!(run(&["list"])["leftovers"], Value::Array(Vec::new()));
    let _ = run(&["check", "--all"]);
}
