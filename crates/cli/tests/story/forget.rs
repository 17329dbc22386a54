//! A fortnight of backups, thinned out by a policy; what is cut off or planted on the way.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use keyferry_core::model::{OciStore, ProtectionMode, VaultType};
use keyferry_seams::{Access, Clock as _, Disk as _};
use serde_json::Value;

use crate::stage::{Ran, Stage, iad};

const DAY: Duration = Duration::from_secs(86_400);

/// A vault with a backup for each of so many days; its key is rotated every day.
async fn after(days: usize) -> Stage {
    let stage = Stage::new().await;
    let vault = stage.bare_vault("payments", VaultType::VirtualPrivate).await;
    let key = stage.key(&vault, "card-data", "vaults", ProtectionMode::Hsm).await;
    for _ in 0..days {
        stage.run("backup payments --bucket saves").await.exits(0);
        stage.clock.sleep(DAY).await;
        stage.client.rotate_key(&vault, &key, None).await.expect("rotated");
    }
    stage
}

async fn saves(stage: &Stage, rest: &str) -> Ran {
    stage.run(&format!("--store {} -o json {rest}", stage.store("saves", iad()))).await
}

fn days(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| &item["id"].as_str().expect("an id")[..8]).collect()
}

fn settings(stage: &Stage, text: &str) {
    stage.disk.write(Path::new("/keyferry.toml"), text.as_bytes(), Access::Owner).expect("written");
}

async fn plant(stage: &Stage, name: &str, bytes: &'static [u8]) {
    let store: OciStore = stage.store("saves", iad()).parse().expect("a store");
    let put = stage.client.put_object(&store.object(name), Bytes::from_static(bytes), false).await;
    put.expect("written");
}

#[tokio::test]
async fn a_policy_thins_out_the_vaults_that_it_is_for() {
    let stage = after(12).await;
    settings(
        &stage,
        "[policies.nightly]\nretention = { keep_last = 2, keep_weekly = 2 }\n\
         [policies.others]\nselect = { names = [\"ledger*\"] }\nretention = { keep_last = 1 }\n\
         [policies.forever]\n",
    );
    let policy = |name: &str| format!("--settings /keyferry.toml forget --policy {name} --prune --yes");
    saves(&stage, &policy("forever")).await.exits(2);
    let others = saves(&stage, &policy("others")).await.exits(0).json();
    assert_eq!(
        (days(&others["kept"]).len(), days(&others["forgotten"]).len()),
        (0, 0),
        "another vault's policy"
    );
    // From Tuesday the 24th of November to Saturday the 5th of December: the 29th is the first week's Sunday.
    let forgot = saves(&stage, &policy("nightly")).await.exits(0).json();
    assert_eq!(days(&forgot["kept"]), ["20261129", "20261204", "20261205"]);
    assert_eq!(days(&forgot["forgotten"]).len(), 9);
    assert_eq!(days(&forgot["pruned"]).len(), 9);
    let listed = saves(&stage, "list").await.exits(0).json();
    assert_eq!(days(&listed["backups"]), ["20261129", "20261204", "20261205"]);
    assert_eq!(listed["leftovers"], serde_json::json!([]));
    saves(&stage, "check --all").await.exits(0);
    let again = saves(&stage, &policy("nightly")).await.exits(0).json();
    assert_eq!(days(&again["forgotten"]).len(), 0, "once is enough");
}

#[tokio::test]
async fn leftovers_are_pruned_when_no_backup_can_be_at_it_any_more() {
    let stage = after(1).await;
    let name = "keyferry/20261001T000000Z-0badcafe/vault.kmsbak";
    plant(&stage, name, b"cut off").await;
    let listed = saves(&stage, "list").await.exits(0).json();
    assert_eq!(days(&listed["leftovers"]), ["20261001"]);
    assert_eq!((&listed["leftovers"][0]["objects"], &listed["leftovers"][0]["size"]), (&1.into(), &7.into()));
    let young = saves(&stage, "forget --prune --yes").await.exits(0).json();
    assert_eq!(days(&young["kept"]), ["20261001"], "its id is old, its file is not");
    stage.clock.sleep(DAY).await;
    let dry = saves(&stage, "forget --prune -n").await.exits(0).json();
    let pruned = saves(&stage, "forget --prune --yes").await.exits(0).json();
    assert_eq!((days(&dry["pruned"]), days(&pruned["pruned"])), (vec!["20261001"], vec!["20261001"]));
    assert_eq!(days(&pruned["forgotten"]).len(), 0);
    let listed = saves(&stage, "list").await.exits(0).json();
    assert_eq!((days(&listed["backups"]).len(), days(&listed["leftovers"]).len()), (1, 0));
}

#[tokio::test]
async fn a_planted_manifest_pushes_no_backup_out_and_is_not_touched() {
    let stage = after(2).await;
    let store: OciStore = stage.store("saves", iad()).parse().expect("a store");
    let objects = stage.client.list_objects(&store, "keyferry/").await.expect("listed");
    let newest = objects.iter().rfind(|object| object.name.ends_with("manifest.json")).expect("a manifest");
    let bytes = stage.client.object(&store.object(&newest.name), 1 << 20).await.expect("read").to_vec();
    let text = String::from_utf8(bytes).expect("text");
    let id = newest.name.split('/').nth(1).expect("an id");
    let planted = "20991231T000000Z-0badcafe";
    let text: &'static str = text.replace(id, planted).replace("2026-11", "2099-11").leak();
    plant(&stage, &format!("keyferry/{planted}/manifest.json.sig"), b"no signature").await;
    plant(&stage, &format!("keyferry/{planted}/manifest.json"), text.as_bytes()).await;
    let forgot = saves(&stage, "forget --keep-last 2 --prune --yes").await.exits(0).json();
    assert_eq!(days(&forgot["forgotten"]).len(), 0, "{forgot}");
    assert_eq!(days(&forgot["kept"]), ["20261124", "20261125", "20991231"]);
    let refused = saves(&stage, "forget 2099 --yes").await.exits(12).json();
    assert_eq!(days(&refused["refused"]), ["20991231"]);
}

#[tokio::test]
async fn a_store_that_was_set_back_is_not_thinned_out() {
    let stage = after(3).await;
    saves(&stage, "list").await.exits(0);
    let store: OciStore = stage.store("saves", iad()).parse().expect("a store");
    let objects = stage.client.list_objects(&store, "keyferry/2026").await.expect("listed");
    let newest = objects.last().expect("objects").name.split('/').nth(1).expect("an id").to_owned();
    for object in objects.iter().filter(|object| object.name.contains(&newest)) {
        stage.client.delete_object(&store.object(&object.name)).await.expect("deleted");
    }
    let ran = saves(&stage, "forget --keep-last 1 --yes").await.exits(12);
    assert!(ran.err.contains("KF-3203"), "{}", ran.err);
    let listed = stage.client.list_objects(&store, "keyferry/2026").await.expect("listed");
    assert_eq!(listed.len(), 6, "two backups, untouched");
}
