//! Keys, at the management endpoint of their vault.

use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::kms::{
    CreateKeyDetails, Key, KeyShape, KeyState, KeySummary, KeyVersionState, Origin, ProtectionMode,
    VaultState,
};

use super::vaults::{check_active, check_display_name, here};
use super::work_requests::later;
use super::{auto_rotation, key_deletion, key_versions, limits, replication_status, tags, wrapping_keys};
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::material::{Material, Shape};
use crate::mint;
use crate::records::{KeyRecord, VaultRecord, VersionRecord};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

impl Listed for KeyRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.display_name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

/// The key that the path names. Keys of other vaults are not found here.
pub(super) fn named<'c>(call: &'c Call<'_>, vault: &VaultRecord) -> Result<&'c KeyRecord, Refusal> {
    let found = call.world.keys.get(call.name(0));
    found.filter(|key| key.vault_id == vault.id).ok_or_else(Refusal::absent)
}

/// What the end of a vault makes of all keys in it.
pub(super) fn state_through(vault: &VaultRecord) -> Option<KeyState> {
    match vault.state {
        VaultState::SchedulingDeletion => Some(KeyState::SchedulingDeletion),
        VaultState::PendingDeletion => Some(KeyState::PendingDeletion),
        VaultState::CancellingDeletion => Some(KeyState::CancellingDeletion),
        VaultState::Deleting => Some(KeyState::Deleting),
        _ => None,
    }
}

/// A key's state. As long as its vault is on its way out or back, that goes before the key's own, unless the
/// key is on its way out by itself.
pub(super) fn state_in(vault: &VaultRecord, key: &KeyRecord) -> KeyState {
    match key.state {
        KeyState::PendingDeletion | KeyState::Deleting | KeyState::Deleted => key.state.clone(),
        _ => state_through(vault).unwrap_or_else(|| key.state.clone()),
    }
}

/// The state that counts for using a key: a change of its name or compartment is no obstacle.
pub(super) fn state_for_use(vault: &VaultRecord, key: &KeyRecord) -> KeyState {
    match state_in(vault, key) {
        KeyState::Updating => key.state_before.clone().unwrap_or(KeyState::Enabled),
        state => state,
    }
}

/// A key's state as it is shown. A backup or restore of one key is no obstacle to its use, and of replicas there
/// are none.
fn shown_state(moment: &Moment<'_>, vault: &VaultRecord, key: &KeyRecord) -> KeyState {
    let is_busy = vault.busy_key.as_ref() == Some(&key.id) && vault.is_primary_in(moment.region);
    match vault.state {
        VaultState::BackupInProgress if is_busy => KeyState::BackupInProgress,
        VaultState::Restoring if is_busy => KeyState::Restoring,
        _ => state_in(vault, key),
    }
}

/// Refuses a state other than the wanted one: for now if waiting may help, or else for good.
pub(super) fn check_state(state: &KeyState, wanted: &KeyState) -> Result<(), Refusal> {
    if state == wanted {
        return Ok(());
    }
    let message = format!("The key's state is {state}, which has to be {wanted} for this operation.");
    let may_change = matches!(
        state,
        KeyState::Creating
            | KeyState::Enabling
            | KeyState::Disabling
            | KeyState::Updating
            | KeyState::Restoring
            | KeyState::CancellingDeletion
    );
    Err(if may_change { Refusal::incorrect_state(message) } else { Refusal::conflict(message) })
}

pub(super) fn view(moment: &Moment<'_>, vault: &VaultRecord, key: &KeyRecord) -> Key {
    Key {
        compartment_id: key.compartment_id.clone(),
        current_key_version: key.current_version_id.clone(),
        defined_tags: Some(key.defined_tags.clone()),
        display_name: key.display_name.clone(),
        freeform_tags: Some(key.freeform_tags.clone()),
        id: key.id.clone(),
        key_shape: key.shape.into(),
        protection_mode: Some(key.protection_mode.clone()),
        lifecycle_state: shown_state(moment, vault, key),
        time_created: Time(key.time_created),
        time_of_deletion: key.time_of_deletion.or(vault.time_of_deletion).map(Time),
        vault_id: key.vault_id.clone(),
        restored_from_key_id: key.restored_from.clone(),
        replica_details: replication_status::details(moment, vault, &key.etag),
        is_primary: Some(vault.is_primary_in(moment.region)),
        is_auto_rotation_enabled: Some(key.auto_rotation.is_some()),
        auto_key_rotation_details: key.auto_rotation.as_ref().map(auto_rotation::view),
        external_key_reference_details: None,
    }
}

