//! What the index remembers, forgets and finds again.

use jiff::Timestamp;
use keyferry_core::coverage::{KeyRecord, SavedVersion, Tried};
use keyferry_core::manifest::{Manifest, SealedManifest, seal};
use keyferry_core::model::StoreUrl;
use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_core::{Sha256, Verdict};
use keyferry_ids::{KeyId, KeyVersionId, Region, VaultId};
use keyferry_seams::{Access, RealDisk};
use serde_json::json;

use super::*;
use crate::{Entry, EntryKey};

mod record;

const VAULT: &str = "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v";
const NOW: &str = "2026-11-24T12:00:00Z";

fn home() -> StoreUrl {
    "oci://saves@ns/us-ashburn-1".parse().expect("a store")
}

fn away() -> StoreUrl {
    "oci://copies@ns/eu-frankfurt-1".parse().expect("a store")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn key_id(name: &str) -> KeyId {
    KeyId::parse(&format!("ocid1.key.oc1.iad.aaaaaaaaaaaaa.{name}")).expect("an OCID")
}

fn version(name: &str) -> SavedVersion {
    let id = KeyVersionId::parse(&format!("ocid1.keyversion.oc1.iad.aaaaaaaaaaaaa.{name}"));
    SavedVersion { id: id.expect("an OCID"), has_canary: true }
}

fn entry(day: u32, keys: &[(&str, &[&str])], places: &[StoreUrl]) -> Entry {
    let key = |(name, versions): &(&str, &[&str])| EntryKey {
        id: key_id(name),
        versions: versions.iter().copied().map(version).collect(),
    };
    Entry {
        backup_id: format!("202611{day:02}T000000Z-00000000"),
        made_at: at(&format!("2026-11-{day:02}T00:00:00Z")),
        generation: u64::from(day),
        vault_id: VaultId::parse(VAULT).expect("an OCID"),
        region: Region::parse("iad").expect("known"),
        fingerprint: day.is_multiple_of(2).then(|| Sha256::of(b"as it was")),
        manifest_sha256: Sha256::of(&day.to_be_bytes()),
        places: places.to_vec(),
        keys: keys.iter().map(key).collect(),
    }
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn damage(index: &Path) {
    RealDisk.write(index, b"no database", Access::Owner).expect("damaged");
}

fn ids(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.backup_id.clone()).collect()
}

fn record(index: &Index, key: &str) -> Option<KeyRecord> {
    index.ledger().expect("read").keys.remove(&key_id(key))
}

/// The days of the newest backup and of the surviving one.
fn days(index: &Index, key: &str) -> (Option<u64>, Option<u64>) {
    let record = record(index, key);
    let newest = record.as_ref().and_then(|record| record.newest.backup.generation);
    (newest, record.as_ref().and_then(KeyRecord::surviving).and_then(|saved| saved.backup.generation))
}

#[test]
fn the_newest_backup_of_each_key_is_found_in_whatever_order_they_come() {
    let entries = [
        entry(1, &[("a", &["1"]), ("b", &["1"])], &[home()]),
        entry(3, &[("a", &["1", "2"])], &[home()]),
        entry(2, &[("a", &["1"]), ("b", &["1"])], &[home()]),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        for batch in [1, 3] {
            let index = Index::memory().expect("made");
            let entries: Vec<_> = order.iter().map(|at| entries[*at].clone()).collect();
            for batch in entries.chunks(batch) {
                index.add(&home(), batch).expect("added");
            }
            assert_eq!((days(&index, "a"), days(&index, "b")), ((Some(3), None), (Some(2), None)));
            let newest = record(&index, "a").expect("known").newest;
            assert_eq!(newest.versions, [version("1"), version("2")]);
            assert_eq!(newest.backup.id, "20261103T000000Z-00000000");
            assert_eq!(index.backups().expect("counted"), 3);
        }
    }
}

#[test]
fn the_surviving_backup_may_be_an_older_one_until_the_newest_is_copied() {
    let index = Index::memory().expect("made");
    let entries = [entry(1, &[("a", &["1"])], &[home()]), entry(2, &[("a", &["1"])], &[home()])];
    index.add(&home(), &entries).expect("added");
    assert_eq!(days(&index, "a"), (Some(2), None));
    index.add(&away(), &entries[..1]).expect("added");
    assert_eq!(days(&index, "a"), (Some(2), Some(1)));
    let known = record(&index, "a").expect("known");
    assert_eq!(
        (known.newest.backup.fingerprint, known.older_away.expect("older").backup.fingerprint),
        (Some(Sha256::of(b"as it was")), None)
    );
    index.add(&away(), &entries[1..]).expect("added");
    assert_eq!(days(&index, "a"), (Some(2), Some(2)));
    let places = record(&index, "a").expect("known").newest.backup.places.clone();
    assert_eq!(
        places.iter().map(|place| place.region.map(|r| r.key())).collect::<Vec<_>>(),
        [Some("iad"), Some("fra")]
    );
    assert!(places.iter().all(|place| place.is_seen));
    assert_eq!(index.backups().expect("counted"), 2, "a copy is no other backup");
}

#[test]
fn a_second_store_in_the_same_region_is_not_away_whichever_of_them_the_manifest_names() {
    let index = Index::memory().expect("made");
    let (beside, far) = ("oci://beside@ns/us-ashburn-1".parse().expect("a store"), away());
    let copied = entry(1, &[("a", &["1"])], &[home(), far]);
    let entries = [copied, entry(2, &[("a", &["1"])], &[home()])];
    index.add(&beside, &entries).expect("added");
    assert_eq!(days(&index, "a"), (Some(2), Some(1)));
    index.add(&home(), &entries[1..]).expect("added");
    assert_eq!(days(&index, "a"), (Some(2), Some(1)));
}

#[test]
fn a_store_that_was_never_listed_is_believed_as_signed_and_one_that_was_has_to_show_it() {
    let index = Index::memory().expect("made");
    let both = [home(), away()];
    let entries = [entry(1, &[("a", &["1"])], &both), entry(2, &[("a", &["1"])], &both)];
    index.add(&home(), &entries).expect("added");
    index.listed(&home(), &[], at(NOW)).expect("written");
    assert_eq!(days(&index, "a"), (Some(2), Some(2)));
    assert!(!record(&index, "a").expect("known").newest.backup.places[1].is_seen);
    index.add(&away(), &entries[..1]).expect("added");
    index.listed(&away(), &[], at(NOW)).expect("written");
    assert_eq!(days(&index, "a"), (Some(2), Some(1)), "the manifest says it is there, and it is not");
    let listed = index.stores().expect("read");
    assert_eq!(
        listed.iter().map(|listed| listed.store.clone()).collect::<Vec<_>>(),
        both.map(|s| s.to_string())
    );
}

#[test]
fn what_vanishes_gives_way_to_the_one_before_and_is_named() {
    let index = Index::memory().expect("made");
    let entries: Vec<_> = (1..=4).map(|day| entry(day, &[("a", &["1"])], &[home()])).collect();
    let once = entry(3, &[("b", &["1"])], &[home()]);
    index.add(&home(), &entries).expect("added");
    index.add(&home(), &[Entry { backup_id: "20261103T000000Z-11111111".into(), ..once }]).expect("added");
    index.add(&away(), &entries[..2]).expect("added");
    let mut left = ids(&entries[..3]);
    left.push("20261105T000000Z-00000000".into());
    let difference = index.difference(&home(), &left).expect("compared");
    assert_eq!(difference.new, left[3..]);
    assert_eq!(difference.vanished, ["20261103T000000Z-11111111", entries[3].backup_id.as_str()]);
    index.listed(&home(), &difference.vanished, at(NOW)).expect("written");
    assert_eq!((days(&index, "a"), days(&index, "b")), ((Some(3), Some(2)), (None, None)));
    index.listed(&away(), &ids(&entries[1..2]), at(NOW)).expect("written");
    assert_eq!(days(&index, "a"), (Some(3), Some(1)), "its copy is gone, it is not");
    index.listed(&home(), &ids(&entries[..3]), at(NOW)).expect("written");
    assert_eq!(days(&index, "a"), (Some(1), Some(1)), "the last copy counts");
    assert_eq!(index.backups().expect("counted"), 1);
    let again = index.difference(&home(), &ids(&entries)).expect("compared");
    assert_eq!((again.new, again.vanished), (ids(&entries), vec![]));
}

#[test]
fn a_copy_with_another_manifest_is_no_copy() {
    let index = Index::memory().expect("made");
    let entry = entry(1, &[("a", &["1"])], &[home()]);
    index.add(&home(), std::slice::from_ref(&entry)).expect("added");
    let forged = Entry { manifest_sha256: Sha256::of(b"another"), ..entry.clone() };
    let added = index.add(&away(), &[forged]).expect("added");
    assert_eq!(added, Added { added: 0, differing: vec![entry.backup_id] });
    assert_eq!(days(&index, "a"), (Some(1), None));
}

#[test]
fn how_well_a_store_keeps_things_is_remembered() {
    use keyferry_core::coverage::Keeping;
    let index = Index::memory().expect("made");
    index.keeps(&away(), Keeping::Versioned).expect("written");
    index.keeps(&away(), Keeping::Locked).expect("written");
    assert_eq!(index.ledger().expect("read").keeping, [(away().to_string(), Keeping::Locked)].into());
}

#[test]
fn the_newest_proof_and_the_newest_failure_of_a_version_are_kept() {
    let index = Index::memory().expect("made");
    let proof = |verdict, day: u32| Proof {
        version: version("1").id.to_string(),
        verdict,
        tried: Tried {
            at: at(&format!("2026-11-{day:02}T00:00:00Z")),
            region: Region::parse("fra").expect("known"),
            backup_id: format!("b{day}").into(),
        },
    };
    let proofs = [proof(Verdict::Proven, 5), proof(Verdict::Failed, 2), proof(Verdict::Unprovable, 9)];
    index.record_proofs(&proofs, &["r1".into()]).expect("recorded");
    index.record_proofs(&[proof(Verdict::Proven, 4)], &[]).expect("recorded");
    let trials = index.ledger().expect("read").trials.remove(&version("1").id).expect("tried");
    assert_eq!(trials.proven.map(|tried| tried.backup_id).as_deref(), Some("b5"));
    assert_eq!(trials.failed.map(|tried| tried.backup_id).as_deref(), Some("b2"));
    assert_eq!(index.unfolded(vec!["r1".into(), "r2".into()]).expect("asked"), ["r2"]);
}

#[test]
fn an_index_is_found_again_used_by_one_at_a_time_and_made_anew_when_it_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("state/index.redb");
    let index = Index::open(&disk(), &path).expect("made");
    index.add(&home(), &[entry(1, &[("a", &["1"])], &[home()])]).expect("added");
    assert!(matches!(Index::open(&disk(), &path), Err(IndexError::InUse)));
    drop(index);
    let index = Index::open(&disk(), &path).expect("opened");
    assert_eq!(days(&index, "a"), (Some(1), None));
    drop(index);
    damage(&path);
    let index = Index::open(&disk(), &path).expect("made anew");
    assert_eq!(days(&index, "a"), (Some(1), None));
    let later = |transaction: &WriteTransaction, _: &mut Facts| {
        transaction.open_table(META)?.insert("format", FORMAT + 1)?;
        Ok(())
    };
    index.write(later).expect("changed");
    drop(index);
    let index = Index::open(&disk(), &path).expect("made anew");
    assert_eq!(index.format().expect("read"), Some(FORMAT));
    assert_eq!(days(&index, "a"), (Some(1), None));
}

