//! Each refusal has its exit code, a text that says what to do, and leaves nothing half-done.

use keyferry_core::model::VaultState;
use keyferry_ids::Region;
use keyferry_realm::admin::{Advance, Command};
use keyferry_tests::{Account, Keyferry, Served, block_on};

use crate::world::{World, exists};

fn mutations(world: &World) -> usize {
    let is_one =
        |sent: &keyferry_seams::Sent| sent.method != http::Method::GET && sent.method != http::Method::HEAD;
    world.keyferry.recorder.sent().iter().filter(|sent| is_one(sent)).count()
}

#[test]
fn what_cannot_be_backed_up_is_refused_before_anything_is_written() {
    let world = World::new(3);
    for (target, word) in
        [("shared-vault", "DEFAULT"), ("test-data", "software"), ("database-password", "secret")]
    {
        let ran = world.keyferry.run(&["backup", target, "--bucket", "backups"]).exits(15);
        assert!(ran.stderr.to_lowercase().contains(&word.to_lowercase()), "{target}: {}", ran.stderr);
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    }
    assert_eq!(mutations(&world), 0);
    let ran = world.keyferry.run(&["backup", "payments", "--bucket", "backups"]).exits(3);
    assert!(ran.stdout.contains("test-data") && ran.stdout.contains("database-password"), "{}", ran.stdout);
}

#[test]
fn another_realm_an_unsubscribed_region_and_a_foreign_tenancy_are_refused() {
    let world = World::new(4);
    let backup = world.back_up();
    let store = world.copies.to_string();
    for (into, word) in [("eu-frankfurt-2", "realm"), ("eu-zurich-1", "may use us-ashburn-1")] {
        let plan = world.path(into);
        let args = ["--store", &store, "restore", "plan", "latest", "--into", into, "--out", &plan];
        let ran = world.keyferry.run(&args).exits(6);
        assert!(
            format!("{}{}", ran.stdout, ran.stderr).contains(word),
            "{into}: {}{}",
            ran.stdout,
            ran.stderr
        );
        assert!(!exists(&plan), "no plan is left behind");
    }

    let other = Served::start(&world.folder.path().join("other-realm"), 5);
    let stranger = Account::of(&other);
    let user = Keyferry::new(&world.folder.path().join("other-home"), &other.data);
    let signers = world.path("signers");
    let public =
        std::fs::read_to_string(world.keyferry.state().join("signing_key.pub")).expect("the public half");
    std::fs::write(&signers, format!("robot {public}")).expect("written");
    let copied = block_on(async {
        let bucket = stranger.bucket("eu-frankfurt-1", "found", &stranger.root()).await;
        for part in ["vault.kmsbak", "manifest.json", "manifest.json.sig"] {
            let name = format!("keyferry/{}/{part}", backup["id"].as_str().expect("an id"));
            stranger
                .write(&bucket.object(&name), world.account.read(&world.copies.object(&name)).await)
                .await;
        }
        bucket.to_string()
    });
    let plan = world.path("foreign");
    let args = [
        "--store",
        &copied,
        "--allowed-signers",
        &signers,
        "restore",
        "plan",
        "latest",
        "--into",
        "eu-frankfurt-1",
        "--out",
        &plan,
    ];
    let ran = user.run(&args).exits(6);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("tenancy"), "{}{}", ran.stdout, ran.stderr);
    assert!(!exists(&plan));
    let unsigned =
        ["--store", &copied, "restore", "plan", "latest", "--into", "eu-frankfurt-1", "--out", &plan];
    let _ = user.run(&unsigned).exits(12);
}

#[test]
fn a_truncated_copy_is_noticed_before_the_service_is_asked() {
    let world = World::new(6);
    let backup = world.back_up();
    let (plan, digest) = world.plan("plan.json");
    let blob =
        world.copies.object(&format!("keyferry/{}/vault.kmsbak", backup["id"].as_str().expect("an id")));
    block_on(async {
        let mut bytes = world.account.read(&blob).await;
        bytes.truncate(bytes.len() / 2);
        world.account.write(&blob, bytes).await;
    });
    let store = world.copies.to_string();
    let _ = world.keyferry.run(&["--store", &store, "check", "latest"]).exits(5);
    let ran = world.keyferry.run(&["restore", "apply", &plan, "--yes", "--plan-digest", &digest]).exits(5);
    assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
    let frankfurt = Region::parse("eu-frankfurt-1").expect("a region");
    let there =
        block_on(world.account.client.list_vaults(frankfurt, &world.vault.compartment_id)).expect("listed");
    assert_eq!(
        there.iter().filter(|v| v.lifecycle_state != VaultState::Deleted).count(),
        0,
        "nothing half-done"
    );
}