fn summary(moment: &Moment<'_>, vault: &VaultRecord, key: &KeyRecord) -> KeySummary {
    KeySummary {
        compartment_id: key.compartment_id.clone(),
        defined_tags: Some(key.defined_tags.clone()),
        display_name: key.display_name.clone(),
        freeform_tags: Some(key.freeform_tags.clone()),
        id: key.id.clone(),
        lifecycle_state: shown_state(moment, vault, key),
        time_created: Time(key.time_created),
        vault_id: key.vault_id.clone(),
        protection_mode: Some(key.protection_mode.clone()),
        algorithm: Some(KeyShape::from(key.shape).algorithm),
        external_key_reference_details: None,
        is_auto_rotation_enabled: Some(key.auto_rotation.is_some()),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let asked = |name: &str, value: &str| call.parameter(name).is_none_or(|wanted| wanted == value);
    let wanted = call.world.keys_of(&vault.id).filter(|key| {
        let KeyShape { algorithm, length, curve_id } = key.shape.into();
        key.compartment_id == compartment
            && asked("protectionMode", key.protection_mode.as_str())
            && asked("algorithm", algorithm.as_str())
            && asked("length", &length.to_string())
            && asked("curveId", curve_id.as_ref().map_or("", |curve| curve.as_str()))
    });
    let mut keys: Vec<KeyRecord> = wanted.cloned().collect();
    lists::sort(call, "DISPLAYNAME", &mut keys)?;
    lists::page(call, &keys, |key| summary(call, vault, key))
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    check_active(vault)?;
    let generated =
        |shape| Ok((Origin::Internal, Material::generate(shape, &key_versions::seed_of_new(call))?));
    added(call, vault, call.json()?, generated)
}

/// A new key, whoever made its material. Without a protection mode it becomes an HSM key, also in a vault of
/// type DEFAULT.
pub(super) fn added(
    call: &Call<'_>,
    vault: &VaultRecord,
    details: CreateKeyDetails,
    material: impl FnOnce(Shape) -> Result<(Origin, Material), Refusal>,
) -> Result<Effect, Refusal> {
    call.check_compartment(&details.compartment_id)?;
    check_display_name(&details.display_name)?;
    let protection_mode = details.protection_mode.unwrap_or(ProtectionMode::Hsm);
    if !matches!(protection_mode, ProtectionMode::Hsm | ProtectionMode::Software) {
        return Err(Refusal::invalid("protectionMode is HSM or SOFTWARE in a vault of this type."));
    }
    let shape = Shape::try_from(details.key_shape)?;
    tags::check(call, details.defined_tags.as_ref(), None)?;
    limits::check_versions(call, vault, [(shape, &protection_mode)])?;
    let id = call.regional_id("key", &[&vault.ext], &call.seed);
    let auto_rotation = auto_rotation::wanted(
        call,
        vault,
        None,
        details.is_auto_rotation_enabled,
        details.auto_key_rotation_details,
    )?;
    let (origin, material) = material(shape)?;
    let version = key_versions::made(call, vault, &id, origin, material);
    let key = KeyRecord {
        region: call.region,
        vault_id: vault.id.clone(),
        lineage_id: id.clone(),
        compartment_id: details.compartment_id,
        display_name: details.display_name,
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        shape,
        protection_mode,
        state: KeyState::Creating,
        state_before: None,
        auto_rotation,
        current_version_id: version.id.clone(),
        time_created: call.now,
        time_of_deletion: None,
        restored_from: None,
        etag: mint::etag(&call.seed),
        id,
    };
    let rotate = auto_rotation::scheduled(&key);
    let mut effect = changed(call, vault, key)?.change(version);
    effect.changes.extend(rotate);
    Ok(effect)
}

/// The answer to a change whose state of transition ends after a while.
pub(super) fn changed(call: &Call<'_>, vault: &VaultRecord, key: KeyRecord) -> Result<Effect, Refusal> {
    let settle = settle_later(call, &key);
    Ok(Effect::json(&view(call, vault, &key))?.etag(&key.etag).change(key).change(settle))
}

pub(super) fn key(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    if call.name(0) == vault.wrapping_key_id {
        return wrapping_keys::as_key(call, vault);
    }
    let key = named(call, vault)?;
    Ok(Effect::json(&view(call, vault, key))?.etag(&key.etag))
}

pub(super) fn enable(call: &Call<'_>) -> Result<Effect, Refusal> {
    switch(call, &KeyState::Disabled, KeyState::Enabling)
}

pub(super) fn disable(call: &Call<'_>) -> Result<Effect, Refusal> {
    switch(call, &KeyState::Enabled, KeyState::Disabling)
}

fn switch(call: &Call<'_>, from: &KeyState, through: KeyState) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    call.check_if_match(&key.etag)?;
    check_active(vault)?;
    check_state(&key.state, from)?;
    changed(call, vault, KeyRecord { state: through, etag: mint::etag(&call.seed), ..key.clone() })
}

/// Lets a key's state of transition, or that of a version of it, end after a while.
pub(super) fn settle_later(moment: &Moment<'_>, key: &KeyRecord) -> Change {
    let due = later(moment.now, moment.account.latency.create);
    Change::Schedule(due, Task::SettleKey { region: key.region, id: key.id.clone() })
}

/// Ends the states of transition of a key and its versions. A new version becomes the current one.
pub(crate) fn settle(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let Some(before) = moment.world.keys.get(id) else { return Vec::new() };
    let mut key = before.clone();
    match before.state {
        KeyState::Creating | KeyState::Enabling => key.state = KeyState::Enabled,
        KeyState::Disabling => key.state = KeyState::Disabled,
        KeyState::SchedulingDeletion => key.state = KeyState::PendingDeletion,
        KeyState::Updating | KeyState::CancellingDeletion => {
            key.state = key.state_before.take().unwrap_or(KeyState::Enabled);
            key.time_of_deletion = None;
        }
        KeyState::Deleting => key.state = KeyState::Deleted,
        _ => {}
    }
    let mut changes = Vec::new();
    for version in moment.world.versions_of(id) {
        let Some(settled) = settled_version(version, &key, moment.now) else { continue };
        if version.state == KeyVersionState::Creating {
            key.current_version_id.clone_from(&version.id);
            if version.is_auto_rotated {
                key.auto_rotation = auto_rotation::succeeded(key.auto_rotation.take());
            }
        }
        let etag = mint::etag(&moment.seed.child(&version.id));
        changes.push(VersionRecord { etag, ..settled }.into());
    }
    if key.state != before.state || key.current_version_id != before.current_version_id {
        changes.push(KeyRecord { etag: mint::etag(&moment.seed), ..key }.into());
    }
    changes
}

/// The version when its state of transition has ended, if it is in one. Versions of a deleted key are deleted.
fn settled_version(version: &VersionRecord, key: &KeyRecord, now: Timestamp) -> Option<VersionRecord> {
    let (state, time_of_deletion) = match version.state {
        KeyVersionState::Deleted => return None,
        _ if key.state == KeyState::Deleted => return Some(key_deletion::deleted(version, now)),
        KeyVersionState::Creating => (KeyVersionState::Enabled, None),
        KeyVersionState::SchedulingDeletion => (KeyVersionState::PendingDeletion, version.time_of_deletion),
        KeyVersionState::CancellingDeletion => (KeyVersionState::Enabled, None),
        KeyVersionState::Deleting => return Some(key_deletion::deleted(version, now)),
        _ => return None,
    };
    Some(VersionRecord { state, time_of_deletion, ..version.clone() })
}

#[cfg(test)]
mod tests;
