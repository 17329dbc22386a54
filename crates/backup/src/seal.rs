//! Builds the manifest from facts only.

use keyferry_core::manifest::{
    Blob, Contents, Manifest, ManifestKey, ManifestVault, ManifestVersion, Previous, RecordedCompartment,
    SCHEMA, VERSION,
};
use keyferry_core::model::Key;
use keyferry_core::{Inventory, completeness, eligibility};
use keyferry_ids::CompartmentId;

use crate::facts::Facts;
use crate::{BackupPlan, BackupRequest};

/// The manifest of a finished backup.
pub(crate) fn manifest(
    request: &BackupRequest<'_>,
    planned: &BackupPlan,
    facts: &Facts,
    inventory: &Inventory,
) -> Manifest {
    let previous = request.destination.previous.as_ref().map(|opened| Previous {
        backup_id: opened.manifest.backup_id.clone(),
        manifest_sha256: opened.sealed.sha256(),
    });
    let stock = request.stock;
    let recorded =
        |id: &CompartmentId| RecordedCompartment { id: id.clone(), path: inventory.compartment_path(id) };
    let is_saved = |key: &&Key| request.contents == Contents::WithKeys && eligibility::key(key).is_empty();
    let keys = stock.keys.iter().filter(is_saved).map(|key| ManifestKey {
        id: key.id.clone(),
        name: key.name.clone(),
        compartment: recorded(&key.compartment_id),
        shape: key.shape.clone(),
        protection_mode: key.protection_mode.clone(),
        lifecycle_state: key.lifecycle_state.clone(),
        current_version: key.current_version.clone(),
        tags: key.tags.clone(),
        versions: eligibility::saved_versions(key)
            .map(|version| ManifestVersion {
                id: version.id.clone(),
                lifecycle_state: version.lifecycle_state.clone(),
                origin: version.origin.clone(),
                time_created: version.time_created,
                public_key: version.public_key.clone(),
            })
            .collect(),
    });
    let vault = &stock.vault;
    Manifest {
        schema: SCHEMA.into(),
        version: VERSION,
        backup_id: request.backup_id.to_owned(),
        made_at: facts.made_at,
        made_by: concat!("keyferry ", env!("CARGO_PKG_VERSION")).into(),
        environment: request.environment.clone(),
        region: vault.region,
        contents: request.contents,
        vault: ManifestVault {
            id: vault.id.clone(),
            name: vault.name.clone(),
            vault_type: vault.vault_type.clone(),
            compartment: recorded(&vault.compartment_id),
            time_created: vault.time_created,
            restored_from: vault.restored_from.clone(),
            tags: vault.tags.clone(),
        },
        keys: keys.collect(),
        blob: Blob {
            name: keyferry_catalogue::bundle::BLOB.into(),
            size: facts.bytes.size,
            sha256: facts.bytes.sha256,
        },
        places: std::iter::once(&request.destination.store).chain(request.copies).cloned().collect(),
        work_request_id: facts.work_request_id.clone(),
        completeness: completeness(stock),
        not_saved: planned.not_saved.clone(),
        canaries: planned.carried.iter().chain(&facts.minted).cloned().collect(),
        unprovable: planned.unprovable.iter().chain(&facts.not_minted).cloned().collect(),
        previous,
    }
}
