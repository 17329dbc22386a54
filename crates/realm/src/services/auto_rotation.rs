//! Keys that rotate by themselves when the clock comes to it.

use jiff::{SignedDuration, Timestamp};
use keyferry_wire::Time;
use keyferry_wire::kms::{
    AutoKeyRotationDetails, KeyState, KeyVersionState, RotationStatus, VaultState, VaultType,
};

use super::{key_versions, keys, limits};
use crate::call::Moment;
use crate::mint;
use crate::records::{AutoRotation, KeyRecord, LastRotation, VaultRecord, VersionRecord};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

const SHORTEST_DAYS: u32 = 60;
const LONGEST_DAYS: u32 = 365;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A rotation that finds the key or its vault busy is tried again after this time.
const ANOTHER_TRY: SignedDuration = SignedDuration::from_hours(1);

/// The schedule that a request asks for, given the one there was.
pub(super) fn wanted(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    before: Option<&AutoRotation>,
    is_enabled: Option<bool>,
    details: Option<AutoKeyRotationDetails>,
) -> Result<Option<AutoRotation>, Refusal> {
    match (is_enabled, before) {
        (Some(false), _) => return Ok(None),
        (None, None) if details.is_some() => {
            return Err(Refusal::invalid("autoKeyRotationDetails goes with isAutoRotationEnabled."));
        }
        (None, None) => return Ok(None),
        _ => {}
    }
    if vault.vault_type != VaultType::VirtualPrivate {
        return Err(Refusal::invalid("Keys rotate by themselves in virtual private vaults only."));
    }
    let details = details.unwrap_or_default();
    let interval_days = details.rotation_interval_in_days.or(before.map(|auto| auto.interval_days));
    let interval_days = interval_days.ok_or_else(|| Refusal::missing("rotationIntervalInDays"))?;
    if !(SHORTEST_DAYS..=LONGEST_DAYS).contains(&interval_days) {
        return Err(Refusal::invalid(format!(
            "rotationIntervalInDays is {SHORTEST_DAYS} to {LONGEST_DAYS}."
        )));
    }
    let given = details.time_of_schedule_start.map(|time| time.0);
    let start = day_of(given.or(before.map(|auto| auto.start)).unwrap_or(moment.now));
    if let Some(before) = before.filter(|auto| (auto.interval_days, auto.start) == (interval_days, start)) {
        return Ok(Some(before.clone()));
    }
    let next = next_after(moment.now, start, interval_days)
        .ok_or_else(|| Refusal::invalid("timeOfScheduleStart is too far away."))?;
    Ok(Some(AutoRotation { interval_days, start, next, last: before.and_then(|auto| auto.last.clone()) }))
}

/// The time of day counts for nothing.
fn day_of(time: Timestamp) -> Timestamp {
    let seconds = DAY.as_secs();
    Timestamp::from_second(time.as_second().div_euclid(seconds) * seconds).unwrap_or(time)
}

/// The first rotation is one interval after the start; those that would have been in the past are left out.
fn next_after(now: Timestamp, start: Timestamp, interval_days: u32) -> Option<Timestamp> {
    let interval = DAY.checked_mul(i32::try_from(interval_days).ok()?)?;
    let past = now.duration_since(start).as_secs().max(0) / interval.as_secs();
    start.checked_add(interval.checked_mul(i32::try_from(past + 1).ok()?)?).ok()
}

/// A restored key's schedule. Nobody says whether a restore brings it back, so that is a switch.
pub(crate) fn resumed(moment: &Moment<'_>, auto: AutoRotation) -> Option<AutoRotation> {
    if !moment.account.semantics.auto_rotation_after_restore {
        return None;
    }
    let next = if auto.next > moment.now {
        auto.next
    } else {
        next_after(moment.now, auto.start, auto.interval_days)?
    };
    Some(AutoRotation { next, ..auto })
}

/// Lets the key rotate when that is due.
pub(crate) fn scheduled(key: &KeyRecord) -> Option<Change> {
    let auto = key.auto_rotation.as_ref()?;
    Some(Change::Schedule(auto.next, Task::RotateKey { region: key.region, id: key.id.clone() }))
}

