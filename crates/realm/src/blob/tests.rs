//! Backup files open where they should and nowhere else.

use std::collections::BTreeMap;

use keyferry_wire::kms::RotationStatus;

use super::*;
use crate::material::Curve;
use crate::records::LastRotation;

fn root_key() -> Seed {
    Seed::from_bytes([7; 32])
}

fn made_at() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().expect("a good time")
}

fn tags() -> FreeformTags {
    BTreeMap::from([("owner".to_owned(), "payments".to_owned()), ("Zürich".to_owned(), "ja".to_owned())])
}

fn key(name: &str, shape: Shape) -> KeyPart {
    let seed = Seed::from_number(1).child(name);
    let version = VersionPart {
        id: format!("ocid1.keyversion.oc1.iad.ext.{name}"),
        lineage_id: format!("ocid1.keyversion.oc1.phx.ext.{name}"),
        lifecycle_state: KeyVersionState::Enabled,
        origin: Origin::Internal,
        time_created: made_at(),
        material_id: MaterialId::mint(&seed),
        material: Arc::new(Material::generate(shape, &seed).expect("material can be made")),
        is_auto_rotated: true,
    };
    KeyPart {
        id: format!("ocid1.key.oc1.iad.ext.{name}"),
        lineage_id: format!("ocid1.key.oc1.phx.ext.{name}"),
        compartment_id: "ocid1.compartment.oc1..aaaa".to_owned(),
        display_name: name.to_owned(),
        freeform_tags: tags(),
        defined_tags: BTreeMap::from([("ops".to_owned(), BTreeMap::from([("tier".to_owned(), 1.into())]))]),
        shape,
        protection_mode: ProtectionMode::Hsm,
        lifecycle_state: KeyState::Disabled,
        current_version_id: version.id.clone(),
        time_created: made_at(),
        auto_rotation: Some(AutoRotation {
            interval_days: 90,
            start: made_at(),
            next: made_at(),
            last: Some(LastRotation {
                time: made_at(),
                status: RotationStatus::Failed,
                message: Some("disabled".to_owned()),
            }),
        }),
        versions: vec![version],
    }
}

fn file() -> BackupFile {
    let region = |name| Region::parse(name).expect("a region of the table");
    BackupFile {
        version: VERSION,
        realm: RealmName::new("oc1"),
        tenancy_id: "ocid1.tenancy.oc1..aaaa".to_owned(),
        origin_region: region("us-ashburn-1"),
        contains_keys: true,
        is_key_backup: false,
        made_at: made_at(),
        vault: VaultPart {
            id: "ocid1.vault.oc1.iad.ext.aaaa".to_owned(),
            lineage_id: "ocid1.vault.oc1.phx.ext.aaaa".to_owned(),
            home_region: region("us-phoenix-1"),
            compartment_id: "ocid1.compartment.oc1..aaaa".to_owned(),
            display_name: "payments".to_owned(),
            vault_type: VaultType::VirtualPrivate,
            freeform_tags: tags(),
            defined_tags: DefinedTags::new(),
            time_created: made_at(),
            wrapping_key_id: "ocid1.key.oc1.iad.ext.wrapping".to_owned(),
        },
        keys: vec![
            key("aes", Shape::Aes { length: 32 }),
            key("rsa", Shape::Rsa { length: 256 }),
            key("ecdsa", Shape::Ecdsa(Curve::P384)),
        ],
    }
}

/// A backup file too small for a real payload, for tests that try every byte.
fn tiny() -> Vec<u8> {
    seal_payload(&[0; 40], &root_key(), &Seed::from_number(1)).expect("a payload can be sealed")
}

#[test]
fn a_backup_file_opens_with_everything_that_was_put_in() {
    let bytes = seal(&file(), &root_key(), &Seed::from_number(1)).expect("a file can be sealed");
    let opened = open(&bytes, &root_key()).expect("the same root key opens it");
    let json = |file: &BackupFile| serde_json::to_value(file).expect("a backup file is JSON inside");
    assert_eq!(json(&opened), json(&file()));
    assert_eq!(
        opened.keys[1].versions[0].material.to_bytes(),
        file().keys[1].versions[0].material.to_bytes()
    );
}

