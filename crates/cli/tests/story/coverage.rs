//! The ledger: what it says of a vault's keys, that its advice works, and its gates.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use keyferry_core::model::{ProtectionMode, VaultType};
use keyferry_seams::{Access, Disk as _, RealDisk};
use serde_json::{Value, json};

use crate::stage::{Stage, fra, iad};

/// The lines about keys that lie in Ashburn, by name.
fn line<'a>(ledger: &'a Value, name: &str) -> &'a Value {
    let lines = ledger["lines"].as_array().expect("a list");
    let is_it = |line: &&Value| line["name"] == name && line["region"] == "us-ashburn-1";
    lines.iter().find(is_it).expect("a line for each key")
}

/// The first advice, without the program's name and with its gaps filled in.
fn advice(ledger: &Value, stage: &Stage) -> String {
    let next = line(ledger, "card-data")["next"].as_str().expect("something to do").to_owned();
    let filled = next.replace("--bucket BUCKET", "--bucket saves").replace("plan.json", "/plan");
    let filled = filled.replace(" STORE", &format!(" {}", stage.store("copies", fra())));
    filled.strip_prefix("keyferry ").expect("one of our commands").to_owned()
}

#[tokio::test]
async fn whoever_follows_the_ledgers_advice_ends_up_protected_and_proven() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    let saves = stage.store("saves", iad());
    let look = format!("--store {saves} coverage -o json");

    let ledger = stage.run(&look).await.exits(0).json();
    assert_eq!((&ledger["schema"], &ledger["percent"]), (&json!("keyferry.coverage"), &json!(0.0)));
    assert_eq!(line(&ledger, "card-data")["standing"], "unsaved");
    let ran = stage.run(&format!("{look} --fail-under 50")).await.exits(5);
    assert_eq!(ran.error()["code"], "KF-2501");
    stage.run(&format!("{look} --older-than 24h")).await.exits(5);

    stage.run(&advice(&ledger, &stage)).await.exits(0);
    let ledger = stage.run(&format!("{look} --fail-under 100 --older-than 24h")).await.exits(0).json();
    let card_data = line(&ledger, "card-data");
    assert_eq!((&card_data["standing"], &ledger["percent"]), (&json!("protected"), &json!(100.0)));
    assert_eq!(card_data["copied"]["places"][1]["region"], "eu-frankfurt-1");
    assert_eq!(card_data["copied"]["places"][1]["is_seen"], false, "only the first store was looked at");
    assert_eq!(card_data["proven"]["state"], "never");
    let ran = stage.run(&format!("{look} --proven-within 1d")).await.exits(5);
    assert_eq!(ran.error()["code"], "KF-2503");

    let plan = stage.run(&format!("{} -o json", advice(&ledger, &stage))).await.exits(0).json();
    let digest = plan["digest"].as_str().expect("a digest");
    stage.run(&format!("restore apply /plan --yes --plan-digest {digest}")).await.exits(0);
    let ledger = stage.run(&look).await.exits(0).json();
    let proven = &line(&ledger, "card-data")["proven"];
    assert_eq!((&proven["state"], &proven["region"]), (&json!("proven"), &json!("eu-frankfurt-1")));
    assert_eq!(line(&ledger, "card-data")["next"], Value::Null);
    assert_eq!(
        (&ledger["percent"], &ledger["totals"]["counted"]),
        (&json!(50.0), &json!(6)),
        "new keys count too"
    );

    stage.clock.advance(SignedDuration::from_hours(48));
    stage.run(&format!("{look} --proven-within 1d")).await.exits(5);
    let ledger = stage.run(&look).await.exits(0).json();
    assert_eq!(line(&ledger, "card-data")["standing"], "protected", "nothing has changed since");
    let keys = stage.client.list_keys(&vault, &stage.compartments["vaults"]).await.expect("listed");
    let rotated = keys.iter().find(|key| key.name == "card-data").expect("made above");
    stage.client.rotate_key(&vault, &rotated.id, None).await.expect("rotated");
    let ledger = stage.run(&format!("{look} --older-than 24h")).await.exits(5).json();
    assert_eq!(line(&ledger, "card-data")["standing"], "outdated");
    assert_eq!(line(&ledger, "card-data")["missing_versions"], 1);
    assert_eq!(line(&ledger, "wrapping")["standing"], "stale", "its vault has changed");
}

