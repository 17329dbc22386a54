//! How long a realm takes from its process to its first answer, empty and with many keys, and its memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use keyferry_core::model::{Algorithm, KeyShape, ProtectionMode, Vault};
use keyferry_ids::KeyId;
use keyferry_oci::NewKey;
use keyferry_realm::ReadyLine;
use keyferry_tests::{Account, block_on};

use crate::encrypt;
use crate::figures::{median, milliseconds, number, table, verdict};
use crate::load::{self, CONNECTIONS};
use crate::process::Server;
use crate::sign::caught;

const STARTS: usize = 15;
const KEYS: usize = 10_000;
const ROUND: Duration = Duration::from_secs(2);
const GOAL_EMPTY: Duration = Duration::from_millis(100);
const GOAL_FULL: Duration = Duration::from_secs(1);

struct Start {
    server: Server,
    ready: ReadyLine,
    took: Duration,
}

/// Starts a realm and signs and sends one request.
fn start(keyferry: &Path, data: &Path) -> Start {
    let (server, ready) = Server::realm(keyferry, data);
    let home = ready.home_region;
    let (address, requests) = caught(&ready, async |client| drop(client.namespace(home).await));
    let (status, body) = block_on(load::ask(address, requests.first().expect("a request")));
    let took = server.started.elapsed();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    Start { server, ready, took }
}

/// Makes keys through the API, each durable before it is answered. The first one encrypts.
fn make_keys(ready: &ReadyLine) -> (Vault, KeyId) {
    let account = Account::at(ready);
    let (vault, first) = encrypt::key(&account);
    let root = account.root();
    let make = async |number: usize| {
        let shape = KeyShape { algorithm: Algorithm::Aes, length: 32, curve: None };
        let (name, protection_mode) = (format!("key {number}"), ProtectionMode::Hsm);
        let (compartment_id, tags) = (&root, BTreeMap::new());
        let new = NewKey { compartment_id, name: &name, shape, protection_mode, tags };
        account.client.create_key(&vault, new, None).await.expect("a key");
    };
    block_on(stream::iter(1..KEYS).map(make).buffer_unordered(CONNECTIONS).count());
    let keys = block_on(account.client.key_ids(&vault, &root)).expect("a list");
    assert_eq!(keys.len(), KEYS, "all are listed");
    (vault, first)
}

fn row(what: &str, times: &mut [Duration], memory: &[u64], goal: Duration) -> Vec<String> {
    let middle = median(times.iter().copied());
    let longest = times.iter().max().copied().unwrap_or_default();
    vec![
        what.to_owned(),
        milliseconds(middle),
        milliseconds(longest),
        format!("{:.1} MB", median(memory.iter().copied()) as f64 / 1e6),
        format!("< {} ms", goal.as_millis()),
        verdict(middle < goal),
    ]
}

/// Runs everything and says what came of it.
pub(crate) fn measure(keyferry: &Path, folder: &Path) -> String {
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for number in 0..STARTS {
        let Start { server, took, .. } = start(keyferry, &folder.join(format!("empty-{number}")));
        times.push(took);
        memory.push(server.resident());
    }
    let empty = row("empty folder", &mut times, &memory, GOAL_EMPTY);

    let data = folder.join("full");
    let (server, ready) = Server::realm(keyferry, &data);
    let making = Instant::now();
    let (mut vault, key) = make_keys(&ready);
    let rate = KEYS as f64 / making.elapsed().as_secs_f64();
    let after_making = server.resident();
    drop(server);
    (times, memory) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..STARTS {
        drop(last.take());
        let start = start(keyferry, &data);
        times.push(start.took);
        memory.push(start.server.resident());
        last = Some(start);
    }
    let name = format!("with {} keys", number(KEYS as f64));
    let full = row(&name, &mut times, &memory, GOAL_FULL);
    let ready = last.as_ref().map(|last| &last.ready).expect("it runs");
    // The ports are others at each start.
    vault = block_on(Account::at(ready).client.vault(vault.region, &vault.id)).expect("the vault");
    let loaded = block_on(load::round(&encrypt::requests(ready, &vault, &key), ROUND));
    let stored = std::fs::metadata(data.join("state.redb")).expect("the store").len();
    format!(
        "From the start of the process to the first answer to a signed request; {STARTS} starts each.\n\n{}\n\
         The keys were made at {}/s over {CONNECTIONS} connections, each durable before it was answered;\n\
         {:.1} MB resident after that, {:.1} MB on disk. Encryption among them: {}/s.\n",
        table(&["", "median", "longest", "memory", "goal", ""], &[empty, full]),
        number(rate),
        after_making as f64 / 1e6,
        stored as f64 / 1e6,
        number(loaded.rate),
    )
}
