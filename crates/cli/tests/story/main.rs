//! Whole command lines against the embedded realm, in one process and in virtual time.

mod coverage;
mod forget;
mod inventory;
mod pace;
mod refusals;
mod settings;
mod stage;
mod streams;

use std::path::Path;

use keyferry_core::Sha256;
use keyferry_core::model::{ObjectPlace, ProtectionMode, VaultType};
use keyferry_seams::Disk as _;
use serde_json::{Value, json};

use stage::{Stage, fra, iad};

#[tokio::test]
async fn a_vault_crosses_regions_and_every_version_is_proven() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    let (saves, copies) = (stage.store("saves", iad()), stage.store("copies", fra()));

    let stock = stage.run("inventory -o json").await.exits(0).json();
    assert_eq!(stock["schema"], "keyferry.inventory");
    assert_eq!(stock["completeness"]["complete"], true);
    assert_eq!(stock["vaults"][0]["keys"].as_array().map(Vec::len), Some(3));

    let first = stage.run(&format!("backup payments --bucket saves --copy-to {copies} -o json")).await;
    let first = first.exits(0).json();
    assert_eq!(first["backups"][0]["canaries"], json!({"minted": 4, "carried": 0, "unprovable": 0}));
    assert_eq!(first["backups"][0]["copies"], json!([copies]));
    let keys = stage.client.list_keys(&vault, &stage.compartments["vaults"]).await.expect("listed");
    let rotated = keys.iter().find(|key| key.name == "card-data").expect("made above");
    stage.client.rotate_key(&vault, &rotated.id, None).await.expect("rotated");
    let second = stage.run(&format!("backup {} --bucket saves -o json", vault.id)).await.exits(0).json();
    assert_eq!(second["backups"][0]["canaries"], json!({"minted": 4, "carried": 1, "unprovable": 0}));

    let listed = stage.run(&format!("--store {saves} list -o json")).await.exits(0).json();
    let ids: Vec<_> = listed["backups"].as_array().expect("a list").iter().map(|b| b["id"].clone()).collect();
    assert_eq!(ids, [first["backups"][0]["id"].clone(), second["backups"][0]["id"].clone()]);
    let shown = stage.run(&format!("--store {saves} show latest~1 -o json")).await.exits(0).json();
    assert_eq!(shown["manifest"]["backup_id"], ids[0]);
    stage.run(&format!("--store {saves} copy latest --to {copies}")).await.exits(0);
    let checked = stage.run(&format!("--store {copies} check --all -o json")).await.exits(0).json();
    assert_eq!(checked["backups"].as_array().map(Vec::len), Some(2));

    stage.lose(iad());
    let before = stage.http.sent().len();
    let line = format!("--store {copies} restore plan latest --into eu-frankfurt-1 --out /plan -o json");
    let plan = stage.run(&format!("{line} --detailed-exitcode")).await.exits(4).json();
    let bytes = stage.disk.read(Path::new("/plan"), 1 << 20).expect("written");
    assert_eq!(plan["digest"], json!(Sha256::of(&bytes)));
    assert_eq!(plan["findings"], json!([]));
    let digest = plan["digest"].as_str().expect("a digest");

    let ask = stage.run("restore apply /plan").await.exits(2);
    assert!(ask.err.contains("--yes and --plan-digest"), "{}", ask.err);
    let restored = stage.run(&format!("restore apply /plan --yes --plan-digest {digest} -o json")).await;
    let restored = restored.exits(0).json();
    assert_eq!(restored["proof"]["proven"], 4);
    assert_eq!(restored["state"], "succeeded");
    assert!(restored["rta_seconds"].as_f64() > Some(0.0));
    assert!(restored["rpa_seconds"].as_f64() > Some(0.0));
    stage.run(&format!("restore apply /plan --yes --plan-digest {digest}")).await.exits(7);

    let proof = stage.run(&format!("--store {copies} prove latest -o json")).await.exits(0).json();
    assert_eq!(proof["proof"], restored["proof"]);
    let map = stage.run("map -o json").await.exits(0).json();
    assert_eq!(map["mapping"], restored["mapping"]);
    assert_eq!(map["mapping"][0]["from"], vault.id.as_str());
    let run = restored["run_id"].as_str().expect("a run");
    let csv = stage.run(&format!("map {run} --format csv")).await.exits(0).out;
    assert_eq!(csv.lines().count(), 1 + 1 + 3 + 4, "titles, a vault, keys and versions");

    let lost = stage.realm.endpoint(iad()).expect("a region of the realm");
    let sent = stage.http.sent();
    assert!(
        sent[before..].iter().all(|call| !lost.ends_with(&call.authority)),
        "the lost region is not asked"
    );
}

