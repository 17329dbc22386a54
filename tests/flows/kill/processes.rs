//! The program itself is killed, while a call of its that has arrived is never answered.

use std::collections::BTreeSet;
use std::process::Child;

use keyferry_core::model::Vault;
use keyferry_ids::Region;
use keyferry_realm::{Effect, Fault, FaultRecord, OperationName, admin};
use keyferry_seams::{RealDisk, Seed};
use keyferry_tests::{Fleet, FleetShape, block_on};
use serde_json::Value;

use crate::books;
use crate::fleet::{FRA, IAD, Nightly, PHX};
use crate::program::{Ended, Program};

/// No answer comes as long as a test runs.
const NEVER: Effect = Effect::Delay { milliseconds: 3_600_000 };

/// The call with that number from now on is done and not answered.
fn silence(fleet: &Fleet, number: u64) -> FaultRecord {
    fleet.add_fault(Fault { after: number - 1, times: Some(1), ..Fault::new(NEVER) })
}

/// Waits until a process waits in vain. False if it has ended before that.
fn waits_in_vain(fleet: &Fleet, silence: &FaultRecord, child: &mut Child) -> bool {
    while !fleet.faults().iter().any(|fault| fault.id == silence.id && fault.hit > 0) {
        if child.try_wait().expect("a child of ours").is_some() {
            return false;
        }
    }
    true
}

/// Kills a process as soon as it waits in vain. False if it ended well before that.
fn kill_in_silence(fleet: &Fleet, silence: &FaultRecord, mut child: Child) -> bool {
    if !waits_in_vain(fleet, silence, &mut child) {
        let _ = Ended::of(child.wait_with_output()).exits(0);
        return false;
    }
    child.kill().expect("killed");
    assert_eq!(child.wait().expect("a child of ours").code(), None, "killed, not ended");
    true
}

fn ids(listed: &Value) -> BTreeSet<&str> {
    listed["backups"].as_array().expect("a list").iter().map(|b| b["id"].as_str().expect("an id")).collect()
}

/// What is listed in a store, after every byte was checked.
fn listed(nightly: &Nightly, state: &str, store: &str) -> Value {
    let _ = nightly.run(&["--state", state, "--store", store, "check", "--all"]).exits(0);
    nightly.run(&["--state", state, "--store", store, "list", "-o", "json"]).exits(0).json()
}

/// The vaults of a list, each as often as it is there.
fn vaults(listed: &Value) -> Vec<&str> {
    let backups = listed["backups"].as_array().expect("a list").iter();
    let mut vaults: Vec<_> = backups.map(|backup| backup["vault_id"].as_str().expect("an id")).collect();
    vaults.sort_unstable();
    vaults
}