#[test]
fn a_manifest_with_one_changed_byte_is_not_believed() {
    let world = World::new(7);
    let backup = world.back_up();
    let manifest =
        world.copies.object(&format!("keyferry/{}/manifest.json", backup["id"].as_str().expect("an id")));
    block_on(async {
        let text = String::from_utf8(world.account.read(&manifest).await).expect("text");
        let changed = text.replacen("card-data", "card-dato", 1);
        assert_ne!(text, changed);
        world.account.write(&manifest, changed.into_bytes()).await;
    });
    let (store, plan) = (world.copies.to_string(), world.path("plan.json"));
    let args = ["--store", &store, "restore", "plan", "latest", "--into", "eu-frankfurt-1", "--out", &plan];
    let ran = world.keyferry.run(&args).exits(12);
    assert!(ran.stderr.contains("signature"), "{}", ran.stderr);
    assert!(!exists(&plan));
    let _ = world.keyferry.run(&["--store", &store, "check", "latest"]).exits(12);
}

#[test]
fn a_wrong_api_key_and_a_wrong_clock_are_told_apart() {
    let world = World::new(8);
    let other = Served::start(&world.folder.path().join("other-realm"), 9);
    let key = std::fs::read(other.data.join("api_key.pem")).expect("another key");
    let own = std::fs::read(world.realm.data.join("api_key.pem")).expect("our key");
    let path = world.realm.data.join("api_key.pem");
    std::fs::write(&path, key).expect("written");
    let ran = world.keyferry.run(&["inventory"]).exits(13);
    assert!(ran.stderr.contains("KF-3301") && !ran.stderr.contains("clock"), "{}", ran.stderr);
    std::fs::write(&path, own).expect("written");
    block_on(world.account.command(&Command::Advance(Advance { seconds: 600 })));
    let ran = world.keyferry.run(&["inventory"]).exits(13);
    assert!(ran.stderr.contains("KF-3302") && ran.stderr.contains("clock"), "{}", ran.stderr);
}

#[test]
fn an_api_key_that_others_can_read_is_refused_with_the_line_to_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(10);
    let path = world.realm.data.join("api_key.pem");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("opened to all");
    let ran = world.keyferry.run(&["inventory"]).exits(6);
    assert!(ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    assert_eq!(world.keyferry.recorder.sent(), []);
}

#[test]
fn a_change_without_a_terminal_needs_its_flags() {
    let world = World::new(11);
    world.back_up();
    let (plan, digest) = world.plan("plan.json");
    for args in [vec!["restore", "apply", &plan], vec!["restore", "apply", &plan, "--yes"]] {
        let ran = world.keyferry.run(&args).exits(2);
        assert!(ran.stderr.contains("--yes") || ran.stderr.contains("--plan-digest"), "{}", ran.stderr);
    }
    let wrong = digest.replace(['0', '1'], "2");
    let _ = world.keyferry.run(&["restore", "apply", &plan, "--yes", "--plan-digest", &wrong]).exits(12);
}

#[test]
fn a_store_of_aws_without_credentials_is_not_asked_and_the_variables_are_named() {
    let world = World::new(73);
    let ran = world.keyferry.run(&["--store", "s3://archive/keys", "list"]).exits(13);
    for word in
        ["KF-3305", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", "help: set AWS_ACCESS_KEY_ID"]
    {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert!(world.keyferry.recorder.sent().is_empty(), "nobody was asked");
}

#[test]
fn a_plan_is_not_applied_to_a_target_that_has_changed_since() {
    let world = World::new(77);
    world.back_up();
    let ((stale, stale_digest), (used, used_digest)) = (world.plan("one.json"), world.plan("two.json"));
    assert_ne!(stale_digest, used_digest);
    let apply = |plan: &str, digest: &str| {
        world.keyferry.run(&["restore", "apply", plan, "--yes", "--plan-digest", digest])
    };
    let _ = apply(&used, &used_digest).exits(0);
    let before = mutations(&world);
    let ran = apply(&stale, &stale_digest).exits(7);
    for word in ["KF-1101", "is there now", "help: make a new plan"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    let again = apply(&used, &used_digest).exits(7);
    assert!(again.stderr.contains("KF-1102"), "it was this very plan: {}", again.stderr);
    assert_eq!(mutations(&world), before, "nothing was done");
    let runs = world.keyferry.run(&["runs", "-o", "json"]).exits(0).json();
    let runs = runs["runs"].as_array().expect("a list").iter();
    assert_eq!(runs.filter(|run| run["kind"] == "restore").count(), 1, "and no run was begun");
}
