//! What a restore will do and what it refuses.

use keyferry_core::journal::{Output, Progress};
use keyferry_core::manifest::{Blob, Contents};
use keyferry_core::model::Compartment;
use keyferry_core::{EnvironmentKind, ProvenVersion, Sha256, Verdict};
use keyferry_ids::{TenancyId, VaultId};
use serde_json::json;

use super::*;

const VAULT: &str = "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v1";

fn environment(tenancy: &str) -> Environment {
    let tenancy_id = TenancyId::parse(&format!("ocid1.tenancy.oc1..{tenancy}")).expect("a tenancy");
    Environment { kind: EnvironmentKind::Oci, realm: tenancy_id.realm(), tenancy_id }
}

fn manifest() -> Manifest {
    let compartment = |name: &str| json!({"id": format!("ocid1.compartment.oc1..{name}"), "path": name});
    let version = json!({"id": "ocid1.keyversion.oc1.iad.aaaaaaaaaaaaa.bbbbbbbbbbbbb.a", "lifecycle_state": "ENABLED",
        "origin": "INTERNAL", "time_created": "2026-01-01T00:00:00Z", "public_key": null});
    serde_json::from_value(json!({
        "schema": "keyferry.manifest", "version": 1, "backup_id": "b1", "made_at": "2026-01-01T00:00:00Z",
        "made_by": "test", "environment": environment("t"), "region": "us-ashburn-1", "contents": "with_keys",
        "vault": {"id": VAULT, "name": "payments", "vault_type": "VIRTUAL_PRIVATE", "compartment": compartment("c1"),
            "time_created": "2026-01-01T00:00:00Z", "restored_from": null, "tags": {}},
        "keys": [{"id": "ocid1.key.oc1.iad.aaaaaaaaaaaaa.k1", "name": "k1", "compartment": compartment("c2"),
            "shape": {"algorithm": "AES", "length": 32}, "protection_mode": "HSM", "lifecycle_state": "ENABLED",
            "current_version": version["id"], "tags": {}, "versions": [version]}],
        "blob": {"name": "vault.kmsbak", "size": 1, "sha256": Sha256::of(b"x")},
        "places": [], "work_request_id": null, "completeness": {"complete": true, "expected": 1, "seen": 1},
        "not_saved": [], "canaries": [], "unprovable": [], "previous": null
    }))
    .expect("a manifest")
}

fn target(compartments: &[&str]) -> Target {
    let compartment = |name: &&str| Compartment {
        id: CompartmentId::parse(&format!("ocid1.compartment.oc1..{name}")).expect("a compartment"),
        parent_id: None,
        name: (*name).to_owned(),
        path: (*name).to_owned(),
        is_active: true,
    };
    let region = |name: &str| Region::parse(name).expect("a region");
    Target {
        environment: environment("t"),
        subscribed: vec![region("us-ashburn-1"), region("eu-frankfurt-1")],
        compartments: compartments.iter().map(compartment).collect(),
        existing: None,
    }
}

fn planned(target: &Target, store: &str, into: &str, existing: Existing) -> Plan {
    planned_of(&manifest(), target, store, into, existing)
}

fn planned_of(manifest: &Manifest, target: &Target, store: &str, into: &str, existing: Existing) -> Plan {
    let store = store.parse().expect("a store");
    let into = Region::parse(into).expect("a region");
    let now = "2026-01-02T00:00:00Z".parse().expect("a time");
    plan(&RestoreRequest { manifest, store: &store, into, target, existing, now })
}

fn errors(plan: &Plan) -> Vec<Code> {
    plan.errors().map(|finding| finding.code).collect()
}

const FRANKFURT: &str = "oci://copies@ns/eu-frankfurt-1";

#[test]
fn a_restore_checks_the_bytes_before_the_service_is_asked_and_proves_every_version() {
    let plan = planned(&target(&["c1", "c2"]), FRANKFURT, "eu-frankfurt-1", Existing::Fail);
    let actions: Vec<_> = plan.steps.iter().map(|step| step.details.name()).collect();
    assert_eq!(actions, ["check_object", "restore_vault", "map_vault", "prove_version"]);
    assert_eq!(errors(&plan), []);
    assert_eq!(Plan::from_bytes(&plan.to_bytes().expect("json")).expect("readable"), plan);
}

#[test]
fn a_changed_plan_file_is_refused() {
    let plan = planned(&target(&["c1", "c2"]), FRANKFURT, "eu-frankfurt-1", Existing::Fail);
    let text = String::from_utf8(plan.to_bytes().expect("json")).expect("UTF-8");
    let shown_only = text.replacen("\"action\": \"restore_vault\"", "\"action\": \"check_object\"", 1);
    assert!(Plan::from_bytes(shown_only.as_bytes()).is_err(), "what is shown must be what is done");
    assert!(Plan::from_bytes(text.replacen("  ", " ", 1).as_bytes()).is_err(), "other bytes, other plan");
}