/// Lines of the only journal below a state folder; none if no step was begun.
fn lines(state: &std::path::Path) -> usize {
    let runs = std::fs::read_dir(state.join("runs")).into_iter().flatten().flatten();
    let journal = runs.map(|run| run.path().join("journal.jsonl")).find_map(|path| std::fs::read(path).ok());
    journal.map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_process_killed_within_any_call_of_a_backup_is_resumed_and_the_backup_made_once() {
    let nightly = Nightly::start(&FleetShape::new(&[IAD, FRA], 60, 2));
    let fleet = &nightly.fleet;
    let folder = fleet.folder.path().join("copies");
    std::fs::create_dir(&folder).expect("made");
    let to_folder = format!("file:{}", folder.display());
    let away = nightly.copies[1].to_string();
    let home = Region::parse(IAD).expect("a region");
    let program = Program::new(fleet.folder.path(), &fleet.realm.data, &nightly.settings);
    let back_up = |vault: &Vault, state: &str| {
        let to = ["--bucket", "backups", "--copy-to", &away, "--copy-to", &to_folder];
        program.start(&[&["--state", state, "backup", vault.id.as_str()], &to[..]].concat())
    };
    let state = |number: u64| fleet.folder.path().join(format!("state-{number}"));

    // Undisturbed, to see from which call on anything is written.
    let mut targets = fleet.vaults[&home].iter();
    let mut used = vec![targets.next().expect("a vault")];
    fleet.rotate_key(used[0]);
    fleet.count_anew();
    let first = back_up(used[0], &state(0).display().to_string());
    let _ = Ended::of(first.wait_with_output()).exits(0);
    let calls = fleet.calls();
    let is_write = |line: &keyferry_realm::LogLine| line.operation == Some(OperationName::PutObject);
    let claim = calls.lines().iter().position(is_write).expect("a claim") as u64 + 1;

    let mut lines_seen = BTreeSet::new();
    for number in claim.. {
        let (vault, folder) = (targets.next().expect("another vault"), state(number));
        let state = folder.display().to_string();
        used.push(vault);
        fleet.rotate_key(vault);
        let silence = silence(fleet, number);
        let is_killed = kill_in_silence(fleet, &silence, back_up(vault, &state));
        fleet.clear_fault(&silence);
        if !is_killed {
            break;
        }
        lines_seen.insert(lines(&folder));
        let _ = program.run(&["--state", &state, "resume", "latest"]).exits(0);
    }
    assert!(lines_seen.len() >= 9, "killed when the journal had so many lines: {lines_seen:?}");

    let mut expected: Vec<&str> = used.iter().map(|vault| vault.id.as_str()).collect();
    expected.sort_unstable();
    let (own, reader) = (&fleet.stores[&home], state(0).display().to_string());
    let lists =
        [own.to_string(), away.clone(), to_folder.clone()].map(|store| listed(&nightly, &reader, &store));
    lists.iter().for_each(|list| assert_eq!(vaults(list), expected));
    let ids = ids(&lists[0]);
    block_on(async {
        let client = &fleet.account.client;
        books::balance(&books::bucket(client, own).await, &ids, true);
        books::balance(&books::bucket(client, &nightly.copies[1]).await, &ids, false);
        for vault in &used {
            assert_eq!(books::backups_made(client, vault).await, 1, "{}", vault.name);
        }
    });
    books::balance(&books::folder(&RealDisk, &folder), &ids, false);
}

#[test]
fn a_fleet_killed_anywhere_is_finished_by_resume_or_by_the_next_night() {
    let nightly = Nightly::start(&FleetShape::new(&[IAD, FRA, PHX], 4, 2));
    let fleet = &nightly.fleet;
    let beginning = block_on(fleet.account.command(&admin::Command::Save));
    let program = Program::new(fleet.folder.path(), &fleet.realm.data, &nightly.settings);
    let night = ["backup", "--policy", "nightly"];
    let within = |state: &str, args: &[&str]| program.start(&[&["--state", state], args].concat());
    fleet.count_anew();
    let undisturbed = within(&fleet.folder.path().join("state").display().to_string(), &night);
    let _ = Ended::of(undisturbed.wait_with_output()).exits(0);
    let calls = fleet.calls().lines().len() as u64;

    let mut kills = 0;
    for point in 0..8 {
        block_on(fleet.account.command(&admin::Command::Load(beginning.clone().into())));
        let state = fleet.folder.path().join(format!("state-{point}")).display().to_string();
        let chance = u64::from_be_bytes(Seed::from_number(6).bytes(&format!("kill {point}")));
        let silence = silence(fleet, 1 + chance % calls);
        kills += usize::from(kill_in_silence(fleet, &silence, within(&state, &night)));
        fleet.clear_fault(&silence);

        let go_on = |args: &[&str]| Ended::of(within(&state, args).wait_with_output());
        let resumed = if point % 2 == 0 { go_on(&["resume", "latest"]) } else { go_on(&night) };
        // Killed while it looked around: there is no run yet.
        let _ = if resumed.code == Some(10) { go_on(&night) } else { resumed }.exits(0);

        for (region, store) in &fleet.stores {
            let list = listed(&nightly, &state, &store.to_string());
            let mut here: Vec<_> = fleet.vaults[region].iter().map(|vault| vault.id.as_str()).collect();
            here.sort_unstable();
            assert_eq!(vaults(&list), here, "{store}: each once");
            let objects = block_on(books::bucket(&fleet.account.client, store));
            books::balance(&objects, &ids(&list), true);
        }
        for store in &nightly.copies {
            let list = listed(&nightly, &state, &store.to_string());
            books::balance(&block_on(books::bucket(&fleet.account.client, store)), &ids(&list), false);
        }
        for vault in fleet.all() {
            assert_eq!(block_on(books::backups_made(&fleet.account.client, vault)), 1, "{}", vault.id);
        }
    }
    assert!(kills >= 6, "{kills} of 8 were killed");
}

#[test]
fn of_two_processes_on_one_vault_the_second_is_told_who_has_it() {
    let nightly = Nightly::start(&FleetShape::new(&[IAD, FRA], 1, 1));
    let fleet = &nightly.fleet;
    let vault = fleet.all().next().expect("a vault").id.clone();
    let program = Program::new(fleet.folder.path(), &fleet.realm.data, &nightly.settings);
    let back_up = ["backup", vault.as_str(), "--bucket", "backups"];
    let silence = fleet.add_fault(Fault { operation: Some(OperationName::BackupVault), ..Fault::new(NEVER) });
    let mut first = program.start(&back_up);
    let holder = format!("process {}", first.id());
    assert!(waits_in_vain(fleet, &silence, &mut first));

    let second = program.run(&back_up).exits(11);
    assert!(second.stderr.contains(vault.as_str()), "{}", second.stderr);
    assert!(second.stderr.contains(&holder), "{holder}: {}", second.stderr);
    assert!(second.stderr.contains("KF-1103"), "{}", second.stderr);

    // Who is dead holds nothing.
    assert!(kill_in_silence(fleet, &silence, first));
    fleet.clear_fault(&silence);
    let third = program.run(&back_up).exits(0).json();
    assert_eq!(
        third["skipped"].as_array().map(Vec::len),
        Some(1),
        "what the first had begun was finished: {third}"
    );
}
