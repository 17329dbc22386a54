//! All that a backup can be told: how much of a vault, under what name, how often, and by which policy.

mod policy;
mod rotating;

use keyferry_core::model::OciStore;
use keyferry_realm::admin::Command;
use keyferry_realm::{Down, Effect, Fault, OperationName};
use keyferry_tests::{Ran, block_on};
use serde_json::{Value, json};

use crate::books::{Objects, bucket};
use crate::world::World;

const ACCEPT: [&str; 2] = ["--accept-unsaved", "software,secrets"];

impl World {
    /// Backs targets up into the bucket and to Frankfurt.
    fn saved(&self, args: &[&str]) -> Ran {
        let copies = self.copies.to_string();
        self.keyferry
            .run(&[&["backup", "--bucket", "backups", "--copy-to", &copies, "-o", "json"], args].concat())
    }

    /// The only backup that was made of them.
    fn backup(&self, args: &[&str]) -> Value {
        one(&self.saved(&[args, &ACCEPT].concat()).exits(0).json(), "backups")
    }

    /// That nothing was saved, because nothing has changed since that backup.
    #[track_caller]
    fn is_unchanged(&self, args: &[&str], backup: &Value) -> Value {
        let ran = self.saved(&[args, &ACCEPT].concat()).exits(0).json();
        assert_eq!(ran["backups"], json!([]));
        let skipped = one(&ran, "skipped");
        assert_eq!(skipped["backup_id"], backup["id"]);
        skipped
    }

    fn manifest(&self, backup: &Value) -> Value {
        self.of_store(&self.backups, &["show", id(backup)])["manifest"].clone()
    }

    fn of_store(&self, store: &OciStore, args: &[&str]) -> Value {
        self.keyferry.run(&[&["--store", &store.to_string(), "-o", "json"], args].concat()).exits(0).json()
    }

    /// The objects of a backup in both stores, without its folder; they are alike and good.
    #[track_caller]
    fn parts(&self, backup: &Value) -> Objects {
        let folder = format!("keyferry/{}/", id(backup));
        let of_store = |store: &OciStore| -> Objects {
            let objects = block_on(bucket(&self.account.client, store));
            let own = objects
                .into_iter()
                .filter_map(|(name, bytes)| Some((name.strip_prefix(&folder)?.to_owned(), bytes)));
            own.collect()
        };
        let parts = of_store(&self.backups);
        assert_eq!(parts, of_store(&self.copies), "the copy");
        for store in [&self.backups, &self.copies] {
            let checked = self.of_store(store, &["check", id(backup)]);
            let objects = checked["backups"][0]["objects"].as_array().expect("a list").iter();
            let names: Vec<_> = objects.map(|object| object["name"].as_str().expect("a name")).collect();
            for name in parts.keys().filter(|name| name.ends_with(".kmsbak")) {
                assert!(names.iter().any(|checked| checked.ends_with(name.as_str())), "{name}: {names:?}");
            }
        }
        parts
    }
}

fn id(backup: &Value) -> &str {
    backup["id"].as_str().expect("an id")
}

#[track_caller]
fn one(shown: &Value, list: &str) -> Value {
    let items = shown[list].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{shown}");
    items[0].clone()
}

fn names(parts: &Objects) -> Vec<&str> {
    parts.keys().map(String::as_str).collect()
}

#[test]
fn single_keys_of_a_vault_make_one_bundle_with_a_file_for_each() {
    let world = World::new(61);
    let backup = world.backup(&[world.card_data.as_str()]);
    let facts = ["contents", "keys", "key_files", "not_saved"].map(|field| backup[field].clone());
    assert_eq!(facts, [json!("key"), json!(1), json!(1), json!([])]);
    assert_eq!(names(&world.parts(&backup)), ["keys/001.kmsbak", "manifest.json", "manifest.json.sig"]);
    world.is_unchanged(&["card-data"], &backup);

    // One of them lies in another compartment than the vault.
    let two = world.backup(&["signing", "wrapping", "signing"]);
    assert_eq!((&two["contents"], &two["keys"]), (&json!("key"), &json!(2)));
    let files = ["keys/001.kmsbak", "keys/002.kmsbak", "manifest.json", "manifest.json.sig"];
    assert_eq!(names(&world.parts(&two)), files);
    let with_vault = world.backup(&["wrapping", "payments"]);
    assert_eq!(with_vault["contents"], "with_keys", "the whole vault holds its keys");
}