#[tokio::test]
async fn a_file_without_a_manifest_is_restored_and_its_versions_are_unprovable() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    let blob = ObjectPlace {
        region: iad(),
        namespace: stage.namespace.clone(),
        bucket: "saves".into(),
        name: "made by hand".into(),
    };
    stage.client.backup_vault(iad(), &vault.id, (&blob, None), true, None).await.expect("accepted");
    stage.clock.advance(jiff::SignedDuration::from_secs(5));
    let copied =
        ObjectPlace { region: fra(), bucket: "copies".into(), name: "by-hand".into(), ..blob.clone() };
    stage.client.copy_object(&blob, &copied).await.expect("accepted");
    stage.clock.advance(jiff::SignedDuration::from_secs(5));
    stage.lose(iad());

    let blob = format!("{}/by-hand", stage.store("copies", fra()));
    let compartment = &stage.compartments["vaults"];
    let line =
        format!("restore plan --into fra --out /plan --blob {blob} --compartment {compartment} -o json");
    stage.run(&line).await.exits(2);
    let plan = stage.run(&format!("{line} --unsigned")).await.exits(0).json();
    let digest = plan["digest"].as_str().expect("a digest").to_owned();
    let apply = format!("restore apply /plan --yes --plan-digest {digest} -o json --accept-unprovable");
    let restored = stage.run(&apply).await.exits(0).json();
    assert_eq!((&restored["proof"]["proven"], &restored["proof"]["unprovable"]), (&json!(0), &json!(3)));
    assert_eq!(restored["mapping"][0]["from"], vault.id.as_str());
}

#[tokio::test]
async fn what_no_backup_saves_is_said_and_can_be_accepted() {
    let stage = Stage::new().await;
    let vault = stage.vault("payments").await;
    stage.key(&vault, "test-data", "vaults", ProtectionMode::Software).await;
    stage.secret(&vault, "password");
    let unsaved = |ran: Value| {
        let items = ran["backups"][0]["not_saved"].as_array().expect("a list").clone();
        items.iter().map(|item| item["name"].clone()).collect::<Vec<_>>()
    };
    let ran = stage.run("backup payments --bucket saves -o json").await.exits(3);
    assert_eq!(unsaved(ran.json()), [json!("test-data"), json!("password")]);
    stage.run("backup payments --bucket saves --accept-unsaved software").await.exits(3);
    stage.run("backup payments --bucket saves --accept-unsaved software,secrets").await.exits(0);
}

#[tokio::test]
async fn all_vaults_are_saved_and_the_others_are_named() {
    let stage = Stage::new().await;
    stage.bare_vault("shared", VaultType::Default).await;
    let nothing = stage.run("backup --all --bucket saves -o json").await.exits(15);
    assert_eq!(nothing.error()["code"], "KF-2101");
    stage.vault("payments").await;
    stage.bare_vault("empty", VaultType::VirtualPrivate).await;
    let ran = stage.run("backup --all --bucket saves -o json").await.exits(0).json();
    let names = |list: &str| {
        let items = ran[list].as_array().expect("a list").clone();
        items
            .iter()
            .map(|item| item["vault_name"].as_str().or(item["name"].as_str()).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("backups"), [Some("payments".to_owned()), Some("empty".to_owned())]);
    assert_eq!(names("skipped"), [Some("shared".to_owned())]);
}

#[tokio::test]
async fn a_dry_run_writes_nothing_anywhere() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let before = stage.http.sent().len();
    let plan = stage.run("backup payments --bucket saves -n -o json").await.exits(0).json();
    assert_eq!(plan["plans"][0]["steps"].as_array().map(Vec::len), Some(10));
    let changes =
        stage.http.sent().split_off(before).into_iter().filter(|call| call.method != http::Method::GET);
    assert_eq!(changes.count(), 0);
    assert_eq!(stage.disk.list(Path::new("/state")).expect("listed"), [] as [std::path::PathBuf; 0]);
    stage.run("backup payments --bucket saves").await.exits(0);
    let copies = stage.store("copies", fra());
    let line = format!("--store {} copy latest --to {copies} -n", stage.store("saves", iad()));
    stage.run(&line).await.exits(0);
    let listed = stage.run(&format!("--store {copies} list -o json")).await.exits(0).json();
    assert_eq!(listed["backups"], json!([]));
}

#[tokio::test]
async fn the_demo_tells_the_same_story_for_the_same_seed_and_keeps_its_evidence() {
    let stage = Stage::new().await;
    let kept =
        |folder: &str, name: &str| stage.disk.read(&Path::new(folder).join(name), 1 << 24).expect("kept");
    let told = stage.run("demo --seed 7 --keep /a").await.exits(0);
    assert!(told.out.contains("proven 6 of 7, unprovable 1 (retired-2024: "), "{}", told.out);
    assert!(told.err.contains("us-ashburn-1 is lost"), "the story: {}", told.err);
    stage.run("demo --seed 7 --keep /b -q").await.exits(0);
    stage.run("demo --seed 8 --keep /c -q").await.exits(0);
    assert_eq!(kept("/a", "evidence.json"), kept("/b", "evidence.json"));
    assert_ne!(kept("/a", "evidence.json"), kept("/c", "evidence.json"));
    for name in
        ["evidence.json.sig", "allowed_signers", "report.md", "report.html", "junit.xml", "realm-log.jsonl"]
    {
        assert!(!kept("/a", name).is_empty(), "{name}");
    }
    let damaged = stage.run("demo --seed 7 --damage-copy -o json").await.exits(5);
    assert_eq!(damaged.error()["code"], "KF-2301");
    assert_eq!(damaged.json()["state"], "failed");
}
