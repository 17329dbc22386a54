//! What a backup will do, refuse and leave out.

use keyferry_catalogue::{Listed, OpenedBundle};
use keyferry_core::canary::{Canary, Sealed};
use keyferry_core::manifest::{Manifest, seal};
use keyferry_core::model::{Bucket, OciStore};
use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_core::{Code, EnvironmentKind, Sha256};
use keyferry_ids::TenancyId;
use serde_json::{Value, json};

use super::*;

const HOME: &str = "oci://backups@ns/us-ashburn-1";
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
    Destination { store, bucket: None, earlier: Vec::new(), next_generation: 1, findings: Vec::new() }
}

/// A destination with a bucket, and perhaps an earlier backup in it.
fn there(stock: &VaultStock, store: &str, previous: Option<&Manifest>) -> Destination {
    let store: OciStore = store.parse().expect("a store");
    let bucket = Bucket {
        name: store.bucket.clone(),
        compartment_id: stock.vault.compartment_id.clone(),
        kms_key_id: None,
        is_read_only: false,
        public_access: None,
    };
    Destination {
        store,
        bucket: Some(bucket),
        next_generation: previous.map_or(1, |manifest| manifest.generation + 1),
        earlier: previous.map(opened).into_iter().collect(),
        findings: Vec::new(),
    }
}

fn made(stock: &VaultStock, destination: &Destination, extent: &Extent, copies: &[&str]) -> Plan {
    let copies: Vec<StoreUrl> = copies.iter().map(|copy| copy.parse().expect("a store")).collect();
    let environment = environment();
    plan(&BackupRequest {
        stock,
        compartments: &[],
        environment: &environment,
        destination,
        copies: &copies,
        extent,
        through: None,
        file_name: "vault.kmsbak",
        backup_id: "20260101T000000Z-00000000",
        now: "2026-01-02T00:00:00Z".parse().expect("a time"),
    })
    .expect("tags with a canonical form")
}

fn planned(stock: &VaultStock, store: &str, previous: Option<&Manifest>) -> Plan {
    let destination = there(stock, store, previous);
    made(stock, &destination, &Extent::WithKeys, &["oci://copies@ns/eu-frankfurt-1"])
}

fn draft(plan: &Plan) -> &Manifest {
    let draft = plan.steps.iter().find_map(|step| match &step.details {
        Action::SealManifest { draft } => Some(draft),
        _ => None,
    });
    draft.expect("a backup seals a manifest")
}

fn actions(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|step| step.details.name()).collect()
}

fn errors(planned: &Plan) -> Vec<Code> {
    planned.errors().map(|finding| finding.code).collect()
}

#[test]
fn a_backup_claims_its_number_mints_saves_counts_reads_back_copies_seals_and_publishes_at_home_last() {
    let plan = planned(&stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]), HOME, None);
    let expected = [
        "claim_generation",
        "mint_canary",
        "backup_vault",
        "check_usage",
        "check_object",
        "copy_object",
        "check_object",
        "seal_manifest",
        "publish_bundle",
        "publish_bundle",
    ];
    assert_eq!(actions(&plan), expected);
    assert_eq!(errors(&plan), []);
    let last = plan.steps.last().expect("steps").details.subject();
    assert!(last.ends_with(HOME), "{last}");
    assert_eq!(Plan::from_bytes(&plan.to_bytes().expect("json")).expect("readable"), plan);
}

#[test]
fn copies_outside_of_the_cloud_are_written_and_read_back_in_one_step() {
    let stock = stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]);
    let plan = made(&stock, &there(&stock, HOME, None), &Extent::WithKeys, &["s3://far/away", "file:usb"]);
    assert_eq!(actions(&plan).iter().filter(|name| **name == "copy_out").count(), 2);
    let places: Vec<_> = draft(&plan).places.iter().map(ToString::to_string).collect();
    assert_eq!(places, [HOME, "s3://far/away", "file:usb"]);
}

#[test]
fn keys_one_by_one_are_saved_one_after_the_other_each_in_a_file_of_its_own() {
    let keys = [
        key("k1", "HSM", "ENABLED", &["a"]),
        key("soft", "SOFTWARE", "ENABLED", &["b"]),
        key("k2", "HSM", "ENABLED", &["c"]),
    ];
    let stock = stock("VIRTUAL_PRIVATE", &keys);
    let destination = there(&stock, HOME, None);
    let plan = made(&stock, &destination, &Extent::KeysOneByOne, &[]);
    let writes: Vec<_> =
        plan.steps.iter().filter(|step| step.details.name().starts_with("backup_")).collect();
    assert_eq!(writes.len(), 3, "the vault and two keys");
    assert!(matches!(&writes[0].details, Action::BackupVault { include_keys: false, .. }));
    for pair in writes.windows(2) {
        assert_eq!(
            pair[1].needs,
            [pair[0].id.clone()],
            "the service works on one thing of a vault at a time"
        );
    }
    assert_eq!(draft(&plan).contents, Contents::MetadataOnly);

    let one = Extent::Keys(vec![stock.keys[2].id.clone()]);
    let plan = made(&stock, &destination, &one, &[]);
    let names: Vec<_> = draft(&plan).keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!((draft(&plan).contents, names), (Contents::Key, vec!["k2"]));
    assert!(draft(&plan).not_saved.is_empty(), "nobody asked for the software key");
    assert!(!actions(&plan).contains(&"backup_vault"));
}

