//! Names of the parts of a bundle: `keyferry/BACKUP_ID/{vault.kmsbak,keys/001.kmsbak,manifest.json,manifest.json.sig}`,
//! and of the claims of a vault's chain.
//!
//! Names of objects are not confidential, so they say nothing about the vault unless the user wants them to.

use keyferry_core::Sha256;
use keyferry_ids::VaultId;

/// All bundles lie below this folder of a store.
pub const FOLDER: &str = "keyferry";
/// The service's file of a vault, unless the user names it otherwise.
pub const BLOB: &str = "vault.kmsbak";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// Its signature. Written before the manifest, so that a listed bundle is a whole one.
pub const SIGNATURE: &str = "manifest.json.sig";
/// Claims of all vaults.
const CHAIN: &str = "keyferry/chain";

/// A file of a backup.
pub fn file(backup_id: &str, name: &str) -> String {
    format!("{FOLDER}/{backup_id}/{name}")
}

/// The service's file of the key with that number, from 1.
pub fn key_file(number: usize) -> String {
    format!("keys/{number:03}.kmsbak")
}

/// The manifest of a backup.
pub fn manifest(backup_id: &str) -> String {
    file(backup_id, MANIFEST)
}

/// The signature of a backup's manifest.
pub fn signature(backup_id: &str) -> String {
    file(backup_id, SIGNATURE)
}

/// The folder of a vault's claims. Its OCID is hashed, since names are not confidential.
pub fn chain(vault: &VaultId) -> String {
    let hash = Sha256::of(vault.as_str().as_bytes()).to_string();
    format!("{CHAIN}/{}", &hash[..32])
}

/// The folder of claims that a claim's name lies in.
pub fn chain_of(name: &str) -> Option<&str> {
    let (chain, _) = name.rsplit_once('/')?;
    chain.strip_prefix(CHAIN)?.starts_with('/').then_some(chain)
}

/// The claim of one generation.
pub fn claim(vault: &VaultId, generation: u64) -> String {
    format!("{}/{generation:012}", chain(vault))
}

/// The generation that a claim's name stands for.
pub fn generation_of(name: &str) -> Option<u64> {
    let digits = name.rsplit('/').next()?;
    (digits.len() == 12).then(|| digits.parse().ok()).flatten()
}

/// The backup that a manifest's name belongs to, `None` for any other object.
pub fn backup_of(name: &str) -> Option<&str> {
    let id = name.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(MANIFEST)?.strip_suffix('/')?;
    is_id(id).then_some(id)
}

/// The backup that any part of a bundle belongs to.
pub fn owner_of(name: &str) -> Option<&str> {
    let (id, _) = name.strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('/')?;
    (is_id(id) && id != "chain").then_some(id)
}

/// True for a file of a folder's killed writer, which no manifest names.
pub fn is_unfinished(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|part| part.starts_with('.'))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// True for a file's name that can't lead out of its bundle or hide another part of it.
pub fn is_file_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    name.len() <= 200 && name.split('/').all(is_part) && !matches!(name, MANIFEST | SIGNATURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_manifests_name_a_backup() {
        assert_eq!(backup_of(&manifest("20261124T231500Z-1a2b3c4d")), Some("20261124T231500Z-1a2b3c4d"));
        for other in [
            &file("x", BLOB)[..],
            &signature("x"),
            "keyferry//manifest.json",
            "keyferry/a/b/manifest.json",
            "x",
        ] {
            assert_eq!(backup_of(other), None, "{other}");
        }
    }

    #[test]
    fn every_part_of_a_bundle_has_an_owner_and_a_claim_has_none() {
        let vault = VaultId::parse("ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v1").expect("a vault");
        for part in [file("x-1", &key_file(7)), manifest("x-1"), file("x-1", BLOB)] {
            assert_eq!(owner_of(&part), Some("x-1"), "{part}");
        }
        assert_eq!(owner_of(&claim(&vault, 3)), None);
        assert_eq!(generation_of(&claim(&vault, 3)), Some(3));
        assert_eq!(generation_of("keyferry/chain/x/12"), None);
        assert_eq!(chain_of(&claim(&vault, 3)), Some(chain(&vault).as_str()));
        assert_eq!(chain_of("keyferry/chains/x/000000000003"), None);
    }

    #[test]
    fn a_files_name_stays_within_its_bundle() {
        for good in [BLOB, "keys/001.kmsbak", "payments-2026.bak"] {
            assert!(is_file_name(good), "{good}");
        }
        for bad in ["", "../x", "a//b", ".hidden", "/x", "x/", MANIFEST, SIGNATURE, "a b", "keys/../../x"] {
            assert!(!is_file_name(bad), "{bad}");
        }
    }
}