#[test]
fn a_backup_of_less_in_between_makes_no_key_unprovable_and_no_vault_changed() {
    let world = World::new(62);
    let whole = world.backup(&["payments"]);
    block_on(world.account.rotate(&world.vault, &world.card_data));
    world.backup(&["wrapping"]);
    world.backup(&["payments", "--metadata-only"]);
    let again = world.backup(&["payments"]);
    assert_eq!((&whole["generation"], &again["generation"]), (&json!(1), &json!(4)));
    assert_eq!(again["canaries"], json!({"minted": 4, "carried": 1, "unprovable": 0}));
    world.backup(&["wrapping", "--force"]);
    world.is_unchanged(&["payments"], &again);
}

#[test]
fn a_vault_is_saved_key_by_key_beside_its_metadata() {
    let world = World::new(63);
    let backup = world.backup(&["payments", "--keys-one-by-one"]);
    let facts = ["contents", "keys", "key_files"].map(|field| backup[field].clone());
    assert_eq!(facts, [json!("metadata_only"), json!(3), json!(3)]);
    let parts = world.parts(&backup);
    let files = ["keys/001.kmsbak", "keys/002.kmsbak", "keys/003.kmsbak"];
    assert_eq!(names(&parts), [&files[..], &["manifest.json", "manifest.json.sig", "vault.kmsbak"]].concat());
    let manifest = world.manifest(&backup);
    let keys = manifest["keys"].as_array().expect("a list").iter();
    assert_eq!(keys.map(|key| key["blob"]["name"].as_str().expect("a file")).collect::<Vec<_>>(), files);
    let shown = world.keyferry.run(&["--store", &world.copies.to_string(), "show", "latest"]).exits(0);
    for file in files.iter().chain(&["vault.kmsbak"]) {
        assert!(shown.stdout.contains(file), "{file}: {}", shown.stdout);
    }
    world.is_unchanged(&["payments", "--keys-one-by-one"], &backup);
    // Saved another way it is another backup.
    assert_eq!(world.backup(&["payments"])["generation"], 2);
}

#[test]
fn a_backup_without_keys_claims_none() {
    let world = World::new(64);
    let backup = world.backup(&["payments", "--metadata-only"]);
    let facts = ["contents", "keys", "versions", "canaries"].map(|field| backup[field].clone());
    let no_canary = json!({"minted": 0, "carried": 0, "unprovable": 0});
    assert_eq!(facts, [json!("metadata_only"), json!(0), json!(0), no_canary]);
    assert_eq!(names(&world.parts(&backup)), ["manifest.json", "manifest.json.sig", "vault.kmsbak"]);
    let refused = world.saved(&["payments", "--metadata-only", "--keys-one-by-one"]).exits(2);
    assert!(refused.stderr.contains("--keys-one-by-one"), "{}", refused.stderr);
}

#[test]
fn the_services_file_is_named_as_told_and_other_names_are_refused_with_what_is_allowed() {
    let world = World::new(65);
    let backup = world.backup(&["payments", "--name", "{vault}-{date}.kmsbak"]);
    let name = format!("payments-{}.kmsbak", &id(&backup)[..8]);
    assert_eq!(backup["object"]["name"], format!("keyferry/{}/{name}", id(&backup)));
    assert!(world.parts(&backup).contains_key(&name));
    for (name, said) in [
        ("a/b.kmsbak", "has no `/`"),
        ("../vault.kmsbak", "has no `/`"),
        (".hidden", "does not begin with a dot"),
        ("two words", "letters, digits"),
        ("{key}.kmsbak", "use {vault} or {date}"),
        ("manifest.json", "manifest.json"),
        ("", "letters, digits"),
    ] {
        let refused = world.saved(&["payments", "--name", name]).exits(2);
        assert!(refused.stderr.contains(said), "{name}: {}", refused.stderr);
    }
}

#[test]
fn where_the_service_may_not_copy_the_client_does() {
    let world = World::new(66);
    let refuse = |times| {
        let code = Some("InsufficientServicePermissions".to_owned());
        let effect = Effect::Status { status: 400, code, retry_after: None };
        let operation = Some(OperationName::CopyObject);
        block_on(world.account.command(&Command::AddFault(Fault { operation, times, ..Fault::new(effect) })));
    };
    let calls = |operation, status| {
        let is_one = |line: &&keyferry_realm::LogLine| {
            line.operation == Some(operation)
                && line.status == Some(status)
                && line.target.contains(".kmsbak")
        };
        block_on(world.account.log()).iter().filter(is_one).count()
    };
    refuse(None);
    let backup = world.backup(&["payments", "--keys-one-by-one"]);
    assert_eq!(world.parts(&backup).len(), 6);
    assert_eq!(calls(OperationName::PutObject, 200), 4, "one for each file");
    let refused = block_on(world.account.log());
    let refused = refused.iter().filter(|line| line.operation == Some(OperationName::CopyObject));
    assert_eq!(refused.filter(|line| line.status == Some(400)).count(), 4);
}