/// A manifest as it is signed.
fn sealed(contents: &str, key: &SigningKey) -> SealedManifest {
    let vault = json!({"id": VAULT, "name": "payments", "vault_type": "VIRTUAL_PRIVATE", "restored_from": null,
        "compartment": {"id": "ocid1.compartment.oc1..c1", "path": "c1"}, "tags": {},
        "time_created": "2026-01-01T00:00:00Z"});
    let version_of = |name: &str| {
        json!({"id": version(name).id, "lifecycle_state": "ENABLED", "origin": "INTERNAL",
            "time_created": "2026-01-01T00:00:00Z", "public_key": null})
    };
    let of_key = |name: &str, versions: [&str; 2], blob| {
        json!({"id": key_id(name), "name": name, "compartment": {"id": "ocid1.compartment.oc1..c1", "path": "c1"},
            "shape": {"algorithm": "AES", "length": 32}, "protection_mode": "HSM", "lifecycle_state": "ENABLED",
            "current_version": version(versions[1]).id, "tags": {}, "versions": versions.map(version_of),
            "blob": blob})
    };
    let file = json!({"name": "keys/001.kmsbak", "size": 1, "sha256": Sha256::of(b"x")});
    let manifest = json!({
        "schema": "keyferry.manifest", "version": 2, "backup_id": "20261101T000000Z-00000000",
        "made_at": "2026-11-01T00:00:00Z", "made_by": "test", "region": "us-ashburn-1", "contents": contents,
        "environment": {"kind": "embedded", "realm": "oc1", "tenancy_id": "ocid1.tenancy.oc1..t"},
        "vault": vault, "keys": [of_key("a", ["1", "2"], file.clone()), of_key("b", ["3", "4"], json!(null))], "blob": file,
        "places": [home(), away()], "generation": 7, "work_request_id": null,
        "completeness": {"complete": true, "expected": 2, "seen": 2}, "not_saved": [],
        "canaries": [{"key_id": key_id("a"), "version_id": version("2").id, "minted_for": "x",
            "minted_at": "2026-11-01T00:00:00Z",
            "sealed": {"kind": "rsa_oaep", "ciphertext": "", "plaintext_sha256": Sha256::of(b"y")}}],
        "unprovable": [], "previous": null
    });
    let manifest: Manifest = serde_json::from_value(manifest).expect("a manifest");
    seal(&manifest, key).expect("json")
}

