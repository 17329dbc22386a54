//! Changes of a key's name, tags, compartment and automatic rotation.

use http::StatusCode;
use keyferry_wire::kms::{ChangeCompartmentDetails, KeyState, UpdateKeyDetails};

use super::keys::{changed, check_state, named, settle_later};
use super::vaults::{check_active, check_display_name, here};
use super::{auto_rotation, tags};
use crate::call::{Call, Effect};
use crate::mint;
use crate::records::KeyRecord;
use crate::refusal::Refusal;

/// What is left out stays.
pub(super) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    call.check_if_match(&key.etag)?;
    check_active(vault)?;
    if key.state != KeyState::Creating {
        check_state(&key.state, &KeyState::Enabled)?;
    }
    let details: UpdateKeyDetails = call.json()?;
    if let Some(name) = &details.display_name {
        check_display_name(name)?;
    }
    tags::check(call, details.defined_tags.as_ref(), Some(&key.defined_tags))?;
    let auto_rotation = auto_rotation::wanted(
        call,
        vault,
        key.auto_rotation.as_ref(),
        details.is_auto_rotation_enabled,
        details.auto_key_rotation_details,
    )?;
    let is_scheduled_anew = auto_rotation != key.auto_rotation;
    let key = KeyRecord {
        display_name: details.display_name.unwrap_or_else(|| key.display_name.clone()),
        freeform_tags: details.freeform_tags.unwrap_or_else(|| key.freeform_tags.clone()),
        defined_tags: details.defined_tags.unwrap_or_else(|| key.defined_tags.clone()),
        auto_rotation,
        ..updating(call, key)
    };
    let rotate = if is_scheduled_anew { auto_rotation::scheduled(&key) } else { None };
    let mut effect = changed(call, vault, key)?;
    effect.changes.extend(rotate);
    Ok(effect)
}

/// The key goes on being used where it was.
pub(super) fn change_compartment(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    call.check_if_match(&key.etag)?;
    check_active(vault)?;
    if key.state != KeyState::Disabled {
        check_state(&key.state, &KeyState::Enabled)?;
    }
    let ChangeCompartmentDetails { compartment_id } = call.json()?;
    call.check_compartment(&compartment_id)?;
    let key = KeyRecord { compartment_id, ..updating(call, key) };
    let settle = settle_later(call, &key);
    Ok(Effect::empty(StatusCode::OK).etag(&key.etag).change(key).change(settle))
}

/// A new key goes on being created.
fn updating(call: &Call<'_>, key: &KeyRecord) -> KeyRecord {
    let etag = mint::etag(&call.seed);
    match key.state {
        KeyState::Creating => KeyRecord { etag, ..key.clone() },
        _ => {
            let state_before = Some(key.state.clone());
            KeyRecord { state: KeyState::Updating, state_before, etag, ..key.clone() }
        }
    }
}

#[cfg(test)]
mod tests;
