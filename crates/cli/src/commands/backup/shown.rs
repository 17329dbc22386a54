//! What came of a vault, as reports show it.

use keyferry_backup::{BackupDone, Unchanged};
use keyferry_catalogue::bundle;
use keyferry_core::Code;
use keyferry_report::{BackupShown, CanaryCounts, ObjectShown, Skipped};

pub(super) fn backup_shown(done: &BackupDone) -> BackupShown {
    let manifest = &done.manifest;
    let (first, copies) =
        manifest.places.split_first().expect("a manifest names the store it was written to");
    let file = manifest.first_file().expect("a sealed manifest names a file");
    let store = first.oci().expect("the chain of a vault lies in a bucket of OCI");
    let object = store.object(&bundle::file(&manifest.backup_id, &file.name));
    BackupShown {
        id: manifest.backup_id.clone(),
        vault_id: manifest.vault.id.to_string(),
        vault_name: manifest.vault.name.clone(),
        contents: manifest.contents,
        keys: manifest.keys.len(),
        versions: manifest.versions().count(),
        generation: manifest.generation,
        object: ObjectShown {
            namespace: object.namespace,
            bucket: object.bucket,
            name: object.name,
            region: object.region,
            size: file.size,
            sha256: file.sha256,
        },
        par: done.par.clone(),
        key_files: manifest.keys.iter().filter(|key| key.blob.is_some()).count(),
        copies: copies.to_vec(),
        manifest_sha256: done.manifest_sha256,
        work_request_id: manifest.work_request_id.clone(),
        canaries: CanaryCounts {
            minted: done.minted,
            carried: manifest.canaries.len().saturating_sub(done.minted),
            unprovable: manifest.unprovable.len(),
        },
        not_saved: manifest.not_saved.clone(),
        changed: manifest.changed.clone(),
        left_out: done.findings.iter().filter(|finding| finding.code == Code::CopyLeftOut).cloned().collect(),
    }
}

pub(super) fn unchanged_shown(unchanged: &Unchanged) -> Skipped {
    let manifest = &unchanged.manifest;
    Skipped {
        id: manifest.vault.id.to_string(),
        name: manifest.vault.name.clone(),
        code: None,
        because: format!("unchanged since backup {}", manifest.backup_id),
        backup_id: Some(manifest.backup_id.clone()),
        checked: unchanged.checked.clone(),
        copied: unchanged.copied.clone(),
        not_saved: manifest.not_saved.clone(),
        left_out: unchanged.left_out.clone(),
    }
}