#[test]
fn the_fingerprint_changes_with_a_version_a_state_a_tag_or_another_extent_and_with_nothing_else() {
    let print = |stock: &VaultStock, extent: &Extent| {
        draft(&made(stock, &there(stock, HOME, None), extent, &[])).fingerprint.expect("has one")
    };
    let base =
        stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"]), key("k2", "HSM", "ENABLED", &["b"])]);
    let first = print(&base, &Extent::WithKeys);
    let mut reordered = base.clone();
    reordered.keys.reverse();
    reordered.usage = None;
    assert_eq!(print(&reordered, &Extent::WithKeys), first);
    assert_ne!(print(&base, &Extent::KeysOneByOne), first);
    let rotated = stock(
        "VIRTUAL_PRIVATE",
        &[key("k1", "HSM", "ENABLED", &["a", "z"]), key("k2", "HSM", "ENABLED", &["b"])],
    );
    assert_ne!(print(&rotated, &Extent::WithKeys), first);
    let disabled = stock(
        "VIRTUAL_PRIVATE",
        &[key("k1", "HSM", "DISABLED", &["a"]), key("k2", "HSM", "ENABLED", &["b"])],
    );
    assert_ne!(print(&disabled, &Extent::WithKeys), first);
    let mut tagged = base;
    tagged.vault.tags.freeform.insert("team".into(), "payments".into());
    assert_ne!(print(&tagged, &Extent::WithKeys), first);
}

#[test]
fn what_cannot_be_saved_is_named_and_does_not_stop_the_rest() {
    let keys = [
        key("good", "HSM", "ENABLED", &["a"]),
        key("soft", "SOFTWARE", "ENABLED", &["b"]),
        key("going", "HSM", "PENDING_DELETION", &["c"]),
    ];
    let plan = planned(&stock("VIRTUAL_PRIVATE", &keys), HOME, None);
    let named: Vec<_> =
        draft(&plan).not_saved.iter().map(|item| (item.name.as_deref().unwrap_or(""), item.code)).collect();
    assert_eq!(named, [("soft", Code::SoftwareKey), ("going", Code::WrongState)]);
    assert_eq!(errors(&plan), []);
    assert_eq!(actions(&plan).iter().filter(|name| **name == "mint_canary").count(), 1);
}

#[test]
fn a_default_vault_and_a_foreign_or_unseen_bucket_are_refused_before_anything_is_done() {
    let keys = [key("k1", "HSM", "ENABLED", &["a"])];
    let code = |planned: Plan| errors(&planned);
    assert_eq!(code(planned(&stock("DEFAULT", &keys), HOME, None)), [Code::VaultNotPrivate]);
    let private = stock("VIRTUAL_PRIVATE", &keys);
    assert_eq!(code(planned(&private, "oci://b@ns/eu-frankfurt-1", None)), [Code::BucketElsewhere]);
    let unseen = made(&private, &nowhere(), &Extent::MetadataOnly, &[]);
    assert_eq!(errors(&unseen), [Code::NotFound], "and a bucket that can't be seen");
}

#[test]
fn canaries_of_rotated_versions_are_carried_on_and_versions_without_one_are_unprovable() {
    let before = stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]);
    let canary = Canary {
        key_id: before.keys[0].id.clone(),
        version_id: before.keys[0].versions[0].id.clone(),
        minted_for: "earlier".into(),
        minted_at: "2026-01-01T00:00:00Z".parse().expect("a time"),
        sealed: Sealed::RsaOaep { ciphertext: String::new(), plaintext_sha256: Sha256::of(b"x") },
    };
    let first = planned(&before, HOME, None);
    let earlier = Manifest { canaries: vec![canary.clone()], ..draft(&first).clone() };

    let after = stock(
        "VIRTUAL_PRIVATE",
        &[
            key("k1", "HSM", "ENABLED", &["a", "b"]),
            key("k2", "HSM", "ENABLED", &["c", "d"]),
            key("off", "HSM", "DISABLED", &["e"]),
        ],
    );
    let second = planned(&after, HOME, Some(&earlier));
    let manifest = draft(&second);
    assert_eq!(manifest.canaries, [canary]);
    assert_eq!((manifest.generation, earlier.generation), (2, 1));
    let previous = manifest.previous.as_ref().expect("linked to the one before");
    assert_eq!(previous.manifest_sha256, opened(&earlier).sealed.sha256());
    let reasons: Vec<_> =
        manifest.unprovable.iter().map(|u| (u.version_id.unique(), u.because.as_str())).collect();
    assert_eq!(reasons[0], ("c", "it was rotated away before any backup minted a canary"));
    assert_eq!(reasons[1], ("e", "the key was disabled, and no earlier backup minted a canary"));
    assert_eq!(actions(&second).iter().filter(|name| **name == "mint_canary").count(), 2);
}

