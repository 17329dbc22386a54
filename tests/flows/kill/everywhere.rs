//! One vault's backup is killed at each of its effects, before and after it happened.

use std::collections::BTreeSet;
use std::path::Path;

use keyferry_seams::Seed;
use keyferry_tests::{Ran, block_on};

use super::fate::Fate;
use super::ground::{FOLDER, Ground, Origin};
use crate::books;

/// How a backup is gone on with after a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Resumed,
    /// Nobody looks after it; the same command comes again with the next night.
    Repeated,
}

/// Goes on with the run, or begins anew if nothing was written down yet.
async fn recover(ground: &Ground) {
    let ran = ground.run(&["resume", "latest"]).await;
    if ran.code == 10 {
        for store in [&ground.own, &ground.copies] {
            assert_eq!(
                books::bucket(&ground.client, store).await.len(),
                0,
                "nothing is done that is not noted"
            );
        }
        let _ = ground.back_up(None).await.expect("nobody kills it").exits(0);
    } else {
        let _ = ran.exits(0);
    }
}

fn ids(listed: &Ran) -> Vec<String> {
    let json = listed.json();
    let backups = json["backups"].as_array().expect("a list").clone();
    assert!(backups.iter().all(|backup| !backup["signer"].is_null()), "all signed by us");
    backups.iter().map(|backup| backup["id"].as_str().expect("an id").to_owned()).collect()
}

/// Exactly one backup, whole in all three places, made once, and nothing else anywhere.
async fn judge(ground: &Ground, origin: &Origin) {
    let mut listed = BTreeSet::new();
    for store in ground.stores() {
        let here = ids(&ground.run(&["--store", &store, "list"]).await.exits(0));
        assert_eq!(here.len(), 1, "{store}: {here:?}");
        listed.extend(here);
        let _ = ground.run(&["--store", &store, "check", "--all"]).await.exits(0);
    }
    assert_eq!(listed.len(), 1, "the same one everywhere");
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    books::balance(&books::bucket(&ground.client, &ground.own).await, &listed, true);
    books::balance(&books::bucket(&ground.client, &ground.copies).await, &listed, false);
    let mut folder = books::folder(ground.disk.as_ref(), Path::new(FOLDER));
    folder.remove(".mounted");
    books::balance(&folder, &listed, false);
    assert_eq!(books::backups_made(&ground.client, &origin.vault).await, 1);

    let public = ground.disk.look(Path::new("/state/signing_key.pub")).expect("looked at");
    assert!(public.is_some(), "who shall check what was signed needs the public half");
    let open = ground.disk.list(Path::new("/state/open")).expect("listed");
    assert_eq!(open, [] as [std::path::PathBuf; 0], "no run is left open");
}

/// Kills at each effect in turn; returns how many there are.
fn kill_at_each(is_after: bool, then: Then) -> u64 {
    block_on(async {
        let origin = Origin::new().await;
        for at in 1.. {
            let ground = Ground::of(&origin);
            if let Some(ran) = ground.back_up(Some(Fate::new(at, is_after))).await {
                let _ = ran.exits(0);
                return at - 1;
            }
            match then {
                Then::Resumed => recover(&ground).await,
                Then::Repeated => drop(ground.back_up(None).await.expect("nobody kills it").exits(0)),
            }
            judge(&ground, &origin).await;
        }
        unreachable!("numbers do not end")
    })
}

#[test]
fn a_backup_killed_just_before_any_of_its_effects_is_resumed_and_made_once() {
    let effects = kill_at_each(false, Then::Resumed);
    assert!(effects >= 60, "{effects}");
}

#[test]
fn a_backup_killed_just_after_any_of_its_effects_is_resumed_and_made_once() {
    let effects = kill_at_each(true, Then::Resumed);
    assert!(effects >= 60, "{effects}");
}

#[test]
fn a_backup_killed_just_after_any_of_its_effects_is_finished_by_the_next_and_made_once() {
    let effects = kill_at_each(true, Then::Repeated);
    assert!(effects >= 60, "{effects}");
}

#[test]
fn a_resumed_backup_that_is_killed_again_and_again_is_finished_and_made_once() {
    block_on(async {
        let origin = Origin::new().await;
        let seed = Seed::from_number(4);
        for round in 0..20 {
            let ground = Ground::of(&origin);
            let fate = |life: &str| {
                let [at, is_after] = seed.bytes(&format!("{life} life of round {round}"));
                Some(Fate::new(1 + u64::from(at) % 72, is_after % 2 == 0))
            };
            let mut is_killed = ground.back_up(fate("first")).await.is_none();
            for life in ["second", "third", "fourth"] {
                if is_killed {
                    is_killed = ground.process(&["resume", "latest"], fate(life)).await.is_none();
                }
            }
            recover(&ground).await;
            judge(&ground, &origin).await;
            let again = ground.back_up(None).await.expect("nobody kills it").exits(0).json();
            assert_eq!(
                again["skipped"][0]["id"],
                origin.vault.id.as_str(),
                "nothing is left to be saved: {again}"
            );
        }
    });
}
