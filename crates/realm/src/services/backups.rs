//! Backups of vaults, with or without their keys, and of single keys.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use keyferry_ids::Region;
use keyferry_wire::kms::{
    BackupVaultDetails, KeyBackupDetails, KeyState, ProtectionMode, VaultState, VaultType,
};
use keyferry_wire::work_requests::WorkRequestResource;
use serde::{Deserialize, Serialize};

use super::backup_content::{Subject, is_lasting, key_part, keys_of, sealed};
use super::keys;
use super::locations::Location;
use super::pars::Wish;
use super::vaults::{changed, check_active, here, named};
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::{KeyRecord, VaultRecord, WorkRequestRecord, WorkService};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// A backup under way. The file was made when it was accepted: what happens to the vault later is not in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Backup {
    pub(crate) region: Region,
    work_request_id: String,
    vault_id: String,
    location: Location,
    file: Bytes,
    /// What to say when it is written.
    done: String,
}

/// The vault, as a work request names it.
pub(super) fn vault_resource(action: &str, vault: &VaultRecord) -> WorkRequestResource {
    resource(action, "vault", &vault.id)
}

/// The key, as a work request names it.
pub(super) fn key_resource(action: &str, key: &KeyRecord) -> WorkRequestResource {
    resource(action, "key", &key.id)
}

fn resource(action: &str, entity_type: &str, id: &str) -> WorkRequestResource {
    WorkRequestResource {
        action_type: action.to_owned(),
        entity_type: entity_type.to_owned(),
        identifier: id.to_owned(),
        entity_uri: Some(format!("/20180608/{entity_type}s/{id}")),
        metadata: BTreeMap::new(),
    }
}

pub(super) fn backup(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    let details: BackupVaultDetails = call.json()?;
    check_private(vault)?;
    check_active(vault)?;
    let location = Location::of(call, details.backup_location, Wish::Write)?;
    let mut notes = Vec::new();
    let with_keys = details.is_include_keys.unwrap_or(call.account.semantics.include_keys_by_default);
    let keys = if with_keys { Some(keys_of(call, vault, &mut notes)?) } else { None };
    let done = format!("The vault was backed up with {} keys.", keys.as_ref().map_or(0, Vec::len));
    if !with_keys {
        notes.push("The keys were left out: isIncludeKeys is not true.".to_owned());
    }
    let resource = vault_resource("RELATED", vault);
    let takes = call.account.latency.backup;
    let mut work_request = accepted(call, "BACKUP_VAULT", &vault.compartment_id, resource, takes);
    for note in &notes {
        work_request.note(call.now, note);
    }
    let file = sealed(call, vault, keys.map_or(Subject::Vault, Subject::VaultWithKeys))?;
    let effect = changed(call, busy(call, vault, None))?;
    let vault_id = vault.id.clone();
    let region = call.region;
    let backup = Backup { region, work_request_id: work_request.id.clone(), vault_id, location, file, done };
    Ok(effect.work(work_request, Task::FinishBackup(backup)))
}

/// The vault is busy too: one thing at a time.
pub(super) fn backup_key(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = keys::named(call, vault)?;
    call.check_if_match(&key.etag)?;
    let details: KeyBackupDetails = call.json()?;
    check_private(vault)?;
    if key.protection_mode != ProtectionMode::Hsm {
        return Err(Refusal::invalid("Only keys of protection mode HSM can be backed up."));
    }
    check_active(vault)?;
    check_lasting(key)?;
    let location = Location::of(call, details.backup_location, Wish::Write)?;
    let mut notes = Vec::new();
    let part = key_part(call, key, &mut notes);
    let done = format!("The key was backed up with {} versions.", part.versions.len());
    let (resource, takes) = (key_resource("RELATED", key), call.account.latency.backup);
    let mut work_request = accepted(call, "BACKUP_KEY", &key.compartment_id, resource, takes);
    for note in &notes {
        work_request.note(call.now, note);
    }
    let file = sealed(call, vault, Subject::Key(Box::new(part)))?;
    let (vault_busy, key) = (busy(call, vault, Some(&key.id)), touched(call, key));
    let effect = Effect::json(&keys::view(call, &vault_busy, &key))?.etag(&key.etag);
    let effect = effect.change(vault_busy).change(key);
    let vault_id = vault.id.clone();
    let region = call.region;
    let backup = Backup { region, work_request_id: work_request.id.clone(), vault_id, location, file, done };
    Ok(effect.work(work_request, Task::FinishBackup(backup)))
}

