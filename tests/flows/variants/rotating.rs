//! Keys that are rotated while their vault is being saved. The service refuses that while it writes, so it happens just
//! before or just after.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use keyferry_core::model::Vault;
use keyferry_ids::KeyId;
use keyferry_oci::Reqwest;
use keyferry_seams::{BoxFuture, HttpSend, NoAnswer, Recorder};
use keyferry_tests::Account;
use serde_json::{Value, json};

use super::{ACCEPT, id, one};
use crate::world::World;

/// A network in which a key is rotated just before requests of one kind.
#[derive(Debug)]
struct Rotating {
    network: Reqwest,
    account: Account,
    vault: Vault,
    key: KeyId,
    /// How the paths of those requests end.
    before: &'static str,
    /// Which of them, from 0.
    which: std::ops::Range<usize>,
    seen: AtomicUsize,
}

impl HttpSend for Rotating {
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>> {
        Box::pin(async move {
            let is_one = request.uri().path().ends_with(self.before);
            if is_one && self.which.contains(&self.seen.fetch_add(1, Ordering::SeqCst)) {
                self.account.rotate(&self.vault, &self.key).await;
            }
            self.network.send(request, max_reply).await
        })
    }
}

fn world(seed: u64, before: &'static str, which: std::ops::Range<usize>) -> World {
    let mut world = World::new(seed);
    world.keyferry.recorder = Arc::new(Recorder::new(Arc::new(Rotating {
        network: Reqwest::new(),
        account: Account::of(&world.realm),
        vault: world.vault.clone(),
        key: world.card_data.clone(),
        before,
        which,
        seen: AtomicUsize::new(0),
    })));
    world
}

/// All backups of the vault, the newest first.
fn listed(world: &World) -> Vec<Value> {
    world.of_store(&world.backups, &["list"])["backups"].as_array().expect("a list").clone()
}

fn versions(manifest: &Value) -> usize {
    let keys = manifest["keys"].as_array().expect("a list");
    keys.iter().map(|key| key["versions"].as_array().expect("a list").len()).sum()
}

#[test]
fn a_key_rotated_meanwhile_is_noticed_by_the_count_and_the_vault_is_saved_once_more() {
    // Before the service begins, and after it has ended: of two counts the first is the stock's.
    for (seed, before, which) in [(71, "/actions/backup", 0..1), (72, "/usage", 1..2)] {
        let world = world(seed, before, which);
        let backup = world.backup(&["payments"]);
        assert_eq!((&backup["generation"], &backup["changed"]), (&json!(2), &Value::Null), "{before}");
        assert_eq!(backup["canaries"], json!({"minted": 4, "carried": 1, "unprovable": 0}));
        assert_eq!(versions(&world.manifest(&backup)), 4, "the new version as well");
        world.parts(&backup);

        let all = listed(&world);
        assert_eq!(all.len(), 2, "the first is kept");
        let first = all.iter().find(|listed| listed["id"] != backup["id"]).expect("the first");
        let manifest = world.manifest(first);
        assert_eq!(versions(&manifest), 3);
        assert_eq!(manifest["changed"], "key versions: 4 before, 5 after", "it knows what it may lack");
        world.is_unchanged(&["payments"], &backup);
    }
}

#[test]
fn a_key_rotated_again_and_again_makes_the_backup_partial_and_the_next_run_saves_it() {
    let world = world(73, "/actions/backup", 0..2);
    let ran = world.saved(&[&["payments"], &ACCEPT[..]].concat()).exits(3);
    assert!(ran.stderr.contains("KF-2113"), "{}", ran.stderr);
    let backup = one(&ran.json(), "backups");
    assert_eq!(
        (&backup["generation"], &backup["changed"]),
        (&json!(2), &json!("key versions: 5 before, 6 after"))
    );
    assert_eq!(world.manifest(&backup)["changed"], backup["changed"]);
    let text = world.keyferry.run(&["--store", &world.backups.to_string(), "show", id(&backup)]).exits(0);
    assert!(text.stdout.contains("key versions: 5 before, 6 after"), "{}", text.stdout);

    let next = world.backup(&["payments"]);
    assert_eq!((&next["generation"], &next["changed"]), (&json!(3), &Value::Null));
    assert_eq!((versions(&world.manifest(&next)), &next["canaries"]["unprovable"]), (5, &json!(0)));
}