/// What clients see of a schedule.
pub(super) fn view(auto: &AutoRotation) -> AutoKeyRotationDetails {
    AutoKeyRotationDetails {
        rotation_interval_in_days: Some(auto.interval_days),
        time_of_schedule_start: Some(Time(auto.start)),
        time_of_next_rotation: Some(Time(auto.next)),
        time_of_last_rotation: auto.last.as_ref().map(|last| Time(last.time)),
        last_rotation_status: auto.last.as_ref().map(|last| last.status.clone()),
        last_rotation_message: auto.last.as_ref().and_then(|last| last.message.clone()),
    }
}

/// What a due rotation finds.
enum Finding {
    Ready,
    /// Something else is under way.
    Busy,
    /// Rotation is suspended as long as a deletion is pending.
    Suspended,
    /// It cannot be done.
    Obstacle(String),
    /// There is nothing left to rotate.
    Gone,
}

fn finding(moment: &Moment<'_>, vault: &VaultRecord, key: &KeyRecord) -> Finding {
    let is_new = |version: &&VersionRecord| version.state == KeyVersionState::Creating;
    match keys::state_in(vault, key) {
        KeyState::Enabled if vault.state != VaultState::Active => Finding::Busy,
        KeyState::Enabled if moment.world.versions_of(&key.id).iter().any(is_new) => Finding::Busy,
        KeyState::Enabled => Finding::Ready,
        KeyState::Disabled => Finding::Obstacle("The key was disabled.".to_owned()),
        KeyState::SchedulingDeletion | KeyState::PendingDeletion => Finding::Suspended,
        KeyState::Deleting | KeyState::Deleted => Finding::Gone,
        _ => Finding::Busy,
    }
}

/// Rotates a key whose time has come. A task that an update of the schedule has overtaken does nothing.
pub(crate) fn rotate(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let world = moment.world;
    let Some(key) = world.keys.get(id) else { return Vec::new() };
    let Some(vault) = world.vaults.get(&key.vault_id) else { return Vec::new() };
    let Some(auto) = key.auto_rotation.as_ref().filter(|auto| auto.next <= moment.now) else {
        return Vec::new();
    };
    let last = |status, message| Some(LastRotation { time: moment.now, status, message });
    let (last, version) = match finding(moment, vault, key) {
        Finding::Gone => return Vec::new(),
        Finding::Busy => {
            let due = moment.now.checked_add(ANOTHER_TRY).unwrap_or(Timestamp::MAX);
            return vec![Change::Schedule(due, Task::RotateKey { region: key.region, id: key.id.clone() })];
        }
        Finding::Suspended => (auto.last.clone(), None),
        Finding::Obstacle(message) => (last(RotationStatus::Failed, Some(message)), None),
        Finding::Ready => match limits::check_versions(moment, vault, [(key.shape, &key.protection_mode)])
            .and_then(|()| key_versions::fresh(moment, vault, &key.id, key.shape))
        {
            Ok(version) => (last(RotationStatus::InProgress, None), Some(version)),
            Err(refusal) => (last(RotationStatus::Failed, Some(refusal.message)), None),
        },
    };
    let next = next_after(moment.now, auto.start, auto.interval_days).unwrap_or(Timestamp::MAX);
    let auto_rotation = Some(AutoRotation { next, last, ..auto.clone() });
    let key = KeyRecord { auto_rotation, etag: mint::etag(&moment.seed), ..key.clone() };
    let mut changes: Vec<Change> = scheduled(&key).into_iter().collect();
    if let Some(version) = version {
        changes.push(keys::settle_later(moment, &key));
        changes.push(VersionRecord { is_auto_rotated: true, ..version }.into());
    }
    changes.push(key.into());
    changes
}

/// The automatic rotation under way has come to its end.
pub(super) fn succeeded(auto: Option<AutoRotation>) -> Option<AutoRotation> {
    let last = |last: LastRotation| LastRotation { status: RotationStatus::Success, ..last };
    auto.map(|auto| AutoRotation { last: auto.last.map(last), ..auto })
}

#[cfg(test)]
mod tests;
