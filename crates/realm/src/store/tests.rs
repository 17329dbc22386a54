//! What is on disk: every acknowledged change, none half, also after the process was killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use http::Method;
use keyferry_seams::{Disk, RealDisk, Seed};
use keyferry_wire::kms::VaultState;
use redb::StorageBackend;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Client, fra, good, iad, refused};
use crate::{Down, Latency, Limit, LimitName};

/// Tells the test binary, started as a child, to write into that file until it is killed.
const FILE_OF_CHILD: &str = "KEYFERRY_TEST_STORE";
const KILLS: u64 = 100;
const WRITERS: u64 = 3;

fn kept(path: &Path) -> Client {
    Client::kept_in(path)
}

fn vault_names(client: &Client) -> Vec<String> {
    let listed = client.get(iad(), &format!("/20180608/vaults?compartmentId={}", client.tenancy()));
    let names = listed.as_array().expect("a list").iter().map(|vault| vault["displayName"].as_str());
    names.map(|name| name.expect("a name").to_owned()).collect()
}

fn create_vault(client: &Client, name: &str) -> Value {
    let body =
        json!({"compartmentId": client.tenancy(), "displayName": name, "vaultType": "VIRTUAL_PRIVATE"});
    let headers = [("opc-retry-token", name)];
    good(&client.send(Method::POST, iad(), "/20180608/vaults", &headers, body.to_string().as_bytes()))
}

#[test]
fn a_realm_opened_again_is_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let client = kept(&path);
    let vault = create_vault(&client, "v");
    client.bucket(fra(), "b");
    let body = vec![7; 300_000];
    good(&client.send(Method::PUT, fra(), &client.object_path("b", "o"), &[], &body));
    client.realm.region_down(fra(), Down::Refuse, client.now()).expect("a region of the realm");
    drop(client);

    let again = kept(&path);
    assert_eq!(again.realm.down(fra()), Some(Down::Refuse));
    again.realm.region_up(fra(), again.now()).expect("a region of the realm");
    let object = again.send(Method::GET, fra(), &again.object_path("b", "o"), &[], b"");
    assert_eq!(object.body().as_ref(), body);
    again.wait(Latency::none().create);
    let vault_path = format!("/20180608/vaults/{}", vault["id"].as_str().expect("an id"));
    assert_eq!(again.get(iad(), &vault_path)["lifecycleState"], "ACTIVE", "work that was due goes on");
    assert_ne!(create_vault(&again, "w")["id"], vault["id"], "chance does not begin anew");
    assert_eq!(create_vault(&again, "v")["id"], vault["id"], "retry tokens are remembered");
}

#[test]
fn a_state_file_is_its_owners_and_one_realms() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    drop(kept(&path));
    assert_eq!(RealDisk.mode(&path).expect("there") & 0o777, 0o600);
    let store = Store::open(&path).expect("opened");
    let (header, _) = store.read().expect("read");
    let other = header.expect("written").check("ocid1.tenancy.oc1..other");
    assert!(matches!(other, Err(StoreError::OtherTenancy { .. })), "{other:?}");
}

#[test]
fn a_saved_state_is_taken_up_as_a_whole_or_not_at_all() {
    let client = Client::new();
    create_vault(&client, "kept");
    let saved = client.realm.save().expect("saved");
    let later = create_vault(&client, "later");
    client.realm.load(&saved).expect("loaded");
    assert_eq!(vault_names(&client), ["kept"]);
    assert_ne!(create_vault(&client, "later")["id"], later["id"], "no id is made twice");

    for length in [0, 10, 40, saved.len() - 1] {
        assert!(client.realm.load(&saved[..length]).is_err(), "{length}");
    }
    let mut flipped = saved.to_vec();
    flipped[saved.len() / 2] ^= 1;
    assert!(client.realm.load(&flipped).is_err());
    assert_eq!(vault_names(&client).len(), 2, "nothing has changed");

    client.realm.reset().expect("reset");
    assert!(vault_names(&client).is_empty());
    let fresh = Client::new();
    vault_names(&fresh);
    assert_eq!(create_vault(&client, "a")["id"], create_vault(&fresh, "a")["id"], "as on the first day");
}

#[test]
fn a_loaded_state_is_on_disk_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let client = kept(&path);
    create_vault(&client, "one");
    let saved = client.realm.save().expect("saved");
    create_vault(&client, "two");
    client.realm.load(&saved).expect("loaded");
    create_vault(&client, "three");
    drop(client);
    let mut names = vault_names(&kept(&path));
    names.sort();
    assert_eq!(names, ["one", "three"]);
}

