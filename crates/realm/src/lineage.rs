//! Which vault, key or version descends from which through restores, and how a restore adds to what is there.

use keyferry_wire::kms::{KeyState, KeyVersionState, VaultState};

use crate::blob::{BackupFile, KeyPart, VersionPart};
use crate::call::Moment;
use crate::mint;
use crate::records::{KeyRecord, VaultRecord, VersionRecord};
use crate::services::auto_rotation;
use crate::services::key_versions::version_id;
use crate::world::Change;

/// The vault of this region that descends from the same first vault, or is that one. There is at most one,
/// since further restores go into it.
pub(crate) fn relative<'m>(moment: &'m Moment<'_>, lineage_id: &str) -> Option<&'m VaultRecord> {
    moment.world.vaults.values().find(|vault| {
        vault.is_primary_in(moment.region)
            && vault.lineage_id == lineage_id
            && vault.state != VaultState::Deleted
    })
}

/// The vault to restore a file into if there is no relative: the same again in the region that the file comes
/// from, a new one with another id elsewhere.
pub(crate) fn descendant(moment: &Moment<'_>, file: &BackupFile) -> VaultRecord {
    let part = &file.vault;
    // A replica that has lost its source keeps the ids to itself.
    let is_free = moment.world.vaults.get(&part.id).is_none_or(|vault| vault.region == moment.region);
    let ext = part.id.split('.').nth(4).filter(|_| file.origin_region == moment.region && is_free);
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
        busy_key: None,
        replica: None,
        lost_source: None,
        etag: mint::etag(&moment.seed),
    }
}

/// Adds a file to a vault: names and tags as in the file, keys and versions that are not there yet. Nothing is
/// taken away.
pub(crate) fn merged(moment: &Moment<'_>, vault: &VaultRecord, file: BackupFile) -> Vec<Change> {
    let BackupFile { vault: part, keys, .. } = file;
    let mut changes = merged_keys(moment, vault, &part.id, keys);
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

/// Adds keys of a file to a vault. In the vault that the file was made of everything keeps its id.
pub(crate) fn merged_keys(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    file_vault_id: &str,
    keys: Vec<KeyPart>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for key in keys {
        let key = merge_key(moment, vault, key, vault.id == file_vault_id, &mut changes);
        changes.push(key.into());
    }
    changes
}

/// What a key that is not there is until its restore is done: without versions, but under the ids that it
/// and its current version will have.
pub(crate) fn key_to_be(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    file_vault_id: &str,
    part: KeyPart,
) -> KeyRecord {
    let key = merge_key(moment, vault, part, vault.id == file_vault_id, &mut Vec::new());
    KeyRecord { state: KeyState::Restoring, auto_rotation: None, ..key }
}

/// Pushes what comes with the key, and returns the key.
fn merge_key(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    part: KeyPart,
    same_ids: bool,
    changes: &mut Vec<Change>,
) -> KeyRecord {
    let seed = moment.seed.child(&part.id);
    let before = moment.world.keys_of(&vault.id).find(|key| key.lineage_id == part.lineage_id);
    let id = match before {
        Some(key) => key.id.clone(),
        None if same_ids => part.id.clone(),
        None => moment.regional_id("key", &[&vault.ext], &seed),
    };
    let versions_before = moment.world.versions_of(&id);
    // A deleted key comes back under its id; of one that is pending deletion that is not called off.
    let alive = before.filter(|key| !matches!(key.state, KeyState::Deleted | KeyState::Restoring));
    let promised = before.filter(|key| key.state == KeyState::Restoring).map(|key| &key.current_version_id);
    let leaving = alive.filter(|key| is_leaving(&key.state));
    let mut current = alive.and_then(|key| moment.world.versions.get(&key.current_version_id)).cloned();
    for version in part.versions {
        let is_current = version.id == part.current_version_id;
        let known = versions_before.iter().find(|v| v.lineage_id == version.lineage_id).copied();
        let mut version = merged_version(moment, vault, &id, version, same_ids, known);
        if let Some(id) = promised.filter(|_| is_current) {
            version.id.clone_from(id);
        }
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
        compartment_id: alive.map_or(part.compartment_id, |key| key.compartment_id.clone()),
        display_name: part.display_name,
        freeform_tags: part.freeform_tags,
        defined_tags: part.defined_tags,
        shape: part.shape,
        protection_mode: part.protection_mode,
        state: leaving.map_or(part.lifecycle_state, |key| key.state.clone()),
        state_before: leaving.and_then(|key| key.state_before.clone()),
        auto_rotation: match alive {
            Some(key) => key.auto_rotation.clone(),
            None => part.auto_rotation.and_then(|auto| auto_rotation::resumed(moment, auto)),
        },
        current_version_id: current.map_or(part.current_version_id, |version| version.id),
        time_created: part.time_created,
        time_of_deletion: leaving.and_then(|key| key.time_of_deletion),
        restored_from: Some(part.id),
        etag: mint::etag(&seed),
        id,
    };
    if alive.is_none() {
        changes.extend(auto_rotation::scheduled(&key));
    }
    key
}

fn is_leaving(state: &KeyState) -> bool {
    matches!(
        state,
        KeyState::SchedulingDeletion
            | KeyState::PendingDeletion
            | KeyState::CancellingDeletion
            | KeyState::Deleting
    )
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
    if let Some(known) = known.filter(|version| version.state != KeyVersionState::Deleted) {
        return VersionRecord { restored_from: Some(part.id), etag, ..known.clone() };
    }
    VersionRecord {
        id: match known {
            Some(deleted) => deleted.id.clone(),
            None if same_ids => part.id.clone(),
            None => version_id(moment, &vault.ext, &seed),
        },
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
        material: Some(part.material),
        is_auto_rotated: part.is_auto_rotated,
        etag,
    }
}
