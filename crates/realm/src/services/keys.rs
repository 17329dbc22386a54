//! Keys, at the management endpoint of their vault.

use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::kms::{
    CreateKeyDetails, Key, KeyShape, KeyState, KeySummary, KeyVersionState, ProtectionMode, VaultState,
};

use super::key_versions;
use super::vaults::{check_active, check_display_name, here};
use super::work_requests::later;
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::material::Shape;
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

/// A key's state. As long as its vault is on its way out or back, that goes before the key's own.
pub(super) fn state_in(vault: &VaultRecord, key: &KeyRecord) -> KeyState {
    match vault.state {
        VaultState::SchedulingDeletion => KeyState::SchedulingDeletion,
        VaultState::PendingDeletion => KeyState::PendingDeletion,
        VaultState::CancellingDeletion => KeyState::CancellingDeletion,
        VaultState::Deleting => KeyState::Deleting,
        _ => key.state.clone(),
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
        KeyState::Creating | KeyState::Enabling | KeyState::Disabling | KeyState::CancellingDeletion
    );
    Err(if may_change { Refusal::incorrect_state(message) } else { Refusal::conflict(message) })
}

fn view(vault: &VaultRecord, key: &KeyRecord) -> Key {
    Key {
        compartment_id: key.compartment_id.clone(),
        current_key_version: key.current_version_id.clone(),
        defined_tags: Some(key.defined_tags.clone()),
        display_name: key.display_name.clone(),
        freeform_tags: Some(key.freeform_tags.clone()),
        id: key.id.clone(),
        key_shape: key.shape.into(),
        protection_mode: Some(key.protection_mode.clone()),
        lifecycle_state: state_in(vault, key),
        time_created: Time(key.time_created),
        time_of_deletion: key.time_of_deletion.or(vault.time_of_deletion).map(Time),
        vault_id: key.vault_id.clone(),
        restored_from_key_id: key.restored_from.clone(),
        replica_details: None,
        is_primary: Some(true),
        is_auto_rotation_enabled: Some(false),
        auto_key_rotation_details: None,
        external_key_reference_details: None,
    }
}

fn summary(vault: &VaultRecord, key: &KeyRecord) -> KeySummary {
    KeySummary {
        compartment_id: key.compartment_id.clone(),
        defined_tags: Some(key.defined_tags.clone()),
        display_name: key.display_name.clone(),
        freeform_tags: Some(key.freeform_tags.clone()),
        id: key.id.clone(),
        lifecycle_state: state_in(vault, key),
        time_created: Time(key.time_created),
        vault_id: key.vault_id.clone(),
        protection_mode: Some(key.protection_mode.clone()),
        algorithm: Some(KeyShape::from(key.shape).algorithm),
        external_key_reference_details: None,
        is_auto_rotation_enabled: Some(false),
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
    lists::page(call, &keys, |key| summary(vault, key))
}

/// Without a protection mode the key becomes an HSM key, also in a vault of type DEFAULT.
pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    check_active(vault)?;
    let details: CreateKeyDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    check_display_name(&details.display_name)?;
    let protection_mode = details.protection_mode.unwrap_or(ProtectionMode::Hsm);
    if !matches!(protection_mode, ProtectionMode::Hsm | ProtectionMode::Software) {
        return Err(Refusal::invalid("protectionMode is HSM or SOFTWARE in a vault of this type."));
    }
    let shape = Shape::try_from(details.key_shape)?;
    let id = call.regional_id("key", &[&vault.ext], &call.seed);
    let version = key_versions::fresh(call, vault, &id, shape)?;
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
        current_version_id: version.id.clone(),
        time_created: call.now,
        time_of_deletion: None,
        restored_from: None,
        etag: mint::etag(&call.seed),
        id,
    };
    Ok(changed(call, vault, key)?.change(version))
}

/// The answer to a change whose state of transition ends after a while.
fn changed(call: &Call<'_>, vault: &VaultRecord, key: KeyRecord) -> Result<Effect, Refusal> {
    let settle = settle_later(call, &key);
    Ok(Effect::json(&view(vault, &key))?.etag(&key.etag).change(key).change(settle))
}

pub(super) fn key(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    Ok(Effect::json(&view(vault, key))?.etag(&key.etag))
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
    let Some(key) = moment.world.keys.get(id) else { return Vec::new() };
    let mut key = key.clone();
    key.state = match key.state {
        KeyState::Creating | KeyState::Enabling => KeyState::Enabled,
        KeyState::Disabling => KeyState::Disabled,
        state => state,
    };
    key.etag = mint::etag(&moment.seed);
    let mut changes = Vec::new();
    for version in moment.world.versions_of(id) {
        if version.state == KeyVersionState::Creating {
            key.current_version_id.clone_from(&version.id);
            let etag = mint::etag(&moment.seed.child(&version.id));
            let state = KeyVersionState::Enabled;
            changes.push(VersionRecord { state, etag, ..version.clone() }.into());
        }
    }
    changes.push(key.into());
    changes
}

#[cfg(test)]
mod tests;