/// A disk on which nothing can be made durable any more.
#[derive(Debug, Default)]
struct FullDisk {
    memory: redb::backends::InMemoryBackend,
    is_full: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl StorageBackend for FullDisk {
    fn len(&self) -> Result<u64, io::Error> {
        self.memory.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.memory.read(offset, out)
    }
    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.memory.set_len(len)
    }
    fn sync_data(&self) -> Result<(), io::Error> {
        if self.is_full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.memory.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.memory.write(offset, data)
    }
}

#[test]
fn what_can_not_be_kept_is_not_done_and_not_acknowledged() {
    let disk = FullDisk::default();
    let is_full = disk.is_full.clone();
    let client = Client::new();
    let database = Database::builder().create_with_backend(disk).expect("a database in memory");
    client.realm.state().store = Some(Store(database));
    create_vault(&client, "before");
    is_full.store(true, std::sync::atomic::Ordering::SeqCst);
    let body = json!({"compartmentId": client.tenancy(), "displayName": "v", "vaultType": "VIRTUAL_PRIVATE"});
    let answer = client.send(Method::POST, iad(), "/20180608/vaults", &[], body.to_string().as_bytes());
    assert_eq!(refused(&answer), (500, "InternalServerError".to_owned()));
    assert_eq!(vault_names(&client), ["before"]);
    let log = client.realm.log();
    let reason = log.iter().find(|line| line.status == Some(500)).and_then(|line| line.reason.clone());
    assert!(reason.is_some_and(|reason| reason.contains("the database of the realm's state failed")));
}

/// The other half of the next test: writes until killed, and says each name after it was acknowledged.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE_OF_CHILD) else { return };
    let realm = kept(Path::new(&path)).realm;
    let limit = Limit { region: iad(), name: LimitName::VirtualPrivateVaultCount, value: 1_000_000 };
    realm.set_limit(limit, Client::of(realm.clone()).now()).expect("a region of the realm");
    let starts = realm.state().starts;
    let writers = (0..WRITERS).map(|writer| {
        let client = Client::of(realm.clone());
        std::thread::spawn(move || {
            for round in 0.. {
                let name = format!("{starts}-{writer}-{round}");
                create_vault(&client, &name);
                // So that what earlier writes left to be done comes due in between.
                client.wait(std::time::Duration::from_millis(20));
                // One write is atomic for a pipe; nobody reads on after the kill.
                if std::io::stdout().lock().write_all(format!("done {name}\n").as_bytes()).is_err() {
                    return;
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.join().expect("no writer fails");
    }
}

#[test]
fn a_hundred_kills_lose_nothing_acknowledged_and_leave_nothing_half() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let seed = Seed::from_number(100);
    let mut acknowledged = std::collections::BTreeSet::new();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().expect("this test binary"))
            .args(["--exact", "store::tests::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(FILE_OF_CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let [wanted] = seed.bytes(&format!("kill {kill}"));
        let mut read = 0;
        let mut line = String::new();
        while lines.read_line(&mut line).expect("read") > 0 {
            if let Some(name) = line.strip_prefix("done ").and_then(|rest| rest.strip_suffix('\n')) {
                acknowledged.insert(name.to_owned());
                if read == wanted % 4 {
                    child.kill().expect("killed");
                }
                read += 1;
            }
            line.clear();
        }
        assert!(read > wanted % 4, "the child ended by itself");
        child.wait().expect("waited for");
    }
    let (header, world) = Store::open(&path).expect("opened").read().expect("read");
    assert_eq!(header.expect("a header").starts, KILLS - 1);
    let names: std::collections::BTreeSet<_> =
        world.vaults.values().map(|vault| vault.display_name.clone()).collect();
    let lost: Vec<_> = acknowledged.difference(&names).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // A create writes the vault, the answer under its retry token, and what is left to be done.
    let tokens: std::collections::BTreeSet<_> = world.retries.values().map(|r| r.token.clone()).collect();
    assert_eq!(names, tokens, "each vault came with its retry token");
    assert_eq!(names.len(), world.vaults.len(), "each once");
    let client = kept(&path);
    client.wait(std::time::Duration::from_secs(3600));
    vault_names(&client);
    let state = client.realm.state();
    assert!(
        state.world.vaults.values().all(|vault| vault.state == VaultState::Active),
        "each was made ready"
    );
}
