//! Settings in a file, as they come through to commands.

use std::path::Path;
use std::sync::Arc;

use keyferry_cli::World;
use keyferry_seams::{Access, Disk as _, FaultyDisk};
use serde_json::{Value, json};

use crate::stage::{Stage, fra};

fn write(stage: &Stage, text: &str) {
    stage.disk.write(Path::new("keyferry.toml"), text.as_bytes(), Access::Owner).expect("written");
}

fn with(name: &'static str, value: &str) -> impl FnOnce(&mut World) {
    let value = value.to_owned();
    move |world| {
        world.env.insert(name.to_owned(), value);
    }
}

/// Value, kind of origin and name of origin.
fn setting<'a>(config: &'a Value, key: &str) -> [&'a Value; 3] {
    let found = config["values"].as_array().expect("values").iter().find(|value| value["key"] == key);
    let found = found.unwrap_or_else(|| panic!("no {key} in {config:#}"));
    [&found["value"], &found["origin"], &found["name"]]
}

#[tokio::test]
async fn a_store_can_be_called_by_its_name_and_is_taken_from_the_nearest_place() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let (saves, copies) = (stage.store("saves", crate::stage::iad()), stage.store("copies", fra()));
    write(&stage, &format!("store = \"offsite\"\n[stores]\noffsite = \"{copies}\"\nnear = \"{saves}\"\n"));
    stage.run(&format!("backup payments --bucket saves --copy-to {copies}")).await.exits(0);
    let place = |ran: crate::stage::Ran| ran.exits(0).json()["backups"][0]["places"][0].clone();
    assert_eq!(place(stage.run("list -o json").await), copies.as_str());
    assert_eq!(place(stage.run_with("list -o json", with("KEYFERRY_STORE", "near")).await), saves.as_str());
    let flag =
        stage.run_with(&format!("list -o json --store {copies}"), with("KEYFERRY_STORE", "near")).await;
    assert_eq!(place(flag), copies.as_str());
    let error = stage.run("list -o json --store elsewhere").await.exits(2).error();
    assert_eq!(error["code"], "KF-1001");
    assert!(error.to_string().contains("keyferry.toml has near, offsite"), "{error}");
}

#[tokio::test]
async fn config_show_names_each_value_with_its_origin_and_masks_secrets() {
    let stage = Stage::new().await;
    write(
        &stage,
        "rate = 4\n[policies.nightly]\nheartbeat = 'https://hc.example/t0k3n'\nhooks = { always = ['notify', '--token=t0k3n'] }\n",
    );
    let line = "config show --region fra";
    let config = stage.run(&format!("{line} -o json")).await.exits(0).json();
    assert_eq!(
        (&config["schema"], &config["settings_file"]),
        (&json!("keyferry.config"), &json!("keyferry.toml"))
    );
    assert_eq!(setting(&config, "rate"), [&json!(4.0), &json!("file"), &json!("keyferry.toml")]);
    assert_eq!(setting(&config, "region"), [&json!("eu-frankfurt-1"), &json!("flag"), &json!("--region")]);
    assert_eq!(
        setting(&config, "state"),
        [&json!("/state"), &json!("environment"), &json!("KEYFERRY_STATE")]
    );
    assert_eq!(setting(&config, "concurrency"), [&json!(64), &json!("default"), &Value::Null]);
    assert_eq!(setting(&config, "policies.nightly.heartbeat")[0], "https://hc.example/…");
    let text = stage.run(line).await.exits(0).out;
    assert!(text.contains("policies.nightly.hooks.always"), "{text}");
    assert!(text.contains("$KEYFERRY_STATE") && text.contains("--region"), "{text}");
    assert!(!text.contains("t0k3n") && !config.to_string().contains("t0k3n"), "{text}");
    assert!(stage.http.sent().iter().all(|call| !call.authority.contains("hc.example")), "nobody was called");
}

#[tokio::test]
async fn a_file_that_can_not_be_used_stops_what_would_use_it_and_nothing_else() {
    let stage = Stage::new().await;
    write(&stage, "state = '/state'\nsotre = 'x'\n");
    for line in ["list", "config show", "inventory"] {
        let error = stage.run(&format!("{line} -o json")).await.exits(2).error();
        assert_eq!(error["code"], "KF-1004", "{line}");
        assert!(error.to_string().contains("keyferry.toml:2:1: unknown field `sotre`"), "{error}");
    }
    let events = stage.run("list -o jsonl").await.exits(2).out;
    assert!(events.lines().last().is_some_and(|line| line.contains(r#""type":"summary""#)), "{events}");
    stage.run("explain KF-1004").await.exits(0);
    stage.run("list --settings /nowhere.toml").await.exits(2);
}

#[tokio::test]
async fn the_log_file_gets_every_event_of_every_command() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    write(&stage, "log_file = '/log/keyferry.jsonl'\n");
    stage.run("backup payments --bucket saves").await.exits(0);
    stage.run("backup nothing --bucket saves -q").await.exits(10);
    let path = Path::new("/log/keyferry.jsonl");
    assert_eq!(stage.disk.mode(path).expect("there"), 0o600);
    let log = String::from_utf8(stage.disk.read(path, 1 << 20).expect("there")).expect("text");
    let events: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("one event a line")).collect();
    assert!(events.iter().all(|event| event["schema"] == "keyferry.event"));
    let ends: Vec<_> = events.iter().filter(|event| event["type"] == "summary").collect();
    assert_eq!(ends.iter().map(|end| &end["state"]).collect::<Vec<_>>(), ["done", "failed"]);
    assert!(ends[0]["run_id"].is_string() && events.len() > 10, "{log}");
}

#[tokio::test]
async fn a_log_file_that_can_not_be_written_is_told_once_and_stops_nothing() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    write(&stage, "log_file = '/log/keyferry.jsonl'\n");
    let full = |world: &mut World| world.disk = Arc::new(FaultyDisk::new(Arc::clone(&world.disk), 0));
    // Of one compartment only: a whole inventory is kept, which is a change as well.
    let line = format!("inventory -q --compartment {}", stage.compartments["vaults"]);
    let ran = stage.run_with(&line, full).await.exits(0);
    assert_eq!(ran.err.matches("warning[KF-1002]").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("/log/keyferry.jsonl: no space left"), "{}", ran.err);
}
