//! Which vault, key or version descends from which through restores, and how a restore adds to what is there.

use keyferry_wire::kms::VaultState;

use crate::blob::{BackupFile, KeyPart, VersionPart};
use crate::call::Moment;
use crate::mint;
use crate::records::{KeyRecord, VaultRecord, VersionRecord};
use crate::services::key_versions::version_id;
use crate::world::Change;

/// The vault of this region that descends from the same first vault, or is that one. There is at most one,
/// since further restores go into it.
pub(crate) fn relative<'m>(moment: &'m Moment<'_>, lineage_id: &str) -> Option<&'m VaultRecord> {
    moment.world.vaults.values().find(|vault| {
        vault.region == moment.region && vault.lineage_id == lineage_id && vault.state != VaultState::Deleted
    })
}

/// The vault to restore a file into if there is no relative: the same again in the region that the file comes
/// from, a new one with another id elsewhere.
pub(crate) fn descendant(moment: &Moment<'_>, file: &BackupFile) -> VaultRecord {
    let part = &file.vault;
    let ext = part.id.split('.').nth(4).filter(|_| file.origin_region == moment.region);
    let (id, ext, wrapping_key_id) = match ext {
        Some(ext) => (part.id.clone(), ext.to_owned(), part.wrapping_key_id.clone()),
        None => {
            let ext = mint::extension(&moment.seed);
            let id = moment.regional_id("vault", &[&ext], &moment.seed);
            let wrapping = moment.regional_id("key", &[&ext], &moment.seed.child("wrapping key"));
            (id, ext, wrapping)
        }
    };
    VaultRecord {
        id,
        region: moment.region,
        ext,
        lineage_id: part.lineage_id.clone(),
        home_region: part.home_region,
        compartment_id: part.compartment_id.clone(),
        display_name: part.display_name.clone(),
        vault_type: part.vault_type.clone(),
        freeform_tags: part.freeform_tags.clone(),
        defined_tags: part.defined_tags.clone(),
        state: VaultState::Restoring,
        time_created: part.time_created,
        time_of_deletion: None,
        restored_from: Some(part.id.clone()),
        wrapping_key_id,
        etag: mint::etag(&moment.seed),
    }
}

/// Adds a file to a vault: names and tags as in the file, keys and versions that are not there yet. Nothing is
/// taken away.
pub(crate) fn merged(moment: &Moment<'_>, vault: &VaultRecord, file: BackupFile) -> Vec<Change> {
    let BackupFile { vault: part, keys, .. } = file;
    // In the vault that the file was made of everything keeps its id.
    let same_ids = vault.id == part.id;
    let mut changes = Vec::new();
    for key in keys {
        merge_key(moment, vault, key, same_ids, &mut changes);
    }
    let vault = VaultRecord {
        display_name: part.display_name,
        freeform_tags: part.freeform_tags,
        defined_tags: part.defined_tags,
        state: VaultState::Active,
        restored_from: Some(part.id),
        etag: mint::etag(&moment.seed),
        ..vault.clone()
    };
    changes.push(vault.into());
    changes
}

fn merge_key(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    part: KeyPart,
    same_ids: bool,
    changes: &mut Vec<Change>,
) {
    let seed = moment.seed.child(&part.id);
    let before = moment.world.keys_of(&vault.id).find(|key| key.lineage_id == part.lineage_id);
    let id = match before {
        Some(key) => key.id.clone(),
        None if same_ids => part.id.clone(),
        None => moment.regional_id("key", &[&vault.ext], &seed),
    };
    let versions_before = moment.world.versions_of(&id);
    let mut current = before.and_then(|key| moment.world.versions.get(&key.current_version_id)).cloned();
    for version in part.versions {
        let is_current = version.id == part.current_version_id;
        let known = versions_before.iter().find(|v| v.lineage_id == version.lineage_id).copied();
        let version = merged_version(moment, vault, &id, version, same_ids, known);
        // A rotation since the backup stays in force.
        if is_current && current.as_ref().is_none_or(|now| version.time_created >= now.time_created) {
            current = Some(version.clone());
        }
        changes.push(version.into());
    }
    let key = KeyRecord {
        region: vault.region,
        vault_id: vault.id.clone(),
        lineage_id: part.lineage_id,
        compartment_id: before.map_or(part.compartment_id, |key| key.compartment_id.clone()),
        display_name: part.display_name,
        freeform_tags: part.freeform_tags,
        defined_tags: part.defined_tags,
        shape: part.shape,
        protection_mode: part.protection_mode,
        state: part.lifecycle_state,
        current_version_id: current.map_or(part.current_version_id, |version| version.id),
        time_created: part.time_created,
        time_of_deletion: None,
        restored_from: Some(part.id),
        etag: mint::etag(&seed),
        id,
    };
    changes.push(key.into());
}

fn merged_version(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    key_id: &str,
    part: VersionPart,
    same_ids: bool,
    known: Option<&VersionRecord>,
) -> VersionRecord {
    let seed = moment.seed.child(&part.id);
    let etag = mint::etag(&seed);
    if let Some(known) = known {
        return VersionRecord { restored_from: Some(part.id), etag, ..known.clone() };
    }
    VersionRecord {
        id: if same_ids { part.id.clone() } else { version_id(moment, &vault.ext, &seed) },
        region: vault.region,
        vault_id: vault.id.clone(),
        key_id: key_id.to_owned(),
        lineage_id: part.lineage_id,
        state: part.lifecycle_state,
        origin: part.origin,
        time_created: part.time_created,
        time_of_deletion: None,
        restored_from: Some(part.id),
        material_id: part.material_id,
        material: part.material,
        etag,
    }
}
