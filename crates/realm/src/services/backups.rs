//! Backups of vaults, with or without their keys, into a bucket of the vault's own region.

use std::collections::BTreeMap;

use bytes::Bytes;
use keyferry_ids::Region;
use keyferry_wire::code;
use keyferry_wire::kms::{
    BackupLocation, BackupVaultDetails, KeyState, KeyVersionState, ProtectionMode, VaultState, VaultType,
};
use keyferry_wire::work_requests::WorkRequestResource;
use serde::{Deserialize, Serialize};

use super::vaults::{changed, check_active, named};
use super::{buckets, objects};
use crate::blob::{self, BackupFile, KeyPart, VaultPart, VersionPart};
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::{KeyRecord, VaultRecord, VersionRecord, WorkRequestRecord, WorkService};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// An object in a bucket of the region that was called: a location has no region of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Location {
    pub(super) namespace: String,
    pub(super) bucket: String,
    pub(super) object: String,
}

impl Location {
    /// The location that a request gives, if its bucket is there.
    pub(super) fn of(moment: &Moment<'_>, given: Option<BackupLocation>) -> Result<Self, Refusal> {
        let location = match given {
            Some(BackupLocation::Bucket { namespace, bucket_name, object_name }) => {
                Self { namespace, bucket: bucket_name, object: object_name }
            }
            Some(BackupLocation::Par { .. }) => {
                return Err(Refusal::invalid(
                    "The embedded realm takes no pre-authenticated requests for backups, only buckets.",
                ));
            }
            None => return Err(Refusal::missing("backupLocation")),
        };
        buckets::find(moment, &location.namespace, &location.bucket)?;
        objects::check_name(&location.object)?;
        Ok(location)
    }
}

/// A backup under way. The file was made when it was accepted: what happens to the vault later is not in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Backup {
    pub(crate) region: Region,
    work_request_id: String,
    vault_id: String,
    location: Location,
    file: Bytes,
    keys: usize,
}

/// The vault, as a work request names it.
pub(super) fn vault_resource(action: &str, vault: &VaultRecord) -> WorkRequestResource {
    WorkRequestResource {
        action_type: action.to_owned(),
        entity_type: "vault".to_owned(),
        identifier: vault.id.clone(),
        entity_uri: Some(format!("/20180608/vaults/{}", vault.id)),
        metadata: BTreeMap::new(),
    }
}

pub(super) fn backup(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    let details: BackupVaultDetails = call.json()?;
    if vault.vault_type != VaultType::VirtualPrivate {
        return Err(Refusal::invalid("Only virtual private vaults can be backed up."));
    }
    check_active(vault)?;
    let location = Location::of(call, details.backup_location)?;
    let mut work_request = WorkRequestRecord::accepted(
        call,
        WorkService::General,
        "BACKUP_VAULT",
        &vault.compartment_id,
        vec![vault_resource("RELATED", vault)],
        call.account.latency.backup,
    );
    let mut left_out = Vec::new();
    let keys = if details.is_include_keys.unwrap_or(false) {
        Some(keys_of(call, vault, &mut left_out))
    } else {
        left_out.push("The keys were left out: isIncludeKeys is not true.".to_owned());
        None
    };
    for message in &left_out {
        work_request.note(call.now, message);
    }
    let task = Task::FinishBackup(Backup {
        region: call.region,
        work_request_id: work_request.id.clone(),
        vault_id: vault.id.clone(),
        location,
        keys: keys.as_ref().map_or(0, Vec::len),
        file: sealed(call, vault, keys)?,
    });
    let busy =
        VaultRecord { state: VaultState::BackupInProgress, etag: mint::etag(&call.seed), ..vault.clone() };
    Ok(changed(call, busy)?
        .work_request(&work_request.id)
        .change(Change::Schedule(work_request.due, task))
        .change(work_request))
}

/// The keys to back up, in whatever compartment they lie, and sentences about those that are not.
fn keys_of(moment: &Moment<'_>, vault: &VaultRecord, left_out: &mut Vec<String>) -> Vec<KeyPart> {
    let mut parts = Vec::new();
    for key in moment.world.keys_of(&vault.id) {
        if key.protection_mode != ProtectionMode::Hsm {
            let mode = &key.protection_mode;
            left_out
                .push(format!("The key {} was left out: its protection mode is {mode}, not HSM.", key.id));
        } else if !matches!(key.state, KeyState::Enabled | KeyState::Disabled) {
            left_out.push(format!("The key {} was left out: its state is {}.", key.id, key.state));
        } else {
            parts.push(key_part(moment, key, left_out));
        }
    }
    parts
}

fn key_part(moment: &Moment<'_>, key: &KeyRecord, left_out: &mut Vec<String>) -> KeyPart {
    let mut versions = Vec::new();
    for version in moment.world.versions_of(&key.id) {
        if version.state == KeyVersionState::Enabled {
            versions.push(version_part(version));
        } else {
            let (id, state) = (&version.id, &version.state);
            left_out.push(format!("The key version {id} was left out: its state is {state}."));
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
        time_created: key.time_created,
        versions,
    }
}

fn version_part(version: &VersionRecord) -> VersionPart {
    VersionPart {
        id: version.id.clone(),
        lineage_id: version.lineage_id.clone(),
        lifecycle_state: version.state.clone(),
        origin: version.origin.clone(),
        time_created: version.time_created,
        material_id: version.material_id,
        material: version.material.clone(),
    }
}

/// The backup file. Without keys (`None`) it holds the vault's metadata only.
fn sealed(call: &Call<'_>, vault: &VaultRecord, keys: Option<Vec<KeyPart>>) -> Result<Bytes, Refusal> {
    let file = BackupFile {
        version: blob::VERSION,
        realm: call.region.realm(),
        tenancy_id: call.account.identity.tenancy_id.clone(),
        origin_region: call.region,
        contains_keys: keys.is_some(),
        is_key_backup: false,
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
        keys: keys.unwrap_or_default(),
    };
    let bytes = blob::seal(&file, &call.account.root_key, &call.seed.child("backup file"));
    bytes.map(Bytes::from).map_err(|e| Refusal::new(500, code::INTERNAL_SERVER_ERROR, e.to_string()))
}

impl Backup {
    /// Writes the file, if its bucket is still there; either way the vault is free again.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let world = moment.world;
        let (Some(vault), Some(work_request)) =
            (world.vaults.get(&self.vault_id), world.work_requests.get(&self.work_request_id))
        else {
            return Vec::new();
        };
        let etag = mint::etag(&moment.seed);
        let free = VaultRecord { state: VaultState::Active, etag, ..vault.clone() };
        let Location { namespace, bucket, object } = &self.location;
        if let Err(refusal) = buckets::find(moment, namespace, bucket) {
            return vec![free.into(), work_request.failed(moment.now, &refusal).into()];
        }
        let (file, kind) = (self.file.clone(), "application/octet-stream");
        let object = objects::written(moment, bucket, object, file, kind, BTreeMap::new());
        let message = format!("The vault was backed up with {} keys.", self.keys);
        vec![free.into(), object.into(), work_request.succeeded(moment.now, &message).into()]
    }
}

#[cfg(test)]
mod tests;