#[test]
fn a_manifest_is_read_only_once_its_signature_is_accepted() {
    let key = SigningKey::from_seed([1; 32]).expect("a key");
    let allowed = AllowedSigners::default().with("us", key.public());
    let good = sealed("with_keys", &key);
    let stranger = sealed("with_keys", &SigningKey::from_seed([2; 32]).expect("a key"));
    let mut changed = good.clone();
    changed.bytes[20] ^= 1;
    let read = Entry::open_all(&[good.clone(), stranger, changed], &allowed);
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false]);
    let entry = read.into_iter().next().expect("three").expect("accepted");
    assert_eq!((entry.generation, entry.manifest_sha256), (7, good.sha256()));
    assert_eq!(entry.places, [home(), away()]);
    let canaries = entry.keys.iter().map(|key| key.versions.iter().map(|v| v.has_canary).collect::<Vec<_>>());
    assert_eq!(canaries.collect::<Vec<_>>(), [[false, true], [false, false]]);
}

#[test]
fn a_backup_without_its_keys_holds_only_those_that_lie_beside_it() {
    let key = SigningKey::from_seed([1; 32]).expect("a key");
    let allowed = AllowedSigners::default().with("us", key.public());
    for contents in ["metadata_only", "key"] {
        let entry = Entry::open(&sealed(contents, &key), &allowed).expect("accepted");
        assert_eq!(entry.keys.iter().map(|key| key.id.clone()).collect::<Vec<_>>(), [key_id("a")]);
    }
}
