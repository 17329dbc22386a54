//! Backups by policy: who is told of them, and which bucket takes which vault.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use keyferry_core::model::VaultType;
use keyferry_ids::Region;
use keyferry_realm::admin::Command;
use keyferry_realm::{Down, Effect, Fault, OperationName};
use keyferry_tests::{Fleet, FleetShape, block_on};
use serde_json::{Value, json};

use super::one;
use crate::program::Program;
use crate::world::World;

/// Waits for heartbeats until it is dropped.
struct Watcher {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (heard, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (hear, over) = (Arc::clone(&heard), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let line = answer(stream.expect("a caller")).expect("a request");
                hear.lock().expect("no panic").push(line);
            }
        });
        Self { address, heard, is_over, thread: Some(thread) }
    }

    /// What was asked since the last look.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().expect("no panic"))
    }
}

/// Answers a request and returns its first line.
fn answer(mut stream: TcpStream) -> std::io::Result<String> {
    let (mut asked, mut some) = (Vec::new(), [0; 4096]);
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut some)? {
            0 => break,
            read => asked.extend_from_slice(&some[..read]),
        }
    }
    let text = String::from_utf8_lossy(&asked);
    let line = text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")?;
    Ok(line)
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Only to wake it.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A hook's command line that writes what it is told to a file of that name.
fn writes(world: &World, name: &str) -> String {
    let script = r#"{ echo "$KEYFERRY_OUTCOME $KEYFERRY_EXIT_CODE $KEYFERRY_POLICY"; cat; } > "$0""#;
    format!("['/bin/sh', '-c', '{script}', '{}']", world.path(name))
}

/// What a hook was told: a line of variables and a document. It is gone afterwards.
fn told(world: &World, name: &str) -> Option<(String, Value)> {
    let path = world.path(name);
    let text = std::fs::read_to_string(&path).ok()?;
    std::fs::remove_file(path).expect("removed");
    let (line, document) = text.split_once('\n').expect("two parts");
    Some((line.to_owned(), serde_json::from_str(document).expect("a document")))
}

#[test]
fn hooks_and_a_watcher_are_told_of_success_and_of_failure() {
    let world = World::new(76);
    let watcher = Watcher::start();
    let settings = PathBuf::from(world.path("keyferry.toml"));
    let [success, failure, always] = ["success", "failure", "always"].map(|name| writes(&world, name));
    let text = format!(
        "[policies.nightly]\nselect.names = ['payments']\nbucket = 'backups'\ncopy_to = ['{}']\n\
         accept_unsaved = ['software', 'secrets']\nheartbeat = 'http://{}/ping/4711'\n\
         hooks = {{ success = {success}, failure = {failure}, always = {always} }}\n",
        world.copies, watcher.address
    );
    std::fs::write(&settings, text).expect("written");
    let program = Program::new(&world.folder.path().join("user"), &world.realm.data, &settings);
    let nightly = ["backup", "--policy", "nightly"];

    let dry = program.run(&[&nightly[..], &["--dry-run"]].concat()).exits(0);
    assert_eq!(
        (told(&world, "success"), told(&world, "always"), watcher.heard().len()),
        (None, None, 0),
        "{dry:?}"
    );

    let ran = program.run(&nightly).exits(0);
    let (line, document) = told(&world, "success").expect("the success hook ran");
    assert_eq!((line.as_str(), &document), ("ok 0 nightly", &ran.json()));
    assert_eq!(told(&world, "always").expect("so did the other"), (line, document));
    assert_eq!(told(&world, "failure"), None);
    assert_eq!(watcher.heard(), ["GET /ping/4711"]);

    let fault = Fault { operation: Some(OperationName::BackupVault), ..Fault::new(Effect::WorkFails) };
    block_on(world.account.command(&Command::AddFault(fault)));
    let ran = program.run(&[&nightly[..], &["--force"]].concat()).exits(1);
    let (line, document) = told(&world, "failure").expect("the failure hook ran");
    assert_eq!((line.as_str(), &document["code"]), ("failed 1 nightly", &json!("KF-2111")), "{document}");
    assert_eq!(told(&world, "always").expect("so did the other"), (line, document));
    assert_eq!(told(&world, "success"), None);
    assert_eq!(watcher.heard(), ["GET /ping/4711/fail"]);
    assert!(ran.stderr.contains("KF-2111") && !ran.stderr.contains("4711"), "{}", ran.stderr);
}

