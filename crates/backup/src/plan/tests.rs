//! What a backup will do, refuse and leave out.

use keyferry_catalogue::{Listed, OpenedBundle};
use keyferry_core::canary::Sealed;
use keyferry_core::manifest::{Manifest, seal};
use keyferry_core::model::Bucket;
use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_core::{EnvironmentKind, Sha256};
use keyferry_ids::TenancyId;
use serde_json::{Value, json};

use super::*;

const VAULT: &str = "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v1";

fn version(name: &str) -> Value {
    json!({"id": format!("ocid1.keyversion.oc1.iad.aaaaaaaaaaaaa.bbbbbbbbbbbbb.{name}"), "lifecycle_state": "ENABLED",
        "origin": "INTERNAL", "time_created": "2026-01-01T00:00:00Z", "public_key": null, "restored_from": null})
}

fn key(name: &str, protection: &str, state: &str, versions: &[&str]) -> Value {
    let versions: Vec<_> = versions.iter().map(|v| version(v)).collect();
    json!({"id": format!("ocid1.key.oc1.iad.aaaaaaaaaaaaa.{name}"), "name": name, "vault_id": VAULT,
        "compartment_id": "ocid1.compartment.oc1..c1", "protection_mode": protection,
        "shape": {"algorithm": "AES", "length": 32}, "lifecycle_state": state,
        "current_version": versions.last().expect("one")["id"], "restored_from": null, "is_primary": true,
        "time_created": "2026-01-01T00:00:00Z", "versions": versions})
}

fn stock(vault_type: &str, keys: &[Value]) -> VaultStock {
    let hsm = keys.iter().filter(|key| key["protection_mode"] == "HSM").count();
    serde_json::from_value(json!({
        "vault": {"id": VAULT, "name": "payments", "region": "us-ashburn-1",
            "compartment_id": "ocid1.compartment.oc1..c1", "vault_type": vault_type, "lifecycle_state": "ACTIVE",
            "management_endpoint": "https://m", "crypto_endpoint": "https://c",
            "time_created": "2026-01-01T00:00:00Z", "time_of_deletion": null, "restored_from": null,
            "is_primary": true},
        "keys": keys,
        "secrets": [],
        "usage": {"keys": hsm, "software_keys": keys.len() - hsm, "key_versions": 0, "software_key_versions": 0}
    }))
    .expect("a stock")
}

fn environment() -> Environment {
    let tenancy_id = TenancyId::parse("ocid1.tenancy.oc1..t").expect("a tenancy");
    Environment { kind: EnvironmentKind::Oci, realm: tenancy_id.realm(), tenancy_id }
}

fn opened(manifest: &Manifest) -> OpenedBundle {
    let key = SigningKey::from_seed([1; 32]).expect("a key");
    let listed = Listed { manifest: manifest.clone(), sealed: seal(manifest, &key).expect("json") };
    OpenedBundle::open(&listed, &AllowedSigners::default().with("us", key.public())).expect("our own")
}

fn nowhere() -> Destination {
    let store = HOME.parse().expect("a store");
    Destination { store, bucket: None, previous: None, passed_over: Vec::new() }
}

fn planned(
    stock: &VaultStock,
    store: &str,
    kms_key_id: Option<&str>,
    previous: Option<&Manifest>,
) -> BackupPlan {
    let store: StoreUrl = store.parse().expect("a store");
    let bucket = Bucket {
        name: store.bucket.clone(),
        compartment_id: stock.vault.compartment_id.clone(),
        kms_key_id: kms_key_id.map(str::to_owned),
        is_read_only: false,
        public_access: None,
    };
    let environment = environment();
    plan(&BackupRequest {
        stock,
        environment: &environment,
        destination: &Destination {
            store,
            bucket: Some(bucket),
            previous: previous.map(opened),
            passed_over: Vec::new(),
        },
        copies: &["oci://copies@ns/eu-frankfurt-1".parse().expect("a store")],
        contents: Contents::WithKeys,
        backup_id: "20260101T000000Z-00000000",
        now: "2026-01-02T00:00:00Z".parse().expect("a time"),
    })
}

fn errors(planned: &BackupPlan) -> Vec<Code> {
    planned.plan.errors().map(|finding| finding.code).collect()
}

const HOME: &str = "oci://backups@ns/us-ashburn-1";

#[test]
fn a_backup_mints_then_saves_then_reads_back_then_copies_and_reads_back_again() {
    let planned =
        planned(&stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]), HOME, None, None);
    let actions: Vec<_> = planned.plan.steps.iter().map(|step| step.details.name()).collect();
    assert_eq!(actions, ["mint_canary", "backup_vault", "check_object", "copy_object", "check_object"]);
    assert_eq!(errors(&planned), []);
    assert_eq!(Plan::from_bytes(&planned.plan.to_bytes().expect("json")).expect("readable"), planned.plan);
}