#[test]
fn a_region_of_copies_that_does_not_answer_is_left_out_and_caught_up_with() {
    let world = World::new(67);
    let region = world.copies.region;
    block_on(world.account.command(&Command::Down(region, Down::Refuse)));
    let ran = world.saved(&[&["payments"], &ACCEPT[..]].concat()).exits(3);
    assert!(
        ran.stderr.contains("KF-2114") && ran.stderr.contains(&world.copies.to_string()),
        "{}",
        ran.stderr
    );
    let backup = one(&ran.json(), "backups");
    let left_out = one(&backup, "left_out");
    assert_eq!(
        (&left_out["code"], &left_out["subject"]),
        (&json!("KF-2114"), &json!(world.copies.to_string()))
    );
    assert!(left_out["because"].as_str().expect("a text").contains("eu-frankfurt-1 does not answer"));
    assert_eq!(backup["copies"], json!([]));
    let still = world.saved(&[&["payments"], &ACCEPT[..]].concat()).exits(3);
    assert_eq!(one(&one(&still.json(), "skipped"), "left_out"), left_out);

    block_on(world.account.command(&Command::Up(region)));
    let skipped = world.is_unchanged(&["payments"], &backup);
    assert_eq!(skipped["copied"], json!([world.copies.to_string()]));
    assert_eq!(world.parts(&backup).len(), 3);
    let skipped = world.is_unchanged(&["payments"], &backup);
    assert_eq!(skipped["checked"], json!([world.backups.to_string(), world.copies.to_string()]));
}

#[test]
fn what_has_not_changed_is_saved_again_only_by_force() {
    let world = World::new(68);
    let first = world.backup(&["payments"]);
    world.is_unchanged(&["payments"], &first);
    let second = world.backup(&["payments", "--force"]);
    assert_eq!((&first["generation"], &second["generation"]), (&json!(1), &json!(2)));
    assert_eq!(world.manifest(&first)["previous"], Value::Null);
    let previous = json!({"backup_id": first["id"], "manifest_sha256": first["manifest_sha256"]});
    assert_eq!(world.manifest(&second)["previous"], previous);
    world.is_unchanged(&["payments"], &second);
}

#[test]
fn what_no_backup_can_hold_makes_it_partial_unless_it_is_accepted() {
    let world = World::new(69);
    let all_of = |ran: &Ran, list: &str| {
        let items = one(&ran.json(), list)["not_saved"].clone();
        let items = items.as_array().expect("a list").clone().into_iter();
        items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let ran = world.saved(&["payments"]).exits(3);
    assert_eq!(all_of(&ran, "backups"), ["test-data", "database-password"]);
    assert!(ran.stderr.contains("KF-2107") && ran.stderr.contains("--accept-unsaved"), "{}", ran.stderr);
    for (accepted, code) in [("", 3), ("software", 3), ("secrets", 3), ("secrets,software", 0)] {
        let flag = ["--accept-unsaved", accepted];
        let args = if accepted.is_empty() { &[][..] } else { &flag };
        let unchanged = world.saved(&[&["payments"], args].concat()).exits(code);
        assert_eq!(all_of(&unchanged, "skipped"), ["test-data", "database-password"]);
        let anew = world.saved(&[&["payments", "--force"], args].concat()).exits(code);
        assert_eq!(all_of(&anew, "backups").len(), 2);
    }
    let _ = world.saved(&["payments", "--accept-unsaved", "everything"]).exits(2);
}

#[test]
fn the_verdict_says_what_the_exit_code_says_of_new_and_of_unchanged_vaults() {
    let world = World::new(78);
    let backup = ["backup", "payments", "--bucket", "backups"];
    for (more, code) in
        [(&[][..], 3), (&[], 3), (&["--force"], 3), (&ACCEPT, 0), (&[&ACCEPT[..], &["--force"]].concat(), 0)]
    {
        let said = world.keyferry.run(&[&backup[..], more].concat()).exits(code).stdout;
        assert_eq!(said.contains("SAVED IN PART"), code == 3, "{more:?}: {said}");
        let parts =
            if code == 3 { "2 things not in any backup" } else { "2 things accepted as not in any backup" };
        assert!(said.contains("SAVED") && said.contains(parts), "{more:?}: {said}");
    }
    let _ = world.keyferry.run(&["realm", "fault", "add", "--hide-content", "shared"]).exits(0);
    let said = world.keyferry.run(&[&backup[..], &ACCEPT].concat()).exits(3).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("SAVED IN PART") && said.contains("not everything could be read"), "{said}");
}