#[test]
fn each_region_has_a_bucket_of_its_own_in_whatever_compartment() {
    let regions = ["us-ashburn-1", "eu-frankfurt-1"];
    let fleet = Fleet::start(&FleetShape::new(&regions, 1, 1));
    let (account, far) = (&fleet.account, Region::parse(regions[1]).expect("a region"));
    let elsewhere = block_on(async {
        let storage = account.compartment("storage").await;
        account.bucket(regions[1], "of-frankfurt", &storage).await
    });
    let apart = fleet.folder.path().join("keyferry.toml");
    let text = "[policies.nightly]\nbucket = { us-ashburn-1 = 'backups', eu-frankfurt-1 = 'of-frankfurt' }\n";
    std::fs::write(&apart, text).expect("written");
    let settings = apart.display().to_string();
    let run = |args: &[&str]| fleet.keyferry.run(&[&["--settings", &settings, "-o", "json"], args].concat());

    let ran = run(&["backup", "--policy", "nightly"]).exits(0).json();
    let made = ran["backups"].as_array().expect("a list");
    let placed: std::collections::BTreeMap<_, _> = made
        .iter()
        .map(|backup| (backup["object"]["region"].as_str(), backup["object"]["bucket"].as_str()))
        .collect();
    let expected = [(Some(regions[0]), Some("backups")), (Some(regions[1]), Some("of-frankfurt"))];
    assert_eq!(placed, expected.into());
    let listed = run(&["--store", &elsewhere.to_string(), "check", "--all"]).exits(0).json();
    let name = format!("{elsewhere}/{}", file(made, regions[1]));
    assert_eq!(one(&listed, "backups")["objects"][0]["name"], name);
    assert!(block_on(account.client.list_objects(&fleet.stores[&far], "")).expect("listed").is_empty());

    // A region that the policy does not know of is told before anything is saved.
    std::fs::write(&apart, text.replace(", eu-frankfurt-1 = 'of-frankfurt'", "")).expect("written");
    let refused = run(&["backup", "--policy", "nightly", "--force"]).exits(2);
    assert!(refused.stderr.contains("eu-frankfurt-1"), "{}", refused.stderr);
    assert_eq!(
        block_on(account.client.list_objects(&fleet.stores[&account.home], "keyferry/chain"))
            .expect("listed")
            .len(),
        1
    );
}

fn file(made: &[Value], region: &str) -> String {
    let backup = made.iter().find(|backup| backup["object"]["region"] == region).expect("made");
    backup["object"]["name"].as_str().expect("a name").to_owned()
}

#[test]
fn a_vault_that_a_policy_does_not_select_is_left_alone() {
    let world = World::new(78);
    block_on(async {
        let root = world.account.root();
        world.account.vault("scratch", VaultType::VirtualPrivate, &root).await;
    });
    let settings = world.path("keyferry.toml");
    let text = "[policies.nightly]\nexclude.names = ['scr*', 'shared-*']\nbucket = 'backups'\n";
    std::fs::write(&settings, text).expect("written");
    let args = ["--settings", &settings, "-o", "json", "backup", "--policy", "nightly"];
    let ran = world.keyferry.run(&args).exits(3).json();
    assert_eq!(one(&ran, "backups")["vault_name"], "payments");
    assert_eq!((&ran["skipped"], &ran["failed"]), (&json!([]), &json!([])));
}

#[test]
fn a_region_that_does_not_answer_makes_a_fleet_incomplete_unless_it_was_not_meant() {
    let regions = ["us-ashburn-1", "eu-frankfurt-1"];
    let fleet = Fleet::start(&FleetShape::new(&regions, 1, 1));
    let far = Region::parse(regions[1]).expect("a region");
    let settings = fleet.folder.path().join("keyferry.toml");
    let text =
        "[policies.all]\nbucket = 'backups'\n[policies.near]\nbucket = 'backups'\nselect.regions = ['iad']\n";
    std::fs::write(&settings, text).expect("written");
    let settings = settings.display().to_string();
    block_on(fleet.account.command(&Command::Down(far, Down::Refuse)));
    let saved = |args: &[&str], code| {
        let ran = fleet
            .keyferry
            .run(&[&["--settings", &settings, "-o", "json", "backup", "--force"], args].concat());
        let ran = ran.exits(code);
        assert_eq!(one(&ran.json(), "backups")["object"]["region"], regions[0]);
        ran.stderr
    };
    for args in [&["--all", "--bucket", "backups"][..], &["--policy", "all"]] {
        let said = saved(args, 3);
        assert!(said.contains("KF-2001") && said.contains(regions[1]), "{said}");
    }
    saved(&["--policy", "near"], 0);
    saved(&[fleet.vaults[&fleet.account.home][0].id.as_str(), "--bucket", "backups"], 0);
}
