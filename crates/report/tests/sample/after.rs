//! Data as a small drill would leave it: after the loss.

use keyferry_core::journal::RunState;
use keyferry_core::*;
use keyferry_report::*;

use super::*;

pub(crate) fn mapping() -> Mapping {
    let entry = |kind, name: Option<&str>, ocid_kind: &str, from: &str, to: &str| MappingEntry {
        kind,
        name: name.map(str::to_owned),
        from: ocid(ocid_kind, "iad", from),
        to: ocid(ocid_kind, "eu-frankfurt-1", to),
    };
    use MappingKind::{Key, KeyVersion, Vault};
    Mapping {
        entries: vec![
            entry(Vault, Some("payments"), "vault", "paymts", "fravlt"),
            entry(Key, Some("orders"), "key", "orders", "fraord"),
            entry(Key, Some("signing"), "key", "signin", "frasig"),
            entry(KeyVersion, Some("orders"), "keyversion", "ordv01", "fraov1"),
            entry(KeyVersion, Some("orders"), "keyversion", "ordv02", "fraov2"),
            entry(KeyVersion, Some("orders"), "keyversion", "ordv03", "fraov3"),
            entry(KeyVersion, None, "keyversion", "sigv01", "frasv1"),
        ],
        management_endpoint: Some("https://xyz-management.kms.eu-frankfurt-1.oraclecloud.com".into()),
        crypto_endpoint: Some("https://xyz-crypto.kms.eu-frankfurt-1.oraclecloud.com".into()),
    }
}

pub(crate) fn proof() -> Proof {
    let version = |key: &str, from: &str, to: &str, verdict, reason: &str| ProvenVersion {
        key_name: key.into(),
        from: version_id(from).to_string(),
        to: Some(ocid("keyversion", "eu-frankfurt-1", to)),
        verdict,
        reason: reason.into(),
    };
    Proof {
        versions: vec![
            version("orders", "ordv01", "fraov1", Verdict::Proven, "opened 1 AES-GCM canary"),
            version("orders", "ordv02", "fraov2", Verdict::Proven, "opened 1 AES-GCM canary"),
            version("orders", "ordv03", "fraov3", Verdict::Proven, "opened 1 AES-GCM canary"),
            version(
                "signing",
                "sigv01",
                "frasv1",
                Verdict::Proven,
                "opened 1 RSA-OAEP canary and verified 1 signature",
            ),
            version(
                "archive",
                "disv01",
                "fradv1",
                Verdict::Unprovable,
                "the version was DISABLED at every backup",
            ),
        ],
    }
}

pub(crate) fn restored() -> RestoredShown {
    RestoredShown {
        run_id: "20261124T231200Z-restore-5c1f".into(),
        state: RunState::Succeeded,
        backup_ids: vec![BACKUP.into()],
        into: region("eu-frankfurt-1"),
        mapping: mapping(),
        proof: proof(),
        rta_seconds: Some(845.2),
        rpa_seconds: Some(1_200.0),
    }
}

pub(crate) fn evidence() -> Evidence {
    let stage = |name: &str, started, finished| EvidenceStage {
        name: name.into(),
        started: at(started),
        finished: at(finished),
    };
    let call = |ts, region: &str, operation: &str, status| CallSeen {
        ts: at(ts),
        region: region.into(),
        operation: operation.into(),
        status,
        opc_request_id: Some("REQ".into()),
    };
    let backup = |id: &str, made_at, canaries| EvidenceBackup {
        backup_id: id.into(),
        vault_id: vault_id("paymts").to_string(),
        vault_name: "payments".into(),
        made_at: at(made_at),
        size: 48_211,
        sha256: Sha256::of(b"blob"),
        manifest_sha256: Sha256::of(b"manifest"),
        places: vec![store("dr-home", "us-ashburn-1"), store("dr", "eu-frankfurt-1")],
        versions: 5,
        canaries,
    };
    let unsaved = not_saved().into_iter().map(|n| Unsaved {
        kind: n.kind,
        id: n.id,
        name: n.name.expect("a name"),
        code: n.code,
        because: n.because,
    });
    Evidence {
        schema: "keyferry.evidence".into(),
        version: 1,
        environment: environment(),
        scenario: "region-loss".into(),
        seed: Some(7),
        started: at("22:40:00"),
        finished: at("23:24:05.2"),
        lost_region: Some(region("us-ashburn-1")),
        lost_at: Some(at("23:10:00")),
        into: Some(region("eu-frankfurt-1")),
        stages: vec![
            stage("take stock", "22:40:00", "22:40:12.3"),
            stage("back up", "22:40:30", "22:44:35"),
            stage("rotate and back up again", "22:46:00", "22:50:00"),
            stage("copy off-region", "22:50:00", "22:52:30"),
            stage("plan", "23:12:00", "23:12:04"),
            stage("restore", "23:12:04", "23:22:10"),
            stage("prove", "23:22:10", "23:24:05.2"),
        ],
        backups: vec![
            backup("20261124T224030Z-99aa00bb", "22:40:30", (2, 0, 1)),
            backup(BACKUP, "22:50:00", (2, 2, 1)),
        ],
        unsaved: unsaved.collect(),
        plan_sha256: Some(Sha256::of(b"plan")),
        run_id: Some("20261124T231200Z-restore-5c1f".into()),
        mapping: mapping(),
        proof: proof(),
        rta_seconds: Some(845.2),
        rpa_seconds: Some(1_200.0),
        failure: None,
        calls: vec![
            call("22:40:05", "us-ashburn-1", "ListVaults", Some(200)),
            call("22:41:00", "us-ashburn-1", "BackupVault", Some(200)),
            // The clock stood still, and the region answered: it was still there.
            call("23:10:00", "us-ashburn-1", "GetVault", Some(200)),
            call("23:12:04", "eu-frankfurt-1", "RestoreVaultFromObjectStore", Some(200)),
            call("23:22:10", "eu-frankfurt-1", "Decrypt", Some(200)),
        ],
    }
}
