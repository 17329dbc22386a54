//! Names of the parts inside a bundle: `keyferry/BACKUP_ID/{vault.kmsbak,manifest.json,manifest.json.sig}`.
//!
//! Names of objects are not confidential, so they say nothing about the vault.

/// All bundles lie below this folder of a store.
pub const FOLDER: &str = "keyferry";
/// The service's file.
pub const BLOB: &str = "vault.kmsbak";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// Its signature. Written before the manifest, so that a listed bundle is a whole one.
pub const SIGNATURE: &str = "manifest.json.sig";

/// The service's file of a backup.
pub fn blob(backup_id: &str) -> String {
    format!("{FOLDER}/{backup_id}/{BLOB}")
}

/// The manifest of a backup.
pub fn manifest(backup_id: &str) -> String {
    format!("{FOLDER}/{backup_id}/{MANIFEST}")
}

/// The signature of a backup's manifest.
pub fn signature(backup_id: &str) -> String {
    format!("{FOLDER}/{backup_id}/{SIGNATURE}")
}

/// The backup that a manifest's name belongs to, `None` for any other object.
pub fn backup_of(name: &str) -> Option<&str> {
    let id = name.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(MANIFEST)?.strip_suffix('/')?;
    let is_id =
        !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_id.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_manifests_name_a_backup() {
        assert_eq!(backup_of(&manifest("20261124T231500Z-1a2b3c4d")), Some("20261124T231500Z-1a2b3c4d"));
        for other in
            [&blob("x")[..], &signature("x"), "keyferry//manifest.json", "keyferry/a/b/manifest.json", "x"]
        {
            assert_eq!(backup_of(other), None, "{other}");
        }
    }
}
