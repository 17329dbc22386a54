//! Words and what they mean.

use keyferry_core::manifest::{Manifest, seal};
use keyferry_core::sshsig::SigningKey;
use serde_json::json;

use super::*;

fn listed(id: &str, region: &str) -> Listed {
    let manifest: Manifest = serde_json::from_value(json!({
        "schema": "keyferry.manifest", "version": 1, "backup_id": id, "made_at": "2026-01-01T00:00:00Z",
        "made_by": "test",
        "environment": {"kind": "embedded", "realm": "oc1", "tenancy_id": "ocid1.tenancy.oc1..t"},
        "region": region, "contents": "metadata_only",
        "vault": {"id": "ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v1", "name": "payments", "vault_type": "VIRTUAL_PRIVATE",
            "compartment": {"id": "ocid1.compartment.oc1..c1", "path": "c1"},
            "time_created": "2026-01-01T00:00:00Z", "restored_from": null, "tags": {}},
        "keys": [], "blob": {"name": "vault.kmsbak", "size": 1, "sha256": Sha256::of(b"x")},
        "places": [], "work_request_id": null, "completeness": {"complete": true, "expected": 0, "seen": 0},
        "not_saved": [], "canaries": [], "unprovable": [], "previous": null
    }))
    .expect("a manifest");
    let sealed = seal(&manifest, &SigningKey::from_seed([1; 32]).expect("a key")).expect("json");
    Listed { manifest, sealed }
}

fn listing(damaged: &[&str]) -> Listing {
    let backups = vec![
        listed("2026a-1", "us-ashburn-1"),
        listed("2026b-2", "eu-frankfurt-1"),
        listed("2026c-3", "us-ashburn-1"),
    ];
    let damaged = damaged.iter().map(|id| Damaged {
        backup_id: (*id).to_owned(),
        error: CatalogueError::Missing(format!("the signature of {id}")),
    });
    Listing { backups, damaged: damaged.collect(), objects: Vec::new() }
}

fn meant(word: &str) -> Result<String, Code> {
    use keyferry_core::Explain as _;
    listing(&[]).select(word).map(|l| l.manifest.backup_id).map_err(|e| e.code())
}

#[test]
fn a_word_means_one_backup_or_none() {
    for (word, id) in [
        ("latest", "2026c-3"),
        ("latest~1", "2026b-2"),
        ("latest~2", "2026a-1"),
        ("latest@eu-frankfurt-1", "2026b-2"),
        ("latest@iad", "2026c-3"),
        ("latest~1@iad", "2026a-1"),
        ("2026b", "2026b-2"),
        ("2026a-1", "2026a-1"),
    ] {
        assert_eq!(meant(word).as_deref(), Ok(id), "{word}");
    }
    for word in ["latest~3", "latest@phx", "latest~x", "", "2025"] {
        assert_eq!(meant(word), Err(Code::NotFound), "{word}");
    }
    assert_eq!(meant("2026"), Err(Code::Ambiguous));
}

#[test]
fn a_damaged_bundle_hides_no_other_but_is_never_passed_over_for_an_older_one() {
    let older = ["2026b-1"];
    assert_eq!(
        listing(&older).select("latest").expect("newer than the damage").manifest.backup_id,
        "2026c-3"
    );
    assert!(listing(&older).select("2026b-1").is_err(), "asked for by name");
    assert!(matches!(listing(&["2026d-4"]).select("latest"), Err(CatalogueError::Missing(_))));
    assert_eq!(listing(&["2026d-4"]).select("2026c").expect("named").manifest.backup_id, "2026c-3");
}

#[test]
fn the_newest_trusted_backup_of_a_vault_is_found_past_untrusted_ones() {
    let mut listing = listing(&[]);
    let stranger = SigningKey::from_seed([2; 32]).expect("a key");
    listing.backups[2].sealed = seal(&listing.backups[2].manifest, &stranger).expect("json");
    let allowed =
        AllowedSigners::default().with("us", SigningKey::from_seed([1; 32]).expect("a key").public());
    let manifest = &listing.backups[0].manifest;
    let (newest, passed_over) = listing.newest_of(&manifest.vault.id, &manifest.environment, &allowed);
    assert_eq!(newest.expect("the one before").manifest.backup_id, "2026b-2");
    assert_eq!(passed_over.len(), 1);
}
