//! The end of keys and key versions: scheduled, called off, and carried out by the clock.

use jiff::Timestamp;
use keyferry_wire::kms::{KeyState, KeyVersionState, ScheduleDeletionDetails};

use super::key_versions;
use super::keys::{changed, check_state, named, settle_later};
use super::vault_deletion::time_of_deletion;
use super::vaults::{check_active, here};
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::{KeyRecord, VersionRecord};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// From now on the key can't be used, long before it is deleted.
pub(super) fn schedule(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    call.check_if_match(&key.etag)?;
    check_active(vault)?;
    if key.state != KeyState::Disabled {
        check_state(&key.state, &KeyState::Enabled)?;
    }
    let time = time_of_deletion(call, &call.json::<ScheduleDeletionDetails>()?)?;
    let delete = Task::DeleteKey { region: key.region, id: key.id.clone() };
    let pending = KeyRecord {
        state: KeyState::SchedulingDeletion,
        state_before: Some(key.state.clone()),
        time_of_deletion: Some(time),
        etag: mint::etag(&call.seed),
        ..key.clone()
    };
    Ok(changed(call, vault, pending)?.change(Change::Schedule(time, delete)))
}

pub(super) fn cancel(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    call.check_if_match(&key.etag)?;
    check_active(vault)?;
    match key.state {
        KeyState::PendingDeletion => {}
        KeyState::SchedulingDeletion => {
            return Err(Refusal::incorrect_state("The deletion of the key is being scheduled."));
        }
        _ => return Err(Refusal::conflict("The key is not pending deletion.")),
    }
    let etag = mint::etag(&call.seed);
    changed(call, vault, KeyRecord { state: KeyState::CancellingDeletion, etag, ..key.clone() })
}

/// Deletes a key, unless that was called off or put off meanwhile.
pub(crate) fn carry_out(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let is_due =
        |key: &&KeyRecord| key.state == KeyState::PendingDeletion && key.time_of_deletion == Some(moment.now);
    let Some(key) = moment.world.keys.get(id).filter(is_due) else { return Vec::new() };
    let etag = mint::etag(&moment.seed);
    let deleting = KeyRecord { state: KeyState::Deleting, etag, ..key.clone() };
    vec![settle_later(moment, &deleting), deleting.into()]
}

/// The version as it is once it is deleted: without its material.
pub(super) fn deleted(version: &VersionRecord, time: Timestamp) -> VersionRecord {
    VersionRecord {
        state: KeyVersionState::Deleted,
        time_of_deletion: version.time_of_deletion.or(Some(time)),
        material: None,
        ..version.clone()
    }
}

/// The current version lasts as long as its key.
pub(super) fn schedule_version(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    let version = key_versions::named(call, key)?;
    call.check_if_match(&version.etag)?;
    check_active(vault)?;
    if key.state != KeyState::Disabled {
        check_state(&key.state, &KeyState::Enabled)?;
    }
    match version.state {
        KeyVersionState::Enabled if version.id == key.current_version_id => {
            return Err(Refusal::conflict("The current version of a key can't be deleted."));
        }
        KeyVersionState::Enabled => {}
        KeyVersionState::Creating | KeyVersionState::CancellingDeletion => {
            return Err(Refusal::incorrect_state(format!("The key version's state is {}.", version.state)));
        }
        _ => return Err(Refusal::conflict(format!("The key version's state is {}.", version.state))),
    }
    let time = time_of_deletion(call, &call.json::<ScheduleDeletionDetails>()?)?;
    let delete = Task::DeleteKeyVersion { region: version.region, id: version.id.clone() };
    let pending = VersionRecord {
        state: KeyVersionState::SchedulingDeletion,
        time_of_deletion: Some(time),
        etag: mint::etag(&call.seed),
        ..version.clone()
    };
    Ok(key_versions::changed(call, key, pending)?.change(Change::Schedule(time, delete)))
}

pub(super) fn cancel_version(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    let version = key_versions::named(call, key)?;
    call.check_if_match(&version.etag)?;
    check_active(vault)?;
    match version.state {
        KeyVersionState::PendingDeletion => {}
        KeyVersionState::SchedulingDeletion => {
            return Err(Refusal::incorrect_state("The deletion of the key version is being scheduled."));
        }
        _ => return Err(Refusal::conflict("The key version is not pending deletion.")),
    }
    let etag = mint::etag(&call.seed);
    let state = KeyVersionState::CancellingDeletion;
    key_versions::changed(call, key, VersionRecord { state, etag, ..version.clone() })
}

/// Deletes a key version, unless that was called off or put off meanwhile.
pub(crate) fn carry_out_version(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let is_due = |version: &&VersionRecord| {
        version.state == KeyVersionState::PendingDeletion && version.time_of_deletion == Some(moment.now)
    };
    let Some(version) = moment.world.versions.get(id).filter(is_due) else { return Vec::new() };
    let Some(key) = moment.world.keys.get(&version.key_id) else { return Vec::new() };
    let etag = mint::etag(&moment.seed);
    let deleting = VersionRecord { state: KeyVersionState::Deleting, etag, ..version.clone() };
    vec![deleting.into(), settle_later(moment, key)]
}

#[cfg(test)]
mod tests;
