//! A fleet of vaults with a backup every night: as the index takes it, as an inventory, as signed manifests.

use jiff::{SignedDuration, Timestamp};
use keyferry_core::coverage::{SavedVersion, Tried};
use keyferry_core::manifest::{Manifest, SealedManifest, seal};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::SigningKey;
use keyferry_core::{Inventory, Sha256, Verdict};
use keyferry_coverage::{Entry, EntryKey, Proof};
use keyferry_ids::{KeyId, KeyVersionId, Region, VaultId};
use serde_json::{Value, json};

pub(crate) const VAULTS: usize = 1_000;
pub(crate) const KEYS: usize = 10;
/// A PEM as long as that of an RSA-2048 key, which is what makes manifests long.
const PEM_LENGTH: usize = 450;

pub(crate) fn store(bucket: &str, region: &str) -> StoreUrl {
    format!("oci://{bucket}@axbench/{region}").parse().expect("a store")
}

fn iad() -> Region {
    Region::parse("iad").expect("known")
}

/// As long as real ones.
fn ocid(kind: &str, number: usize) -> String {
    format!("ocid1.{kind}.oc1.iad.bench00000000.abuwcljt5zqkd7mxyhx3p2vo6nqcrgsltwahfejbu4kdrm7x{number:010}")
}

pub(crate) fn vault_id(vault: usize) -> VaultId {
    VaultId::parse(&ocid("vault", vault)).expect("an OCID")
}

fn key_id(vault: usize, key: usize) -> KeyId {
    KeyId::parse(&ocid("key", vault * KEYS + key)).expect("an OCID")
}

fn version_id(vault: usize, key: usize) -> KeyVersionId {
    KeyVersionId::parse(&ocid("keyversion", vault * KEYS + key)).expect("an OCID")
}

/// Vaults are saved one after the other.
pub(crate) fn made_at(vault: usize, night: usize) -> Timestamp {
    let first: Timestamp = "2024-01-01T01:00:00Z".parse().expect("a time");
    let seconds = night * 86_400 + vault;
    first + SignedDuration::from_secs(seconds as i64)
}

fn backup_id(vault: usize, night: usize) -> String {
    format!("{}-{vault:08x}", made_at(vault, night).strftime("%Y%m%dT%H%M%SZ"))
}

/// A backup as the index takes it.
pub(crate) fn entry(vault: usize, night: usize) -> Entry {
    let key = |key| EntryKey {
        id: key_id(vault, key),
        versions: vec![SavedVersion { id: version_id(vault, key), has_canary: true }],
    };
    let backup_id = backup_id(vault, night);
    Entry {
        made_at: made_at(vault, night),
        generation: night as u64 + 1,
        vault_id: vault_id(vault),
        region: iad(),
        fingerprint: Some(Sha256::of(&vault.to_be_bytes())),
        manifest_sha256: Sha256::of(backup_id.as_bytes()),
        places: vec![store("saves", "us-ashburn-1"), store("copies", "eu-frankfurt-1")],
        keys: (0..KEYS).map(key).collect(),
        backup_id,
    }
}

/// A proof of each version.
pub(crate) fn proofs() -> Vec<Proof> {
    let tried =
        |vault| Tried { at: made_at(vault, 100), region: iad(), backup_id: backup_id(vault, 99).into() };
    let of_vault = |vault| {
        (0..KEYS).map(move |key| Proof {
            version: version_id(vault, key).to_string(),
            verdict: Verdict::Proven,
            tried: tried(vault),
        })
    };
    (0..VAULTS).flat_map(of_vault).collect()
}

