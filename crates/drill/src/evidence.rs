//! Evidence while it grows, and signed when the drill is over.

use jiff::Timestamp;
use keyferry_backup::BackupDone;
use keyferry_core::{
    Code, Evidence, EvidenceBackup, Inventory, Mapping, Proof, Unsaved, VaultStock, eligibility,
};

use crate::Scenario;
use crate::embedded::Ground;

/// Evidence of a drill that has just begun.
pub(crate) fn begin(scenario: &Scenario, ground: &Ground, seed: Option<u64>) -> Evidence {
    Evidence {
        schema: "keyferry.evidence".into(),
        version: 1,
        environment: ground.environment.clone(),
        scenario: scenario.name.clone(),
        seed,
        started: scenario.start,
        finished: scenario.start,
        lost_region: None,
        lost_at: None,
        into: None,
        stages: Vec::new(),
        backups: Vec::new(),
        unsaved: Vec::new(),
        plan_sha256: None,
        run_id: None,
        mapping: Mapping::default(),
        proof: Proof::default(),
        rta_seconds: None,
        rpa_seconds: None,
        failure: None,
        calls: Vec::new(),
    }
}

/// A finished backup as evidence.
pub(crate) fn backup(done: &BackupDone) -> EvidenceBackup {
    let manifest = &done.manifest;
    let carried = manifest.canaries.len() - done.minted;
    EvidenceBackup {
        backup_id: manifest.backup_id.clone(),
        vault_id: manifest.vault.id.to_string(),
        vault_name: manifest.vault.name.clone(),
        made_at: manifest.made_at,
        size: manifest.size(),
        sha256: manifest.first_file().expect("a backup has a file").sha256,
        manifest_sha256: done.manifest_sha256,
        places: manifest.places.clone(),
        versions: manifest.versions().count(),
        canaries: (done.minted, carried, manifest.unprovable.len()),
    }
}

/// What no backup will save of all that was found.
pub(crate) fn unsaved(inventory: &Inventory) -> Vec<Unsaved> {
    inventory.vaults.iter().flat_map(unsaved_of).collect()
}

fn unsaved_of(stock: &VaultStock) -> Vec<Unsaved> {
    let item = |kind: &str, id: &str, name: &str, code, because: &str| Unsaved {
        kind: kind.into(),
        id: id.into(),
        name: name.into(),
        code,
        because: because.into(),
    };
    let vault = &stock.vault;
    let mut items = Vec::new();
    for reason in eligibility::vault(vault) {
        items.push(item("vault", vault.id.as_str(), &vault.name, reason.code, &reason.text));
    }
    for key in &stock.keys {
        for reason in eligibility::key(key) {
            items.push(item("key", key.id.as_str(), &key.name, reason.code, &reason.text));
        }
    }
    for secret in &stock.secrets {
        let because = "a secret is never part of a backup";
        items.push(item("secret", secret.id.as_str(), &secret.name, Code::SecretNotSaved, because));
    }
    items
}

/// Seconds from one time to another.
pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
