//! Keys in files of their own: restoring the vault brings none of them back, and the service restores each by itself.

use keyferry_catalogue::bundle;
use keyferry_core::manifest::{Contents, Manifest, ManifestKey};
use keyferry_core::model::OciStore;
use keyferry_core::{Code, Finding, Severity};

/// Why a version of such a key does not come with the vault; `None` if it does.
pub(super) fn because(key: &ManifestKey) -> Option<String> {
    let file = key.blob.as_ref()?;
    Some(format!("its key does not come with the vault but lies in a file of its own, {}", file.name))
}

/// What a backup without keys in the vault's file brings back, and how to get at those beside it.
pub(super) fn finding(manifest: &Manifest, store: &OciStore) -> Option<Finding> {
    if manifest.contents == Contents::WithKeys {
        return None;
    }
    let severity = if manifest.blob.is_some() { Severity::Warning } else { Severity::Error };
    let file = manifest.keys.iter().find_map(|key| key.blob.as_ref());
    let because = match (file, &manifest.blob) {
        (None, _) => "the backup holds the vault's metadata only; no key comes back",
        (Some(_), Some(_)) => "the vault comes back without its keys; each lies in a file of its own",
        (Some(_), None) => {
            "the backup holds no vault; each of its keys lies in a file of its own and comes back by itself, into a \
             vault of the same lineage"
        }
    };
    let mut finding = Finding::new(Code::MetadataOnly, severity, &manifest.backup_id, because);
    if let Some(file) = file {
        let vault = if manifest.blob.is_some() { "this plan" } else { "another backup of it" };
        finding.remedy = format!(
            "bring the vault back by {vault}, then each key into it: oci kms management key restore --namespace {} \
             --bucket-name {} --object-name {} --endpoint MANAGEMENT-ENDPOINT (`keyferry map latest --format oci-cli` \
             gives the endpoint, `keyferry show {}` all files); prove them by `keyferry prove {}`",
            store.namespace,
            store.bucket,
            store.object(&bundle::file(&manifest.backup_id, &file.name)).name,
            manifest.backup_id,
            manifest.backup_id,
        );
    }
    Some(finding)
}
