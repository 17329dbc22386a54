//! What is refused: with a clear code, the right exit code, and nothing half-done.

use std::path::Path;

use bytes::Bytes;
use jiff::SignedDuration;
use keyferry_core::model::{ObjectPlace, OciStore, ProtectionMode, VaultType};
use keyferry_seams::{Access, Disk as _};
use serde_json::Value;

use crate::stage::{Ran, Stage, fra};

/// A stage with one backup and its copy.
async fn saved() -> Stage {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let copies = stage.store("copies", fra());
    stage.run(&format!("backup payments --bucket saves --copy-to {copies}")).await.exits(0);
    stage
}

/// Rewrites an object of the copied backup.
async fn rewrite(stage: &Stage, part: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let store: OciStore = stage.store("copies", fra()).parse().expect("a store");
    let objects = stage.client.list_objects(&store, "keyferry/").await.expect("listed");
    let found = objects.into_iter().find(|object| object.name.ends_with(part)).expect("a part of the bundle");
    let place = ObjectPlace { name: found.name, ..store.object("") };
    let bytes = stage.client.object(&place, 1 << 20).await.expect("read").to_vec();
    stage.client.put_object(&place, Bytes::from(change(bytes)), false).await.expect("written");
}

fn plan(stage: &Stage, into: &str) -> String {
    format!("--store {} restore plan latest --into {into} --out /plan -o json", stage.store("copies", fra()))
}

fn code(ran: &Ran) -> Value {
    ran.error()["code"].clone()
}

#[tokio::test]
async fn targets_that_no_backup_can_save_are_refused_before_anything_is_written() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    let shared = stage.bare_vault("shared", VaultType::Default).await;
    let software = stage.key(&vault, "test-data", "vaults", ProtectionMode::Software).await;
    stage.secret(&vault, "password");
    let before = stage.http.sent().len();
    for (target, exit, expected) in [
        (shared.id.as_str(), 15, "KF-2101"),
        (software.as_str(), 15, "KF-2103"),
        ("password", 15, "KF-2104"),
        ("nothing", 10, "KF-1201"),
        (stage.compartments["vaults"].as_str(), 2, "KF-1203"),
        ("payments", 10, "KF-1201"),
        ("card-data", 10, "KF-1201"),
    ] {
        let ran = stage.run(&format!("backup {target} --bucket nowhere -o json")).await.exits(exit);
        assert_eq!(code(&ran), expected, "{target}");
    }
    let changes =
        stage.http.sent().split_off(before).into_iter().filter(|call| call.method != http::Method::GET);
    assert_eq!(changes.count(), 0);
}

#[tokio::test]
async fn a_restore_stays_in_its_realm_its_tenancy_and_its_compartment() {
    let stage = saved().await;
    for (into, expected) in [("uk-gov-london-1", "KF-3001"), ("us-phoenix-1", "KF-3002"), ("iad", "KF-2201")]
    {
        let ran = stage.run(&plan(&stage, into)).await.exits(6);
        assert_eq!(code(&ran), expected, "{into}");
    }
    let other = &stage.compartments["keys"];
    let ran = stage.run(&format!("{} --compartment {other}", plan(&stage, "fra"))).await.exits(6);
    assert_eq!(code(&ran), "KF-3005");
    let errors = ran.json()["findings"].as_array().map(Vec::len);
    assert_eq!(errors, Some(1), "scripts find the findings in the plan");
    assert!(stage.disk.read(Path::new("/plan"), 1 << 20).is_err(), "no plan was written");
    let recorded = &stage.compartments["vaults"];
    stage.run(&format!("{} --compartment {recorded}", plan(&stage, "fra"))).await.exits(0);
}