fn check_private(vault: &VaultRecord) -> Result<(), Refusal> {
    if vault.vault_type == VaultType::VirtualPrivate {
        return Ok(());
    }
    Err(Refusal::invalid("Only virtual private vaults and their keys can be backed up."))
}

/// Refuses a key on its way from one state to another (for now) or out (for good).
pub(super) fn check_lasting(key: &KeyRecord) -> Result<(), Refusal> {
    if is_lasting(&key.state) { Ok(()) } else { keys::check_state(&key.state, &KeyState::Enabled) }
}

/// The key with another etag, since its state is shown as another.
pub(super) fn touched(moment: &Moment<'_>, key: &KeyRecord) -> KeyRecord {
    KeyRecord { etag: mint::etag(&moment.seed.child(&key.id)), ..key.clone() }
}

/// The vault, busy with its own backup or that of one of its keys.
fn busy(moment: &Moment<'_>, vault: &VaultRecord, key_id: Option<&String>) -> VaultRecord {
    VaultRecord {
        state: VaultState::BackupInProgress,
        busy_key: key_id.cloned(),
        etag: mint::etag(&moment.seed),
        ..vault.clone()
    }
}

/// The vault, free again.
pub(super) fn free(moment: &Moment<'_>, vault: &VaultRecord) -> VaultRecord {
    let etag = mint::etag(&moment.seed);
    VaultRecord { state: VaultState::Active, busy_key: None, etag, ..vault.clone() }
}

/// A work request about one vault or key.
pub(super) fn accepted(
    call: &Call<'_>,
    operation_type: &str,
    compartment_id: &str,
    resource: WorkRequestResource,
    takes: Duration,
) -> WorkRequestRecord {
    let (service, resources) = (WorkService::General, vec![resource]);
    WorkRequestRecord::accepted(call, service, operation_type, compartment_id, resources, takes)
}

impl Backup {
    /// What takes away the pre-authenticated request that it goes through, if it goes through one.
    pub(crate) fn revocation(&self) -> Option<Change> {
        self.location.revocation()
    }

    /// Writes the file, if there is still a place for it; either way the vault is free again.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let world = moment.world;
        let (Some(vault), Some(work_request)) =
            (world.vaults.get(&self.vault_id), world.work_requests.get(&self.work_request_id))
        else {
            return Vec::new();
        };
        match self.location.written(moment, self.file.clone()) {
            Ok(written) => {
                let mut changes = free_again(moment, vault);
                changes.push(written);
                changes.push(work_request.succeeded(moment.now, &self.done).into());
                changes
            }
            Err(refusal) => self.fail(moment, &refusal),
        }
    }

    /// Writes nothing, and says so in the work request.
    pub(crate) fn fail(&self, moment: &Moment<'_>, refusal: &Refusal) -> Vec<Change> {
        let vault = moment.world.vaults.get(&self.vault_id);
        let mut changes = vault.map(|vault| free_again(moment, vault)).unwrap_or_default();
        let work_request = moment.world.work_requests.get(&self.work_request_id);
        changes.extend(work_request.map(|request| request.failed(moment.now, refusal).into()));
        changes
    }
}

/// The vault, and the key if the backup was one of a key, as they are when it is over.
fn free_again(moment: &Moment<'_>, vault: &VaultRecord) -> Vec<Change> {
    let key = vault.busy_key.as_ref().and_then(|id| moment.world.keys.get(id));
    let key = key.map(|key| touched(moment, key).into());
    [free(moment, vault).into()].into_iter().chain(key).collect()
}

#[cfg(test)]
mod tests;
