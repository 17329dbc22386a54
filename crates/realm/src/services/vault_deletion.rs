//! The end of vaults: scheduled, called off, and carried out by the clock.

use jiff::{SignedDuration, Timestamp};
use keyferry_wire::kms::{ScheduleDeletionDetails, VaultState};

use super::secret_states;
use super::vaults::{STATE_CONFLICT, changed, check_active, named, settle_later};
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::VaultRecord;
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::{Change, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const SHORTEST_DAYS: i32 = 7;
const LONGEST_DAYS: i32 = 30;

/// From now on nothing in the vault can be used, long before it is deleted.
pub(super) fn schedule(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    check_active(vault)?;
    let time = time_of_deletion(call, &call.json()?)?;
    check_no_key_outlives(call.world, &vault.id, time)?;
    let pending = VaultRecord {
        state: VaultState::SchedulingDeletion,
        time_of_deletion: Some(time),
        etag: mint::etag(&call.seed),
        ..vault.clone()
    };
    let delete = Task::DeleteVault { region: vault.region, id: vault.id.clone() };
    Ok(changed(call, pending)?.change(settle_later(call, vault)).change(Change::Schedule(time, delete)))
}

/// When a vault, key or version that a request gives up is deleted.
pub(super) fn time_of_deletion(
    moment: &Moment<'_>,
    details: &ScheduleDeletionDetails,
) -> Result<Timestamp, Refusal> {
    let time = match details.time_of_deletion {
        Some(time) => time.0,
        None => moment.now.checked_add(DAY * LONGEST_DAYS).unwrap_or(Timestamp::MAX),
    };
    if !(DAY * SHORTEST_DAYS..=DAY * LONGEST_DAYS).contains(&time.duration_since(moment.now)) {
        return Err(Refusal::invalid(format!(
            "timeOfDeletion is {SHORTEST_DAYS} to {LONGEST_DAYS} days from now."
        )));
    }
    // Kept as it is shown: in milliseconds.
    Ok(Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time))
}

fn check_no_key_outlives(world: &World, vault_id: &str, time: Timestamp) -> Result<(), Refusal> {
    if world.keys_of(vault_id).any(|key| key.time_of_deletion.is_some_and(|due| due > time)) {
        return Err(Refusal::conflict("A key of the vault is due for deletion after the vault."));
    }
    Ok(())
}

pub(super) fn cancel(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    match vault.state {
        VaultState::PendingDeletion => {}
        VaultState::SchedulingDeletion => return Err(Refusal::incorrect_state(STATE_CONFLICT)),
        _ => return Err(Refusal::conflict("The vault is not pending deletion.")),
    }
    let vault =
        VaultRecord { state: VaultState::CancellingDeletion, etag: mint::etag(&call.seed), ..vault.clone() };
    let settle = settle_later(call, &vault);
    Ok(changed(call, vault)?.change(settle))
}

/// Deletes a vault with its keys, unless that was called off or put off meanwhile.
pub(crate) fn carry_out(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let is_due = |vault: &&VaultRecord| {
        vault.state == VaultState::PendingDeletion && vault.time_of_deletion == Some(moment.now)
    };
    let Some(vault) = moment.world.vaults.get(id).filter(is_due) else { return Vec::new() };
    let settle = settle_later(moment, vault);
    let deleting =
        VaultRecord { state: VaultState::Deleting, etag: mint::etag(&moment.seed), ..vault.clone() };
    let mut changes = vec![deleting.into(), Change::DeleteKeysOf(vault.id.clone()), settle];
    changes.extend(secret_states::lost_with(moment, &vault.id));
    changes
}

#[cfg(test)]
mod tests;
