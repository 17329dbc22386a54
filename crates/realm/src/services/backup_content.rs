//! What goes into a backup file, and what is left out of it.

use bytes::Bytes;
use keyferry_wire::code;
use keyferry_wire::kms::{KeyState, KeyVersionState, ProtectionMode};

use crate::blob::{self, BackupFile, KeyPart, VaultPart, VersionPart};
use crate::call::{Call, Moment};
use crate::records::{KeyRecord, VaultRecord, VersionRecord};
use crate::refusal::Refusal;
use crate::semantics::SoftwareKeysInBackup;

/// The keys of a vault to back up, in whatever compartment they lie. Of those that are left out the notes say
/// why.
pub(super) fn keys_of(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    notes: &mut Vec<String>,
) -> Result<Vec<KeyPart>, Refusal> {
    let mut parts = Vec::new();
    for key in moment.world.keys_of(&vault.id).filter(|key| key.state != KeyState::Deleted) {
        let (id, mode, state) = (&key.id, &key.protection_mode, &key.state);
        if *mode != ProtectionMode::Hsm {
            if moment.account.semantics.software_keys_in_backup == SoftwareKeysInBackup::Refuse {
                return Err(Refusal::invalid(format!(
                    "The protection mode of the key {id} is {mode}, not HSM."
                )));
            }
            notes.push(format!("The key {id} was left out: its protection mode is {mode}, not HSM."));
        } else if is_lasting(state) {
            parts.push(key_part(moment, key, notes));
        } else {
            notes.push(format!("The key {id} was left out: its state is {state}."));
        }
    }
    Ok(parts)
}

/// Whether a key in that state can be backed up.
pub(super) fn is_lasting(state: &KeyState) -> bool {
    matches!(state, KeyState::Enabled | KeyState::Disabled)
}

/// A key with all its versions that can be used.
pub(super) fn key_part(moment: &Moment<'_>, key: &KeyRecord, notes: &mut Vec<String>) -> KeyPart {
    let mut versions = Vec::new();
    for version in moment.world.versions_of(&key.id) {
        match &version.state {
            KeyVersionState::Enabled => versions.extend(version_part(version)),
            KeyVersionState::Deleted => {}
            state => {
                let id = &version.id;
                notes.push(format!("The key version {id} was left out: its state is {state}."));
            }
        }
    }
    KeyPart {
        id: key.id.clone(),
        lineage_id: key.lineage_id.clone(),
        compartment_id: key.compartment_id.clone(),
        display_name: key.display_name.clone(),
        freeform_tags: key.freeform_tags.clone(),
        defined_tags: key.defined_tags.clone(),
        shape: key.shape,
        protection_mode: key.protection_mode.clone(),
        lifecycle_state: key.state.clone(),
        current_version_id: key.current_version_id.clone(),
        auto_rotation: key.auto_rotation.clone(),
        time_created: key.time_created,
        versions,
    }
}

/// Only deleted versions have no material.
fn version_part(version: &VersionRecord) -> Option<VersionPart> {
    Some(VersionPart {
        id: version.id.clone(),
        lineage_id: version.lineage_id.clone(),
        lifecycle_state: version.state.clone(),
        origin: version.origin.clone(),
        time_created: version.time_created,
        material_id: version.material_id,
        material: version.material.clone()?,
        is_auto_rotated: version.is_auto_rotated,
    })
}

/// What of the vault and its keys the file is of.
#[derive(Debug)]
pub(super) enum Subject {
    /// The vault's metadata alone.
    Vault,
    VaultWithKeys(Vec<KeyPart>),
    /// One key, which never goes without the metadata of its vault.
    Key(Box<KeyPart>),
}

/// The backup file.
pub(super) fn sealed(call: &Call<'_>, vault: &VaultRecord, subject: Subject) -> Result<Bytes, Refusal> {
    let (contains_keys, is_key_backup, keys) = match subject {
        Subject::Vault => (false, false, Vec::new()),
        Subject::VaultWithKeys(keys) => (true, false, keys),
        Subject::Key(key) => (true, true, vec![*key]),
    };
    let file = BackupFile {
        version: blob::VERSION,
        realm: call.region.realm(),
        tenancy_id: call.account.identity.tenancy_id.clone(),
        origin_region: call.region,
        contains_keys,
        is_key_backup,
        made_at: call.now,
        vault: VaultPart {
            id: vault.id.clone(),
            lineage_id: vault.lineage_id.clone(),
            home_region: vault.home_region,
            compartment_id: vault.compartment_id.clone(),
            display_name: vault.display_name.clone(),
            vault_type: vault.vault_type.clone(),
            freeform_tags: vault.freeform_tags.clone(),
            defined_tags: vault.defined_tags.clone(),
            time_created: vault.time_created,
            wrapping_key_id: vault.wrapping_key_id.clone(),
        },
        keys,
    };
    let bytes = blob::seal(&file, &call.account.root_key, &call.seed.child("backup file"));
    bytes.map(Bytes::from).map_err(|e| Refusal::new(500, code::INTERNAL_SERVER_ERROR, e.to_string()))
}