#[test]
fn what_cannot_be_saved_is_named_and_does_not_stop_the_rest() {
    let keys = [
        key("good", "HSM", "ENABLED", &["a"]),
        key("soft", "SOFTWARE", "ENABLED", &["b"]),
        key("going", "HSM", "PENDING_DELETION", &["c"]),
    ];
    let planned = planned(&stock("VIRTUAL_PRIVATE", &keys), HOME, None, None);
    let named: Vec<_> =
        planned.not_saved.iter().map(|item| (item.name.as_deref().unwrap_or(""), item.code)).collect();
    assert_eq!(named, [("soft", Code::SoftwareKey), ("going", Code::WrongState)]);
    assert_eq!(errors(&planned), []);
    assert_eq!(planned.plan.steps.iter().filter(|s| s.details.name() == "mint_canary").count(), 1);
}

#[test]
fn a_default_vault_a_foreign_bucket_and_a_locked_bucket_are_refused_before_anything_is_done() {
    let keys = [key("k1", "HSM", "ENABLED", &["a"])];
    let code = |planned: BackupPlan| errors(&planned);
    assert_eq!(code(planned(&stock("DEFAULT", &keys), HOME, None, None)), [Code::VaultNotPrivate]);
    let private = stock("VIRTUAL_PRIVATE", &keys);
    assert_eq!(code(planned(&private, "oci://b@ns/eu-frankfurt-1", None, None)), [Code::BucketElsewhere]);
    let own_key = private.keys[0].id.to_string();
    assert_eq!(code(planned(&private, HOME, Some(&own_key), None)), [Code::Lockout]);
    assert_eq!(code(planned(&private, HOME, Some("ocid1.key.oc1.iad.other.k"), None)), []);
}

#[test]
fn canaries_of_rotated_versions_are_carried_on_and_versions_without_one_are_unprovable() {
    let before = stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]);
    let first = planned(&before, HOME, None, None);
    let canary = Canary {
        key_id: before.keys[0].id.clone(),
        version_id: before.keys[0].versions[0].id.clone(),
        minted_for: "earlier".into(),
        minted_at: "2026-01-01T00:00:00Z".parse().expect("a time"),
        sealed: Sealed::RsaOaep { ciphertext: String::new(), plaintext_sha256: Sha256::of(b"x") },
    };
    let facts = crate::facts::Facts {
        made_at: canary.minted_at,
        work_request_id: None,
        bytes: keyferry_core::plan::ExpectedBytes { size: 1, sha256: Sha256::of(b"x") },
        minted: vec![canary.clone()],
        not_minted: Vec::new(),
    };
    let environment = environment();
    let inventory = keyferry_core::Inventory {
        taken_at: canary.minted_at,
        environment: environment.clone(),
        regions: Vec::new(),
        compartments: Vec::new(),
        vaults: Vec::new(),
        gaps: Vec::new(),
    };
    let request = BackupRequest {
        stock: &before,
        environment: &environment,
        destination: &nowhere(),
        copies: &[],
        contents: Contents::WithKeys,
        backup_id: "earlier",
        now: canary.minted_at,
    };
    let manifest = crate::seal::manifest(&request, &first, &facts, &inventory);

    let after = stock(
        "VIRTUAL_PRIVATE",
        &[
            key("k1", "HSM", "ENABLED", &["a", "b"]),
            key("k2", "HSM", "ENABLED", &["c", "d"]),
            key("off", "HSM", "DISABLED", &["e"]),
        ],
    );
    let second = planned(&after, HOME, None, Some(&manifest));
    assert_eq!(second.carried, [canary]);
    let reasons: Vec<_> =
        second.unprovable.iter().map(|u| (u.version_id.unique(), u.because.as_str())).collect();
    assert_eq!(reasons[0], ("c", "it was rotated away before any backup minted a canary"));
    assert_eq!(reasons[1], ("e", "the key was disabled, and no earlier backup minted a canary"));
    assert_eq!(second.plan.steps.iter().filter(|s| s.details.name() == "mint_canary").count(), 2);
}

#[test]
fn a_metadata_only_backup_mints_nothing() {
    let stock = stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]);
    let environment = environment();
    let planned = plan(&BackupRequest {
        stock: &stock,
        environment: &environment,
        destination: &nowhere(),
        copies: &[],
        contents: Contents::MetadataOnly,
        backup_id: "x",
        now: "2026-01-02T00:00:00Z".parse().expect("a time"),
    });
    assert_eq!(planned.plan.steps.len(), 2);
    assert_eq!(errors(&planned), [Code::NotFound], "and a bucket that can't be seen is refused");
}