#[test]
fn a_file_from_before_keys_rotated_by_themselves_still_opens() {
    let mut earlier = serde_json::to_value(file()).expect("a backup file is JSON inside");
    for key in earlier["keys"].as_array_mut().expect("keys") {
        assert!(key.as_object_mut().expect("fields").remove("auto_rotation").is_some());
        let version = key["versions"][0].as_object_mut().expect("fields");
        assert!(version.remove("is_auto_rotated").is_some());
    }
    let payload = serde_json::to_vec(&earlier).expect("JSON");
    let bytes = seal_payload(&payload, &root_key(), &Seed::from_number(1)).expect("a payload can be sealed");
    let opened = open(&bytes, &root_key()).expect("it opens");
    assert_eq!((opened.keys.len(), opened.keys[0].auto_rotation.as_ref()), (3, None));
    assert!(!opened.keys[0].versions[0].is_auto_rotated);
}

#[test]
fn a_backup_file_is_ascii_in_short_lines_and_shows_no_secret() {
    let bytes = seal(&file(), &root_key(), &Seed::from_number(1)).expect("a file can be sealed");
    assert!(bytes.iter().all(|&byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
    let text = String::from_utf8(bytes).expect("it is ASCII");
    assert!(text.starts_with("-----BEGIN KEYFERRY EMBEDDED REALM BACKUP v1-----\n"));
    assert!(text.ends_with("\n-----END KEYFERRY EMBEDDED REALM BACKUP-----\n"));
    assert!(text.lines().all(|line| line.len() <= LINE));
    assert!(!text.contains("payments"));
}

#[test]
fn equal_contents_and_seeds_give_equal_files() {
    let sealed =
        |number| seal(&file(), &root_key(), &Seed::from_number(number)).expect("a file can be sealed");
    assert_eq!(sealed(1), sealed(1));
    assert_ne!(sealed(1), sealed(2));
}

#[test]
fn a_realm_with_another_root_key_cannot_open_it() {
    let error = open_payload(&tiny(), &Seed::from_bytes([8; 32])).expect_err("another realm");
    assert!(matches!(error, BlobError::OtherRealmOrDamaged), "{error}");
}

#[test]
fn every_changed_bit_is_refused() {
    let whole = tiny();
    assert!(open_payload(&whole, &root_key()).is_ok());
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << bit;
            assert!(open_payload(&bytes, &root_key()).is_err(), "bit {bit} of byte {position}");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let whole = tiny();
    for length in 0..whole.len() {
        assert!(open_payload(&whole[..length], &root_key()).is_err(), "first {length} bytes");
        assert!(open_payload(&whole[whole.len() - length..], &root_key()).is_err(), "last {length} bytes");
    }
}

#[test]
fn one_more_byte_anywhere_is_refused() {
    let whole = tiny();
    for position in 0..=whole.len() {
        for byte in *b"\n\rA= " {
            let mut bytes = whole.clone();
            bytes.insert(position, byte);
            assert!(open_payload(&bytes, &root_key()).is_err(), "{byte} at {position}");
        }
    }
}

#[test]
fn refusals_tell_foreign_files_other_versions_and_damage_apart() {
    let refusal = |bytes: &[u8]| open_payload(bytes, &root_key()).expect_err("refused");
    let whole = tiny();
    assert!(matches!(refusal(b""), BlobError::NotABackup));
    assert!(matches!(refusal(b"{\"vault\":1}"), BlobError::NotABackup));
    let later = String::from_utf8(whole.clone()).expect("it is ASCII").replacen(" v1-", " v2-", 1);
    assert!(matches!(refusal(later.as_bytes()), BlobError::OtherVersion));
    assert!(matches!(refusal(&whole[..whole.len() - 1]), BlobError::Damaged));
    assert!(matches!(refusal(&vec![b'-'; LARGEST + 1]), BlobError::TooLarge(_)));
}

#[test]
fn an_authentic_file_of_another_content_version_is_refused() {
    let later = BackupFile { version: VERSION + 1, ..file() };
    let bytes = seal(&later, &root_key(), &Seed::from_number(1)).expect("a file can be sealed");
    assert!(matches!(open(&bytes, &root_key()).expect_err("refused"), BlobError::OtherVersion));
    assert!(matches!(open(&tiny(), &root_key()).expect_err("refused"), BlobError::Content(_)));
}
