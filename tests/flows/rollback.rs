//! A store is set back to an earlier state: whoever saw the later one is told, and no number is given twice.

use keyferry_core::manifest::{self, Manifest, SealedManifest};
use keyferry_core::model::OciStore;
use keyferry_core::sshsig::SigningKey;
use keyferry_tests::{Ran, block_on};
use serde_json::Value;

use crate::world::{World, exists};

/// A second backup follows the first, because a key was rotated.
fn two_backups(seed: u64) -> (World, String, String) {
    let world = World::new(seed);
    let first = world.back_up();
    block_on(world.account.rotate(&world.vault, &world.card_data));
    let second = world.back_up();
    assert_eq!((generation(&first), generation(&second)), (1, 2));
    (world, id(&first), id(&second))
}

fn id(backup: &Value) -> String {
    backup["id"].as_str().expect("an id").to_owned()
}

fn generation(backup: &Value) -> u64 {
    backup["generation"].as_u64().expect("a number")
}

fn part(store: &OciStore, id: &str, name: &str) -> keyferry_core::model::ObjectPlace {
    store.object(&format!("keyferry/{id}/{name}"))
}

fn in_store(world: &World, store: &OciStore, args: &[&str]) -> Ran {
    world.keyferry.run(&[&["--store", &store.to_string()], args].concat())
}

fn plan_latest(world: &World, store: &OciStore) -> Ran {
    let plan = world.path("plan.json");
    in_store(world, store, &["restore", "plan", "latest", "--into", "eu-frankfurt-1", "--out", &plan])
}

/// Backs up as [`World::back_up`] does, and insists that it says that the store was set back.
fn warned_back_up(world: &World, store: &OciStore, seen: &str) -> Value {
    let copies = world.copies.to_string();
    let to = ["--bucket", "backups", "--copy-to", &copies, "--accept-unsaved", "software,secrets"];
    let ran = world.keyferry.run(&[&["backup", "payments", "-o", "json"], &to[..]].concat()).exits(0);
    tells(&ran, &["KF-3203", "generation 2", seen, &store.to_string()]);
    let backup = ran.json()["backups"][0].clone();
    assert_eq!(generation(&backup), 3, "a higher number, and never the same one again");
    backup
}

#[track_caller]
fn tells(ran: &Ran, words: &[&str]) {
    words.iter().for_each(|word| assert!(ran.stderr.contains(word), "{word}: {}{}", ran.stdout, ran.stderr));
}

#[track_caller]
fn is_told(world: &World, store: &OciStore, words: &[&str]) {
    for args in [["list"].as_slice(), &["check", "--all"]] {
        tells(&in_store(world, store, args).exits(12), &[&["KF-3203"], words].concat());
    }
}

#[track_caller]
fn is_well(world: &World, store: &OciStore) {
    for args in [["list"].as_slice(), &["check", "--all"]] {
        let ran = in_store(world, store, args).exits(0);
        assert!(!ran.stderr.contains("KF-3203"), "{}", ran.stderr);
    }
}

/// Takes away whatever has that beginning.
fn delete(world: &World, store: &OciStore, beginning: &str) -> usize {
    block_on(async {
        let client = &world.account.client;
        let listed = client.list_objects(store, &store.object(beginning).name).await.expect("listed");
        for object in &listed {
            let place = OciStore { prefix: String::new(), ..store.clone() }.object(&object.name);
            client.delete_object(&place).await.expect("deleted");
        }
        listed.len()
    })
}

/// As if there had never been a second backup.
fn set_back(world: &World, store: &OciStore, second: &str) {
    assert_eq!(delete(world, store, &format!("keyferry/{second}/")), 3);
    let claims: Vec<_> =
        block_on(world.account.client.list_objects(store, "keyferry/chain/")).expect("listed");
    for claim in claims.iter().filter(|claim| claim.name.ends_with("/000000000002")) {
        assert_eq!(delete(world, store, &claim.name), 1);
    }
}

fn read(world: &World, store: &OciStore, id: &str) -> Manifest {
    let bytes = block_on(world.account.read(&part(store, id, "manifest.json")));
    manifest::open_unverified(&bytes).expect("a manifest")
}

/// Writes manifest and signature, whatever was there.
fn overwrite(world: &World, store: &OciStore, id: &str, sealed: SealedManifest) {
    block_on(async {
        world.account.write(&part(store, id, "manifest.json"), sealed.bytes).await;
        world.account.write(&part(store, id, "manifest.json.sig"), sealed.signature.into_bytes()).await;
    });
}

fn own_key(world: &World) -> SigningKey {
    let text = std::fs::read_to_string(world.keyferry.state().join("signing_key")).expect("a key");
    SigningKey::from_openssh(&text).expect("a key")
}