#[tokio::test]
async fn what_no_backup_holds_is_in_the_ledger_and_a_copy_that_is_gone_is_noticed() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    stage.key(&vault, "test-data", "vaults", ProtectionMode::Software).await;
    stage.secret(&vault, "password");
    let shared = stage.bare_vault("shared", VaultType::Default).await;
    stage.key(&shared, "old", "vaults", ProtectionMode::Hsm).await;
    let (saves, copies) = (stage.store("saves", iad()), stage.store("copies", fra()));
    let backup =
        format!("backup payments --bucket saves --copy-to {copies} --accept-unsaved software,secrets");
    stage.run(&backup).await.exits(0);

    let look = format!("--store {copies} coverage -o json");
    let ledger = stage.run(&look).await.exits(0).json();
    let standings =
        ["card-data", "test-data", "old", "password"].map(|name| line(&ledger, name)["standing"].clone());
    assert_eq!(standings, ["protected", "exportable", "unsavable", "secret"]);
    assert_eq!(ledger["percent"], 60.0);
    assert_eq!(line(&ledger, "card-data")["immutable"], "deletable");
    let accepting = stage.run(&format!("{look} --accept-unsaved software")).await.exits(0).json();
    assert_eq!(accepting["percent"], 75.0);

    let text = stage.run(&format!("--store {copies} coverage --junit /junit.xml")).await.exits(0).out;
    assert!(text.contains("oci kms crypto key export") && text.contains("60 %"), "{text}");
    let xml = stage.disk.read(Path::new("/junit.xml"), 1 << 20).expect("written");
    let xml = String::from_utf8(xml).expect("text");
    assert!(xml.contains("tests=\"5\" failures=\"2\""), "{xml}");
    let csv = stage.run(&format!("--store {copies} coverage -o csv")).await.exits(0).out;
    assert_eq!(csv.lines().count(), 1 + 6);

    stage.lose(fra());
    let ledger = stage.run(&look).await.exits(3).json();
    assert!(ledger["stores"][0]["because"].is_string(), "{}", ledger["stores"]);
    let ledger =
        stage.run(&format!("--store {saves} coverage -o json --fail-under 50")).await.exits(3).json();
    assert_eq!(ledger["percent"], 60.0, "as signed; the store itself was never listed here");
}

#[tokio::test]
async fn without_calling_anybody_the_ledger_is_as_it_was_seen_last() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let copies = stage.store("copies", fra());
    stage.run(&format!("backup payments --bucket saves --copy-to {copies}")).await.exits(0);
    // A folder of the machine: the index is a file that outlives a command.
    let folder = tempfile::tempdir().expect("a folder for the test");
    let at = |name: &str| folder.path().join(name);
    for name in ["realm.json", "config", "key.pem"] {
        let bytes = stage.disk.read(&Path::new("/realm").join(name), 1 << 20).expect("there");
        let here = String::from_utf8(bytes)
            .expect("text")
            .replace("/realm/", &format!("{}/", at("realm").display()));
        RealDisk.write(&at("realm").join(name), here.as_bytes(), Access::Owner).expect("written");
    }
    let key = stage.disk.read(Path::new("/state/signing_key"), 1 << 20).expect("made by the backup");
    RealDisk.write(&at("state/signing_key"), &key, Access::Owner).expect("written");
    let run = async |line: &str| {
        let (realm, state) = (at("realm").display().to_string(), at("state").display().to_string());
        let here = |world: &mut keyferry_cli::World| {
            world.disk = Arc::new(RealDisk);
            world.env.extend([("KEYFERRY_REALM".to_owned(), realm), ("KEYFERRY_STATE".to_owned(), state)]);
        };
        stage.run_with(line, here).await
    };
    let ran = run("coverage --offline -o json").await.exits(10);
    assert_eq!(ran.error()["code"], "KF-1201");
    let before = run(&format!("--store {copies} coverage -o json")).await.exits(0).json();
    assert_eq!((&before["percent"], &before["stores"][0]["new"]), (&json!(100.0), &json!(1)));
    let sent = stage.http.sent().len();
    let offline = run("coverage --offline -o json").await.exits(0).json();
    assert_eq!((&offline["lines"], &offline["taken_at"]), (&before["lines"], &before["taken_at"]));
    assert_eq!(stage.http.sent().len(), sent, "nobody was called");

    let id = before["lines"][0]["saved"]["backup_id"].as_str().expect("saved").to_owned();
    let store: keyferry_core::model::OciStore = copies.parse().expect("a store");
    for part in ["manifest.json", "manifest.json.sig"] {
        stage.client.delete_object(&store.object(&format!("keyferry/{id}/{part}"))).await.expect("deleted");
    }
    let ledger = run(&format!("--store {copies} coverage -o json")).await.exits(0).json();
    assert_eq!(ledger["stores"][0]["vanished"], json!([id]));
    assert_eq!(line(&ledger, "card-data")["standing"], "unsaved");
}
