//! The states of secrets: their own, and their vault's that go before them; deletion by the clock.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use keyferry_wire::kms::{ScheduleDeletionDetails, VaultState};
use keyferry_wire::secrets::SecretState;

use super::secrets::named;
use super::work_requests::later;
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::SecretRecord;
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::{Change, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Secrets may go sooner than keys and vaults.
const SHORTEST_DAYS: i32 = 1;
const LONGEST_DAYS: i32 = 30;

/// A secret's state. As long as its vault is on its way out or back, that goes before the secret's own.
pub(super) fn state_of(world: &World, secret: &SecretRecord) -> SecretState {
    let vault = world.vaults.get(&secret.vault_id).map(|vault| &vault.state);
    match (&secret.state, vault) {
        (SecretState::Deleted, _) => SecretState::Deleted,
        (_, Some(VaultState::SchedulingDeletion)) => SecretState::SchedulingDeletion,
        (_, Some(VaultState::PendingDeletion)) => SecretState::PendingDeletion,
        (_, Some(VaultState::CancellingDeletion)) => SecretState::CancellingDeletion,
        (_, Some(VaultState::Deleting)) => SecretState::Deleting,
        (_, Some(VaultState::Deleted)) => SecretState::Deleted,
        (own, _) => own.clone(),
    }
}

/// Refuses a state other than the wanted one: for now if waiting may help, or else for good.
pub(super) fn check_state(world: &World, secret: &SecretRecord, wanted: &SecretState) -> Result<(), Refusal> {
    let state = state_of(world, secret);
    if state == *wanted {
        return Ok(());
    }
    let message = format!("The secret's state is {state}, which has to be {wanted} for this operation.");
    let may_change =
        matches!(state, SecretState::Creating | SecretState::Updating | SecretState::CancellingDeletion)
            || *wanted == SecretState::PendingDeletion && state == SecretState::SchedulingDeletion;
    Err(if may_change { Refusal::incorrect_state(message) } else { Refusal::conflict(message) })
}

/// Lets a secret's state of transition end after a while.
pub(super) fn settle_later(moment: &Moment<'_>, secret: &SecretRecord) -> Change {
    let due = later(moment.now, moment.account.latency.create);
    Change::Schedule(due, Task::SettleSecret { region: secret.region, id: secret.id.clone() })
}

/// Ends a secret's state of transition.
pub(crate) fn settle(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let Some(secret) = moment.world.secrets.get(id) else { return Vec::new() };
    let (state, time_of_deletion) = match secret.state {
        SecretState::Creating | SecretState::Updating | SecretState::CancellingDeletion => {
            (SecretState::Active, None)
        }
        SecretState::SchedulingDeletion => (SecretState::PendingDeletion, secret.time_of_deletion),
        SecretState::Deleting => (SecretState::Deleted, secret.time_of_deletion),
        _ => return Vec::new(),
    };
    let etag = mint::etag(&moment.seed);
    vec![SecretRecord { state, time_of_deletion, etag, ..secret.clone() }.into()]
}

/// From now on the secret can't be read any more.
pub(super) fn schedule(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = named(call)?;
    call.check_if_match(&secret.etag)?;
    check_state(call.world, secret, &SecretState::Active)?;
    let details: ScheduleDeletionDetails = call.json()?;
    let time = match details.time_of_deletion {
        Some(time) => time.0,
        None => call.now.checked_add(DAY * LONGEST_DAYS).unwrap_or(Timestamp::MAX),
    };
    if !(DAY * SHORTEST_DAYS..=DAY * LONGEST_DAYS).contains(&time.duration_since(call.now)) {
        return Err(Refusal::invalid(format!(
            "timeOfDeletion is {SHORTEST_DAYS} to {LONGEST_DAYS} days from now."
        )));
    }
    // Kept as it is shown: in milliseconds.
    let time = Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time);
    let delete = Task::DeleteSecret { region: secret.region, id: secret.id.clone() };
    let pending = SecretRecord {
        state: SecretState::SchedulingDeletion,
        time_of_deletion: Some(time),
        etag: mint::etag(&call.seed),
        ..secret.clone()
    };
    Ok(changing(call, pending).change(Change::Schedule(time, delete)))
}

pub(super) fn cancel(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = named(call)?;
    call.check_if_match(&secret.etag)?;
    check_state(call.world, secret, &SecretState::PendingDeletion)?;
    // The vault's pending deletion is called off at the vault.
    if secret.state != SecretState::PendingDeletion {
        return Err(Refusal::conflict("It is the secret's vault that is pending deletion."));
    }
    let state = SecretState::CancellingDeletion;
    Ok(changing(call, SecretRecord { state, etag: mint::etag(&call.seed), ..secret.clone() }))
}

/// The answer without a body to a change whose state of transition ends after a while.
fn changing(call: &Call<'_>, secret: SecretRecord) -> Effect {
    let settle = settle_later(call, &secret);
    Effect::empty(StatusCode::OK).etag(&secret.etag).change(secret).change(settle)
}

/// Deletes a secret with its content, unless that was called off or put off meanwhile.
pub(crate) fn carry_out(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let is_due = |secret: &&SecretRecord| {
        secret.state == SecretState::PendingDeletion && secret.time_of_deletion == Some(moment.now)
    };
    let Some(secret) = moment.world.secrets.get(id).filter(is_due) else { return Vec::new() };
    let deleting = SecretRecord {
        state: SecretState::Deleting,
        versions: Vec::new(),
        etag: mint::etag(&moment.seed),
        ..secret.clone()
    };
    let settle = settle_later(moment, &deleting);
    vec![deleting.into(), settle]
}

/// Secrets are lost with their vault, and no backup brings them back.
pub(super) fn lost_with(moment: &Moment<'_>, vault_id: &str) -> Vec<Change> {
    let of_vault = moment.world.secrets.values().filter(|secret| secret.vault_id == vault_id);
    let lost = of_vault.map(|secret| SecretRecord {
        state: SecretState::Deleted,
        versions: Vec::new(),
        time_of_deletion: Some(moment.now),
        etag: mint::etag(&moment.seed.child(&secret.id)),
        ..secret.clone()
    });
    lost.map(Change::from).collect()
}