#[test]
fn each_reason_against_a_restore_has_its_own_code() {
    let good = target(&["c1", "c2"]);
    let code = |target: &Target, into: &str| errors(&planned(target, FRANKFURT, into, Existing::Fail));
    assert_eq!(code(&good, "eu-frankfurt-2"), [Code::OtherRealm], "a look-alike in another realm");
    assert_eq!(code(&good, "eu-zurich-1"), [Code::NotSubscribed]);
    assert_eq!(
        code(&target(&["c1"]), "eu-frankfurt-1"),
        [Code::CompartmentGone],
        "a key's own compartment counts"
    );
    let foreign = Target { environment: environment("other"), ..good.clone() };
    assert_eq!(code(&foreign, "eu-frankfurt-1"), [Code::ForeignTenancy]);
    let elsewhere = planned(&good, "oci://backups@ns/us-ashburn-1", "eu-frankfurt-1", Existing::Fail);
    assert_eq!(errors(&elsewhere), [Code::BucketElsewhere]);
}

#[test]
fn a_vault_that_is_already_there_is_refused_skipped_or_adopted_as_asked() {
    let existing = VaultId::parse("ocid1.vault.oc1.eu-frankfurt-1.ccccccccccccc.v2").ok();
    let target = Target { existing, ..target(&["c1", "c2"]) };
    let with = |existing| planned(&target, FRANKFURT, "eu-frankfurt-1", existing);
    assert_eq!(errors(&with(Existing::Fail)), [Code::AlreadyRestored]);
    let restores = |plan: &Plan| plan.steps.iter().any(|step| step.details.name() == "restore_vault");
    assert!(!restores(&with(Existing::Skip)) && errors(&with(Existing::Skip)).is_empty());
    assert!(restores(&with(Existing::Adopt)) && errors(&with(Existing::Adopt)).is_empty());
}

#[test]
fn a_file_without_a_manifest_is_restored_on_the_users_word_and_said_to_be_unprovable() {
    let blob = "oci://copies@ns/eu-frankfurt-1".parse::<OciStore>().expect("a store").object("made-by-hand");
    let compartment_id = CompartmentId::parse("ocid1.compartment.oc1..c1").expect("a compartment");
    let target = target(&["c1", "c2"]);
    let plan = plan_blob(&BlobRequest {
        blob: &blob,
        compartment_id: &compartment_id,
        into: blob.region,
        target: &target,
        now: "2026-01-02T00:00:00Z".parse().expect("a time"),
    });
    assert_eq!(errors(&plan), []);
    assert!(plan.findings.iter().any(|finding| finding.code == Code::Unprovable));
}

/// The key lies in a file of its own, beside the vault's metadata or alone.
fn key_by_key(has_vault: bool) -> Manifest {
    let mut manifest = manifest();
    let file = Blob { name: "keys/001.kmsbak".into(), size: 1, sha256: Sha256::of(b"y") };
    manifest.keys[0].blob = Some(file);
    manifest.contents = if has_vault { Contents::MetadataOnly } else { Contents::Key };
    manifest.blob = manifest.blob.filter(|_| has_vault);
    manifest
}

#[test]
fn keys_in_files_of_their_own_are_said_not_to_come_back_with_the_vault_and_how_they_do() {
    let target = target(&["c1", "c2"]);
    for (has_vault, severity) in [(true, Severity::Warning), (false, Severity::Error)] {
        let manifest = key_by_key(has_vault);
        let plan = planned_of(&manifest, &target, FRANKFURT, "eu-frankfurt-1", Existing::Fail);
        let finding = plan.findings.iter().find(|finding| finding.code == Code::MetadataOnly);
        let finding = finding.expect("nothing comes back");
        assert_eq!(finding.severity, severity);
        assert!(finding.because.contains("file of its own"), "{}", finding.because);
        let command = "oci kms management key restore --namespace ns --bucket-name copies \
                       --object-name keyferry/b1/keys/001.kmsbak --endpoint ";
        assert!(finding.remedy.contains(command), "{}", finding.remedy);
    }
}

#[test]
fn a_vault_restored_without_its_keys_claims_none_and_fails_for_none() {
    let plan_for = |target: &Target, existing| {
        planned_of(&key_by_key(true), target, FRANKFURT, "eu-frankfurt-1", existing)
    };
    let expected = |plan: &Plan| {
        plan.steps.iter().any(|s| matches!(&s.details, Action::MapVault { keys, .. } if !keys.is_empty()))
    };
    let plan = plan_for(&target(&["c1", "c2"]), Existing::Fail);
    assert!(!expected(&plan), "no key is waited for");
    let prove = plan.steps.iter().find(|step| step.details.name() == "prove_version").expect("a proof");
    let Action::ProveVersion { version_id, .. } = &prove.details else { panic!("a proof") };
    let absent = ProvenVersion {
        key_name: "k1".into(),
        from: version_id.to_string(),
        to: None,
        verdict: Verdict::Failed,
        reason: "not found in the restored vault".into(),
    };
    let mut progress = Progress::default();
    progress.outputs.insert(prove.id.clone(), Output::Proven { version: absent });
    let proof = crate::proof_of(&plan, &progress);
    assert_eq!((proof.count(Verdict::Failed), proof.count(Verdict::Unprovable)), (0, 1));
    assert!(proof.versions[0].reason.contains("file of its own"), "{}", proof.versions[0].reason);

    // Where the vault is already, its keys may be as well.
    let existing = VaultId::parse("ocid1.vault.oc1.eu-frankfurt-1.ccccccccccccc.v2").ok();
    let there = Target { existing, ..target(&["c1", "c2"]) };
    assert!(expected(&plan_for(&there, Existing::Skip)));
}