fn seal(manifest: &Manifest, key: &SigningKey) -> SealedManifest {
    manifest::seal(manifest, key).expect("canonical")
}

#[test]
fn a_backup_that_was_there_and_is_gone_is_told_and_an_older_one_still_restores() {
    let (world, first, second) = two_backups(31);
    let store = &world.backups;
    for place in [store, &world.copies] {
        is_well(&world, place);
        set_back(&world, place, &second);
        is_told(&world, place, &["generation 2", &second, "the newest is generation 1"]);
    }

    // The service restores from a bucket of the target region only.
    let planned = plan_latest(&world, &world.copies).exits(0);
    tells(&planned, &["KF-3203", "generation 2", &second]);
    assert!(planned.stdout.contains(&first), "an old backup is better than none: {}", planned.stdout);

    warned_back_up(&world, store, &second);
    is_well(&world, store);
    is_well(&world, &world.copies);
    let claims = block_on(world.account.client.list_objects(store, "keyferry/chain/")).expect("listed");
    let numbers: Vec<_> = claims.iter().filter_map(|claim| claim.name.rsplit('/').next()).collect();
    assert_eq!(numbers, ["000000000001", "000000000003"]);
}

#[test]
fn a_vault_that_is_as_its_older_backup_says_is_saved_again_if_the_newer_one_is_gone() {
    let world = World::new(32);
    world.back_up();
    let to = ["--bucket", "backups", "--accept-unsaved", "software,secrets", "--force", "-o", "json"];
    let forced = world.keyferry.run(&[&["backup", "payments"], &to[..]].concat()).exits(0).json();
    let second = id(&forced["backups"][0]);
    set_back(&world, &world.backups, &second);
    warned_back_up(&world, &world.backups, &second);
}

#[test]
fn an_older_manifest_in_the_place_of_a_newer_one_is_never_quietly_the_latest() {
    let (world, first, second) = two_backups(33);
    let store = &world.backups;
    let older = block_on(async {
        let signature = world.account.read(&part(store, &first, "manifest.json.sig")).await;
        SealedManifest {
            bytes: world.account.read(&part(store, &first, "manifest.json")).await,
            signature: String::from_utf8(signature).expect("text"),
        }
    });
    overwrite(&world, store, &second, older);
    is_told(&world, store, &["generation 2", &first, &second]);
    for args in [["show", "latest"], ["check", "latest"]] {
        tells(&in_store(&world, store, &args).exits(12), &[&first, &second]);
    }
    tells(&plan_latest(&world, store).exits(12), &[&first, &second]);
    assert!(!exists(&world.path("plan.json")));
    warned_back_up(&world, store, &second);
}

#[test]
fn two_manifests_for_one_place_in_the_chain_are_told_whoever_signed_them() {
    let (world, first, second) = two_backups(34);
    let (store, key) = (&world.backups, own_key(&world));
    is_well(&world, store);
    let restore = |id: &str, manifest: &Manifest| overwrite(&world, store, id, seal(manifest, &key));

    // Beside the other one, with a whole bundle.
    let newest = read(&world, store, &second);
    let twin = format!("{}-deadbeef", &second[..second.len() - 9]);
    restore(&twin, &Manifest { backup_id: twin.clone(), ..newest.clone() });
    let blob = block_on(world.account.read(&part(store, &second, "vault.kmsbak")));
    block_on(world.account.write(&part(store, &twin, "vault.kmsbak"), blob));
    is_told(&world, store, &["generation 2", "2 times", &second, &twin]);
    delete(&world, store, &format!("keyferry/{twin}/"));
    is_well(&world, store);

    // In its place.
    restore(&second, &Manifest { made_by: "somebody with our key".to_owned(), ..newest.clone() });
    is_told(&world, store, &["generation 2", &second, "another manifest"]);
    restore(&second, &newest);
    is_well(&world, store);

    // In the place of the one that it followed.
    let oldest = read(&world, store, &first);
    restore(&first, &Manifest { made_by: "somebody with our key".to_owned(), ..oldest.clone() });
    is_told(&world, store, &[&first, &second, "followed"]);
    restore(&first, &oldest);
    is_well(&world, store);
}

#[test]
fn a_forged_manifest_with_a_high_number_leaves_no_trace_in_the_memory() {
    let (world, _, second) = two_backups(35);
    let store = &world.backups;
    let forged = "20990101T000000Z-00000bad";
    let high =
        Manifest { backup_id: forged.to_owned(), generation: 1_000_000_000, ..read(&world, store, &second) };
    let stranger = SigningKey::from_seed([9; 32]).expect("a key");
    overwrite(&world, store, forged, seal(&high, &stranger));
    let listed = in_store(&world, store, &["list", "-o", "json"]).exits(0).json();
    let signer = |backup: &Value| (backup["id"] == forged).then(|| backup["signer"].clone());
    let signers: Vec<_> = listed["backups"].as_array().expect("a list").iter().filter_map(signer).collect();
    assert_eq!(signers, [Value::Null], "listed as nobody's");
    let _ = in_store(&world, store, &["check", "--all"]).exits(12);
    let _ = plan_latest(&world, store).exits(12);

    block_on(world.account.rotate(&world.vault, &world.card_data));
    assert_eq!(generation(&world.back_up()), 3);
    delete(&world, store, &format!("keyferry/{forged}/"));
    is_well(&world, store);
}