#[tokio::test]
async fn damaged_bytes_are_noticed_by_check_and_by_a_restore() {
    let stage = saved().await;
    let planned = stage.run(&plan(&stage, "fra")).await.exits(0).json();
    rewrite(&stage, "vault.kmsbak", |mut bytes| {
        bytes.truncate(bytes.len() - 1);
        bytes
    })
    .await;
    let line = format!("--store {} check latest -o json", stage.store("copies", fra()));
    let ran = stage.run(&line).await.exits(5);
    assert_eq!(ran.json()["backups"][0]["objects"][0]["verdict"], "differs");
    assert_eq!(code(&ran), "KF-2301");
    let digest = planned["digest"].as_str().expect("a digest");
    let ran = stage.run(&format!("restore apply /plan --yes --plan-digest {digest} -o json")).await.exits(5);
    assert_eq!(code(&ran), "KF-2301");
    let vaults = stage.client.vault_ids(fra(), &stage.compartments["vaults"]).await.expect("listed");
    assert!(vaults.is_empty(), "nothing was restored");
}

#[tokio::test]
async fn a_manifest_with_another_byte_is_not_believed() {
    let stage = saved().await;
    rewrite(&stage, "manifest.json", |bytes| {
        String::from_utf8(bytes).expect("JSON").replace("card-data", "card-date").into_bytes()
    })
    .await;
    for line in ["check --all", "show latest", "prove latest", "copy latest --to oci://x@y/fra"] {
        let ran =
            stage.run(&format!("--store {} {line} -o json", stage.store("copies", fra()))).await.exits(12);
        assert_eq!(code(&ran), "KF-3201", "{line}");
    }
    // It was seen whole before, so a list does not pass over it either.
    let listed = stage.run(&format!("--store {} list -o json", stage.store("copies", fra()))).await.exits(12);
    assert_eq!(code(&listed), "KF-3203");
    assert_eq!(listed.json()["backups"][0]["signer"], Value::Null);
}

#[tokio::test]
async fn strangers_signatures_do_not_count() {
    let stage = saved().await;
    let line = format!("--store {} show latest -o json", stage.store("copies", fra()));
    let nobody = stage.run(&format!("{line} --state /other")).await.exits(12);
    assert_eq!(code(&nobody), "KF-3202");
    stage.run("backup payments --bucket saves --state /other").await.exits(0);
    let stranger = stage.run(&format!("{line} --state /other")).await.exits(12);
    assert_eq!(code(&stranger), "KF-3202");
    let key = stage.disk.read(Path::new("/state/signing_key"), 1 << 20).expect("made by the backup");
    let key = keyferry_core::sshsig::SigningKey::from_openssh(&String::from_utf8(key).expect("PEM"))
        .expect("a key");
    let list = format!("keyferry {}\n", key.public().to_line());
    stage.disk.write(Path::new("/list"), list.as_bytes(), Access::Everyone).expect("written");
    stage.run(&format!("{line} --state /third --allowed-signers /list")).await.exits(0);
}

#[tokio::test]
async fn a_signing_key_that_others_can_read_is_not_used() {
    let stage = saved().await;
    let key = stage.disk.read(Path::new("/state/signing_key"), 1 << 20).expect("made by the backup");
    stage.disk.write(Path::new("/state/signing_key"), &key, Access::Everyone).expect("written");
    let ran = stage.run("backup payments --bucket saves -o json").await.exits(6);
    assert_eq!(ran.error()["help"][0], "run: chmod 600 /state/signing_key");
}

#[tokio::test]
async fn wrong_keys_and_wrong_clocks_are_told_apart() {
    let stage = Stage::new().await;
    stage.describe("00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00");
    assert_eq!(code(&stage.run("inventory -o json").await.exits(13)), "KF-3301");
    stage.describe(&stage.realm.api_key().fingerprint());
    let now = keyferry_seams::Clock::now(stage.clock.as_ref());
    let slow = std::sync::Arc::new(keyferry_seams::VirtualClock::new(now - SignedDuration::from_mins(10)));
    let ran = stage.run_with("inventory -o json", |world| world.clock = slow).await.exits(13);
    assert_eq!(code(&ran), "KF-3302");
    assert!(ran.error()["message"].as_str().is_some_and(|text| text.contains("clock")), "{}", ran.err);
}

#[tokio::test]
async fn a_plan_that_was_exchanged_after_it_was_looked_at_is_refused() {
    let stage = saved().await;
    stage.run(&plan(&stage, "fra")).await.exits(0);
    let other = "00".repeat(32);
    let ran = stage.run(&format!("restore apply /plan --yes --plan-digest {other} -o json")).await.exits(12);
    assert_eq!(code(&ran), "KF-3201");
}