#[test]
fn a_backup_of_less_in_between_loses_no_canaries_and_is_not_taken_for_one_of_as_much() {
    let before =
        stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"]), key("k2", "HSM", "ENABLED", &["b"])]);
    let canary = Canary {
        key_id: before.keys[0].id.clone(),
        version_id: before.keys[0].versions[0].id.clone(),
        minted_for: "earlier".into(),
        minted_at: "2026-01-01T00:00:00Z".parse().expect("a time"),
        sealed: Sealed::RsaOaep { ciphertext: String::new(), plaintext_sha256: Sha256::of(b"x") },
    };
    let first = planned(&before, HOME, None);
    let whole = Manifest { canaries: vec![canary.clone()], ..draft(&first).clone() };
    let destination = there(&before, HOME, Some(&whole));
    let k2 = Extent::Keys(vec![before.keys[1].id.clone()]);
    let single = draft(&made(&before, &destination, &k2, &[])).clone();
    let metadata = draft(&made(&before, &destination, &Extent::MetadataOnly, &[])).clone();
    let one_by_one = draft(&made(&before, &destination, &Extent::KeysOneByOne, &[])).clone();
    let k1 = Extent::Keys(vec![before.keys[0].id.clone()]);
    let all = [
        (Extent::WithKeys, &whole),
        (k2, &single),
        (Extent::MetadataOnly, &metadata),
        (Extent::KeysOneByOne, &one_by_one),
    ];
    for (extent, own) in &all {
        for (_, manifest) in &all {
            assert_eq!(extent.is_that_of(manifest, &before), manifest == own, "{extent:?}");
        }
    }
    assert!(!k1.is_that_of(&single, &before));

    let keys = [key("k1", "HSM", "ENABLED", &["a", "c"]), key("k2", "HSM", "ENABLED", &["b"])];
    let after = stock("VIRTUAL_PRIVATE", &keys);
    let mut destination = there(&after, HOME, Some(&single));
    destination.earlier.push(opened(&whole));
    let third = made(&after, &destination, &Extent::WithKeys, &[]);
    assert_eq!((&draft(&third).canaries, &draft(&third).unprovable), (&vec![canary], &Vec::new()));
    let previous = draft(&third).previous.as_ref().expect("linked to the one before");
    assert_eq!(previous.manifest_sha256, opened(&single).sealed.sha256(), "which is the single key's");
}

#[test]
fn a_metadata_only_backup_mints_nothing() {
    let stock = stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]);
    let plan = made(&stock, &there(&stock, HOME, None), &Extent::MetadataOnly, &[]);
    assert!(!actions(&plan).contains(&"mint_canary"));
    assert!(draft(&plan).keys.is_empty());
}

#[test]
fn what_goes_through_a_pre_authenticated_request_comes_into_the_bundle_as_a_copy() {
    let stock = stock("VIRTUAL_PRIVATE", &[key("k1", "HSM", "ENABLED", &["a"])]);
    let away = there(&stock, "oci://copies@ns/eu-frankfurt-1", None);
    let with = |to: ObjectPlace, findings: Vec<Finding>| {
        let (through, environment) = (Through { to, findings }, environment());
        plan(&BackupRequest {
            stock: &stock,
            compartments: &[],
            environment: &environment,
            destination: &away,
            copies: &["file:usb".parse().expect("a store")],
            extent: &Extent::WithKeys,
            through: Some(&through),
            file_name: "vault.kmsbak",
            backup_id: "20260101T000000Z-00000000",
            now: "2026-01-02T00:00:00Z".parse().expect("a time"),
        })
        .expect("tags with a canonical form")
    };
    let outbox: OciStore = "oci://outbox@ns/us-ashburn-1".parse().expect("a store");
    let plan = with(outbox.object("night.bin"), Vec::new());
    let expected = [
        "claim_generation",
        "mint_canary",
        "backup_vault",
        "check_usage",
        "check_object",
        "copy_object",
        "check_object",
        "copy_out",
        "seal_manifest",
        "publish_bundle",
        "publish_bundle",
    ];
    assert_eq!((actions(&plan), errors(&plan)), (expected.to_vec(), vec![]));
    let places: Vec<_> = draft(&plan).places.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["oci://copies@ns/eu-frankfurt-1", "file:usb"], "the outbox is nobody's store");
    assert_eq!(Plan::from_bytes(&plan.to_bytes().expect("json")).expect("readable"), plan);

    let in_place = away.store.object("keyferry/20260101T000000Z-00000000/vault.kmsbak");
    assert!(!actions(&with(in_place, Vec::new())).contains(&"copy_object"), "it is there already");
    let expired = Finding::new(Code::ParExpired, Severity::Error, "it", "it ended");
    assert_eq!(errors(&with(outbox.object("x"), vec![expired])), [Code::ParExpired]);
}
