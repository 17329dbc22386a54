//! tests/verify_bundle.py, which knows hashlib, ssh-keygen and docs/format.md, comes to the same judgements.

use std::path::Path;
use std::process::Command;

use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_core::{Sha256, canonical, manifest};
use serde_json::{Value, json};

use crate::damaged;
use crate::specimens::Specimens;

/// Flips per file: each costs two processes or three.
const FLIPS: usize = 3;

/// Runs the script over a folder that holds what `files` says; returns its exit code and what it said.
fn judged(files: &[(&str, &[u8])], before: bool) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify_bundle.py");
    let mut command = Command::new("python3");
    command.arg(script).args(["bundle", "allowed_signers"]).current_dir(folder.path());
    let output = command.args(before.then_some("bundle-before")).output().expect("Python starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().expect("not killed"), String::from_utf8(said).expect("text"))
}

fn all(specimens: &Specimens) -> Vec<(&str, &[u8])> {
    specimens.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

#[test]
fn the_script_reads_every_bundle_and_lists_what_is_in_it() {
    for specimens in Specimens::all() {
        let (code, said) = judged(&all(&specimens), true);
        assert_eq!(code, 0, "{}: {said}", specimens.version);
        let expected =
            ["signed by  keyferry", "canaries: aes_gcm", "unprovable: ", "not saved  secret", "previous   2"];
        for expected in expected {
            assert!(said.contains(expected), "{}: no {expected} in\n{said}", specimens.version);
        }
    }
}

#[test]
fn the_script_tells_damaged_bytes_from_what_is_not_to_be_believed() {
    for specimens in Specimens::all() {
        let files = specimens.files.keys();
        for name in files.filter(|name| name.starts_with("bundle/") || *name == "allowed_signers") {
            let expected = if name.contains("manifest") || name == "allowed_signers" { 12 } else { 5 };
            for damaged in damaged(specimens.bytes(name), name).take(FLIPS) {
                let (code, said) = judged(&all(&specimens.with(name, damaged)), false);
                assert_eq!(code, expected, "{}/{name}: {said}", specimens.version);
            }
            let mut without = specimens.clone();
            without.files.remove(name);
            assert_eq!(judged(&all(&without), false).0, expected, "{}/{name} is missed", specimens.version);
        }
    }
}

#[test]
fn the_script_misses_the_bundle_before_if_another_lies_there() {
    for specimens in Specimens::all() {
        let other = specimens.bytes("bundle/manifest.json").to_vec();
        let (code, said) = judged(&all(&specimens.with("bundle-before/manifest.json", other)), true);
        assert_eq!(code, 5, "{}: {said}", specimens.version);
    }
}

/// The oldest specimen's bundle after `change`, signed anew.
fn resigned(change: impl FnOnce(&mut Value), rewrite: impl FnOnce(String) -> String) -> (i32, String) {
    let specimens = Specimens::all().remove(0);
    let mut document: Value = serde_json::from_slice(specimens.bytes("bundle/manifest.json")).expect("JSON");
    change(&mut document);
    let bytes = canonical::to_bytes(&document).expect("JSON");
    let bytes = rewrite(String::from_utf8(bytes).expect("JSON")).into_bytes();
    let key = SigningKey::from_seed([7; 32]).expect("32 bytes");
    let signature = key.sign(manifest::NAMESPACE, &bytes);
    let list = format!("somebody {}\n", key.public().to_line());
    AllowedSigners::parse(&list).expect("a good list");
    let specimens = specimens
        .with("bundle/manifest.json", bytes)
        .with("bundle/manifest.json.sig", signature.into_bytes())
        .with("allowed_signers", list.into_bytes())
        .with("bundle/keys/one.kmsbak", b"one key".to_vec());
    judged(&all(&specimens), false)
}

fn as_version_2(document: &mut Value) {
    document["version"] = 2.into();
    document["generation"] = 3.into();
    document["fingerprint"] = json!(Sha256::of(b"what matters"));
    document["changed"] = Value::Null;
    document["keys"][0]["blob"] =
        json!({"name": "keys/one.kmsbak", "size": 7, "sha256": Sha256::of(b"one key")});
}

#[test]
fn the_script_reads_keys_that_lie_beside_the_vault() {
    let (code, said) = resigned(as_version_2, |text| text);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("signed by  somebody") && said.contains("generation 3"), "{said}");
    assert!(said.contains("keys/one.kmsbak, 7 bytes"), "{said}");
    let other = |document: &mut Value| {
        as_version_2(document);
        document["keys"][0]["blob"]["sha256"] = json!(Sha256::of(b"another"));
    };
    assert_eq!(resigned(other, |text| text).0, 5);
    let alone = |document: &mut Value| {
        as_version_2(document);
        document["blob"] = Value::Null;
    };
    let (code, said) = resigned(alone, |text| text);
    assert!(code == 0 && !said.contains("vault.kmsbak"), "{code}: {said}");
    let outside = |document: &mut Value| {
        as_version_2(document);
        document["keys"][0]["blob"]["name"] = "../allowed_signers".into();
    };
    let (code, said) = resigned(outside, |text| text);
    assert!(code == 5 && said.contains("outside"), "{code}: {said}");
}

#[test]
fn a_good_signature_does_not_make_a_manifest_of_anything() {
    assert_eq!(resigned(|_| {}, |text| text).0, 0, "as it was, by another signer");
    assert_eq!(resigned(|document| document["version"] = 99.into(), |text| text).0, 12);
    assert_eq!(resigned(|document| document["schema"] = "keyferry.plan".into(), |text| text).0, 12);
    assert_eq!(resigned(|_| {}, |text| text.replacen("  ", "   ", 1)).0, 12, "another form of the same");
    assert_eq!(resigned(|_| {}, |_| "null\n".into()).0, 12);
    let lacking = |document: &mut Value| {
        document.as_object_mut().expect("an object").remove("blob");
    };
    assert_eq!(resigned(lacking, |text| text).0, 12);
}
