//! Each scenario file is played twice and once more with another seed; its report is compared with a snapshot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyferry_core::{Code, Silent, Verdict};
use keyferry_drill::{DrillOptions, Drilled, Scenario};
use keyferry_tests::ssh_keygen_verify;

fn play(scenario: &Scenario, seed: u64) -> Drilled {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let options = DrillOptions { scenario: scenario.clone(), seed: Some(seed), observer: Arc::new(Silent) };
    runtime.block_on(keyferry_drill::run(options)).expect("the drill comes to a result")
}

/// The scenario files; one of them only, if `KEYFERRY_DRILL` names it.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("drills");
    let wanted = std::env::var("KEYFERRY_DRILL").ok();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of scenarios")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| {
            wanted.as_ref().is_none_or(|name| path.file_stem().is_some_and(|stem| stem == name.as_str()))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no scenario of that name");
    files
}

/// Everything in evidence that has to differ from seed to seed: OCIDs, digests, ids of calls.
fn identities(drilled: &Drilled) -> BTreeSet<String> {
    let text = String::from_utf8(drilled.bytes.clone()).expect("JSON is UTF-8");
    let is_identity = |word: &&str| {
        word.starts_with("ocid1.")
            || (word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'/'))
    };
    text.split('"').filter(is_identity).map(str::to_owned).collect()
}

#[test]
fn every_scenario_replays_byte_for_byte_and_reports_what_its_snapshot_says() {
    for file in files() {
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a plain name").to_owned();
        let scenario =
            Scenario::parse(&std::fs::read_to_string(&file).expect("readable")).expect("a good scenario");
        let (first, second, other) = (play(&scenario, 7), play(&scenario, 7), play(&scenario, 8));
        assert_eq!(first.evidence.failure, None, "{name}");
        assert!(first.bytes == second.bytes, "{name}: the same seed gives the same evidence");
        let shared: Vec<_> = identities(&first).intersection(&identities(&other)).cloned().collect();
        assert!(shared.is_empty(), "{name}: {shared:?}: another seed gives other OCIDs and digests");
        let folder = tempfile::tempdir().expect("a folder");
        ssh_keygen_verify(
            folder.path(),
            &first.allowed_signers,
            "keyferry",
            "keyferry-evidence",
            &first.signature,
            &first.bytes,
        )
        .expect("OpenSSH accepts the evidence");
        let report = keyferry_report::markdown(&keyferry_report::views::drill(&first.evidence));
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), report);
        });
    }
}

#[test]
fn every_call_in_the_evidence_is_in_the_realms_own_log_and_none_went_to_the_lost_region() {
    for file in files() {
        let scenario =
            Scenario::parse(&std::fs::read_to_string(&file).expect("readable")).expect("a good scenario");
        let drilled = play(&scenario, 7);
        let log = String::from_utf8(drilled.realm_log).expect("UTF-8");
        let known: BTreeSet<String> = log
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON line"))
            .filter_map(|line| line["opc_request_id"].as_str().map(str::to_owned))
            .collect();
        let evidence = drilled.evidence;
        assert!(evidence.calls.len() > 50, "a drill is made of calls");
        for call in &evidence.calls {
            let id = call.opc_request_id.as_ref().expect("answered");
            assert!(known.contains(id), "{} is not in the log", call.operation);
        }
        let (lost, at) = (evidence.lost_region.expect("lost"), evidence.lost_at.expect("lost"));
        let late = evidence.calls.iter().filter(|call| call.ts > at && call.region == lost.name()).count();
        assert_eq!(late, 0, "nothing is asked of a lost region");
        assert!(evidence.calls.iter().any(|call| call.ts > at), "the restore happened after the loss");
    }
}

#[test]
fn the_demo_proves_what_can_be_proven_and_names_the_rest() {
    let drilled = play(&Scenario::demo().expect("built in"), 7);
    let proof = &drilled.evidence.proof;
    assert_eq!(drilled.evidence.failure, None);
    assert_eq!(
        (proof.count(Verdict::Proven), proof.count(Verdict::Unprovable), proof.versions.len()),
        (6, 1, 7)
    );
    let of_card_data = proof.versions.iter().filter(|v| v.key_name == "card-data");
    assert_eq!(of_card_data.map(|v| v.verdict).collect::<Vec<_>>(), [Verdict::Proven; 3]);
    let unprovable = proof.versions.iter().find(|v| v.verdict == Verdict::Unprovable).expect("one");
    assert_eq!(unprovable.key_name, "retired-2024");
    let unsaved: BTreeSet<_> =
        drilled.evidence.unsaved.iter().map(|item| (item.kind.as_str(), item.name.as_str())).collect();
    let expected =
        [("key", "logs"), ("key", "test-data"), ("secret", "database-password"), ("vault", "shared")];
    assert_eq!(unsaved, BTreeSet::from(expected));
}

#[test]
fn one_flipped_byte_in_the_copy_stops_the_restore_before_the_service_is_asked() {
    let drilled = play(&Scenario::demo().expect("built in").with_damaged_copy(), 7);
    let (code, because) = drilled.evidence.failure.expect("noticed");
    assert_eq!(code, Code::ObjectDiffers, "{because}");
    assert!(!drilled.evidence.calls.iter().any(|call| call.operation == "RestoreVaultFromObjectStore"));
    let proof = &drilled.evidence.proof;
    assert_eq!((proof.count(Verdict::Proven), proof.versions.len()), (0, 7), "nothing is claimed");
}