#[test]
fn who_is_trusted_no_more_has_set_nothing_back() {
    let (world, _, _) = two_backups(38);
    is_well(&world, &world.backups);
    let nobody = world.path("no-such-key");
    let ran = in_store(&world, &world.backups, &["--signing-key", &nobody, "list"]).exits(0);
    assert!(!ran.stderr.contains("KF-3203"), "{}", ran.stderr);
}

#[test]
fn without_the_state_folder_only_this_one_sense_is_gone() {
    let (world, first, second) = two_backups(36);
    let (state, key) = (world.keyferry.state(), world.path("kept-key"));
    std::fs::copy(state.join("signing_key"), &key).expect("kept");
    set_back(&world, &world.backups, &second);
    std::fs::remove_dir_all(&state).expect("lost");
    let store = world.backups.to_string();
    let run =
        |args: &[&str]| world.keyferry.run(&[&["--signing-key", &key, "--store", &store], args].concat());

    for args in [["list"].as_slice(), &["check", "--all"]] {
        let ran = run(args).exits(0);
        assert!(!ran.stderr.contains("KF-3203"), "nobody knows better: {}", ran.stderr);
    }
    let to = ["--bucket", "backups", "--accept-unsaved", "software,secrets", "-o", "json"];
    let saved = run(&[&["backup", "payments"], &to[..]].concat()).exits(0).json();
    assert_eq!(generation(&saved["backups"][0]), 2);
    let plan = world.path("plan.json");
    let copies = world.copies.to_string();
    let planned = world.keyferry.run(&[
        "--signing-key",
        &key,
        "--store",
        &copies,
        "restore",
        "plan",
        &first,
        "--into",
        "eu-frankfurt-1",
        "--out",
        &plan,
        "-o",
        "json",
    ]);
    let digest = planned.exits(0).json()["digest"].as_str().expect("a digest").to_owned();
    let applied = run(&["restore", "apply", &plan, "--yes", "--plan-digest", &digest, "-o", "json"]).exits(0);
    assert_eq!(applied.json()["proof"]["proven"], 3);
}

#[test]
fn each_store_that_got_a_bundle_is_remembered_for_itself() {
    let (world, _, second) = two_backups(37);
    let third_place: OciStore = format!("{}/second", world.copies).parse().expect("a store");
    let _ = in_store(&world, &world.backups, &["copy", "latest", "--to", &third_place.to_string()]).exits(0);

    // Nobody has listed the copies, but they were written from here.
    for store in [&third_place, &world.copies] {
        set_back(&world, store, &second);
        is_told(&world, store, &["generation 2", &second]);
    }
    is_well(&world, &world.backups);
    let backup = warned_back_up(&world, &world.copies, &second);
    for store in [&world.backups, &world.copies] {
        is_well(&world, store);
        assert!(in_store(&world, store, &["list"]).exits(0).stdout.contains(&id(&backup)));
    }
}

#[test]
fn a_claim_of_an_absurd_number_is_told_and_stops_no_later_backup() {
    let (world, _, second) = two_backups(39);
    let store = &world.backups;
    let claims = block_on(world.account.client.list_objects(store, "keyferry/chain/")).expect("listed");
    let (chain, _) = claims[0].name.rsplit_once('/').expect("a folder");
    // One is nobody's, one leads to a backup that is signed and has another number.
    for (number, claim) in [
        ("999999999999", "{}".to_owned()),
        ("999999999998", format!("{{\"backup_id\": \"{second}\", \"generation\": 999999999998}}")),
    ] {
        let place = store.object(&format!("{chain}/{number}"));
        block_on(world.account.write(&place, claim.into_bytes()));
    }
    let to = ["--bucket", "backups", "--accept-unsaved", "software,secrets", "-o", "json"];
    let backup = || world.keyferry.run(&[&["backup", "payments"], &to[..]].concat()).exits(0);
    let told = |ran: &Ran| tells(ran, &["KF-3201", "999999999999", "generation"]);

    for args in [["list"].as_slice(), &["check", "--all"]] {
        told(&in_store(&world, store, args).exits(0));
    }
    for number in [3, 4] {
        block_on(world.account.rotate(&world.vault, &world.card_data));
        let ran = backup();
        assert_eq!(generation(&ran.json()["backups"][0]), number);
        told(&ran);
    }
}
