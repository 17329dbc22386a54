//! Changes of a vault's name, tags and compartment.

use http::StatusCode;
use keyferry_wire::kms::{ChangeCompartmentDetails, UpdateVaultDetails, VaultState};

use super::tags;
use super::vaults::{changed, check_active, check_display_name, named, settle_later};
use crate::call::{Call, Effect};
use crate::mint;
use crate::records::VaultRecord;
use crate::refusal::Refusal;

/// What is left out stays.
pub(super) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    let state = match vault.state {
        VaultState::Creating => VaultState::Creating,
        _ => {
            check_active(vault)?;
            VaultState::Updating
        }
    };
    let details: UpdateVaultDetails = call.json()?;
    if let Some(name) = &details.display_name {
        check_display_name(name)?;
    }
    tags::check(call, details.defined_tags.as_ref(), Some(&vault.defined_tags))?;
    let vault = VaultRecord {
        display_name: details.display_name.unwrap_or_else(|| vault.display_name.clone()),
        freeform_tags: details.freeform_tags.unwrap_or_else(|| vault.freeform_tags.clone()),
        defined_tags: details.defined_tags.unwrap_or_else(|| vault.defined_tags.clone()),
        state,
        etag: mint::etag(&call.seed),
        ..vault.clone()
    };
    let settle = settle_later(call, &vault);
    Ok(changed(call, vault)?.change(settle))
}

/// The keys of the vault stay where they are.
pub(super) fn change_compartment(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    check_active(vault)?;
    let ChangeCompartmentDetails { compartment_id } = call.json()?;
    call.check_compartment(&compartment_id)?;
    let etag = mint::etag(&call.seed);
    let vault = VaultRecord { compartment_id, state: VaultState::Updating, etag, ..vault.clone() };
    let settle = settle_later(call, &vault);
    Ok(Effect::empty(StatusCode::OK).etag(&vault.etag).change(vault).change(settle))
}

#[cfg(test)]
mod tests;