/// Every vault and key as it is now.
pub(crate) fn inventory(now: Timestamp) -> Inventory {
    let key = |vault: usize, key: usize| {
        json!({"id": key_id(vault, key), "name": format!("key {key}"), "vault_id": vault_id(vault),
            "compartment_id": ocid("compartment", 1), "protection_mode": "HSM",
            "shape": {"algorithm": "AES", "length": 32}, "lifecycle_state": "ENABLED",
            "current_version": version_id(vault, key), "restored_from": null, "is_primary": true,
            "time_created": now, "versions": [version(vault, key, false)]})
    };
    let stock = |vault: usize| {
        json!({"vault": {"id": vault_id(vault), "name": format!("vault {vault}"), "region": "us-ashburn-1",
                "compartment_id": ocid("compartment", 1), "vault_type": "VIRTUAL_PRIVATE",
                "lifecycle_state": "ACTIVE", "management_endpoint": "https://management.example",
                "crypto_endpoint": "https://crypto.example", "time_created": now, "time_of_deletion": null,
                "restored_from": null, "is_primary": true},
            "keys": (0..KEYS).map(|number| key(vault, number)).collect::<Vec<_>>(), "secrets": [],
            "usage": {"keys": KEYS, "software_keys": 0, "key_versions": KEYS, "software_key_versions": 0}})
    };
    let inventory = json!({"taken_at": now, "regions": ["us-ashburn-1", "eu-frankfurt-1"], "compartments": [],
        "environment": {"kind": "embedded", "realm": "oc1", "tenancy_id": ocid("tenancy", 1)},
        "vaults": (0..VAULTS).map(stock).collect::<Vec<_>>(), "gaps": []});
    serde_json::from_value(inventory).expect("an inventory")
}

fn version(vault: usize, key: usize, has_public_key: bool) -> Value {
    let pem = has_public_key.then(|| "A".repeat(PEM_LENGTH));
    json!({"id": version_id(vault, key), "lifecycle_state": "ENABLED", "origin": "INTERNAL",
        "time_created": "2024-01-01T00:00:00Z", "public_key": pem, "restored_from": null})
}

/// A manifest as `backup` signs it: of ten keys four are asymmetric.
pub(crate) fn sealed(vault: usize, night: usize, signer: &SigningKey) -> SealedManifest {
    let compartment = json!({"id": ocid("compartment", 1), "path": "production/secure"});
    let key = |key: usize| {
        json!({"id": key_id(vault, key), "name": format!("key {key}"), "compartment": compartment,
            "shape": {"algorithm": if key < 6 { "AES" } else { "RSA" }, "length": if key < 6 { 32 } else { 256 }},
            "protection_mode": "HSM", "lifecycle_state": "ENABLED", "current_version": version_id(vault, key),
            "tags": {"freeform": {"team": "payments"}}, "versions": [version(vault, key, key >= 6)]})
    };
    let digest = Sha256::of(b"plaintext");
    let canary = |key: usize| {
        let sealed = if key < 6 {
            json!({"kind": "aes_gcm", "ciphertext": "Q".repeat(180), "plaintext_sha256": digest,
                "associated_data": {"backup": backup_id(vault, night), "key": key_id(vault, key)}})
        } else {
            json!({"kind": "rsa_oaep", "ciphertext": "Q".repeat(344), "plaintext_sha256": digest})
        };
        json!({"key_id": key_id(vault, key), "version_id": version_id(vault, key),
            "minted_for": backup_id(vault, night), "minted_at": made_at(vault, night), "sealed": sealed})
    };
    let manifest: Manifest = serde_json::from_value(json!({
        "schema": "keyferry.manifest", "version": 2, "backup_id": backup_id(vault, night),
        "made_at": made_at(vault, night), "made_by": "keyferry bench", "region": "us-ashburn-1",
        "contents": "with_keys", "generation": night + 1, "fingerprint": digest,
        "environment": {"kind": "embedded", "realm": "oc1", "tenancy_id": ocid("tenancy", 1)},
        "vault": {"id": vault_id(vault), "name": format!("vault {vault}"), "vault_type": "VIRTUAL_PRIVATE",
            "compartment": compartment, "time_created": "2024-01-01T00:00:00Z", "restored_from": null, "tags": {}},
        "keys": (0..KEYS).map(key).collect::<Vec<_>>(),
        "blob": {"name": "vault.kmsbak", "size": 48_211, "sha256": digest},
        "places": [store("saves", "us-ashburn-1"), store("copies", "eu-frankfurt-1")],
        "work_request_id": ocid("workrequest", night), "not_saved": [],
        "completeness": {"complete": true, "expected": KEYS, "seen": KEYS},
        "canaries": (0..KEYS).map(canary).collect::<Vec<_>>(), "unprovable": [], "previous": null
    }))
    .expect("a manifest");
    seal(&manifest, signer).expect("json")
}
