//! Vaults, at the regional endpoint.

use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::kms::{
    CreateVaultDetails, KeyState, KeyVersionState, ProtectionMode, Vault, VaultState, VaultSummary,
    VaultType, VaultUsage,
};

use super::replication_status;
use super::work_requests::later;
use super::{limits, tags};
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::VaultRecord;
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

const LONGEST_NAME: usize = 100;
/// What OCI says whenever a vault's state stands in the way of something in the vault.
pub(super) const STATE_CONFLICT: &str =
    "The state of the vault that contains this resource conflicts with the requested operation.";

impl Listed for VaultRecord {
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

/// The vault that the path names. Deleted vaults are still to be seen.
pub(super) fn named<'c>(call: &'c Call<'_>) -> Result<&'c VaultRecord, Refusal> {
    let found = call.world.vaults.get(call.name(0));
    found.filter(|vault| vault.is_in(call.region)).ok_or_else(Refusal::absent)
}

/// The vault whose own endpoint was called.
pub(super) fn here<'c>(call: &'c Call<'_>) -> Result<&'c VaultRecord, Refusal> {
    let ext = call.vault_ext.as_deref().unwrap_or_default();
    call.world.vault_at(call.region, ext).ok_or_else(Refusal::absent)
}

/// Refuses to change anything about a vault that is busy (for now) or on its way out (for good).
pub(super) fn check_active(vault: &VaultRecord) -> Result<(), Refusal> {
    match vault.state {
        VaultState::Active => Ok(()),
        VaultState::SchedulingDeletion
        | VaultState::PendingDeletion
        | VaultState::Deleting
        | VaultState::Deleted => Err(Refusal::conflict(STATE_CONFLICT)),
        _ => Err(Refusal::incorrect_state(STATE_CONFLICT)),
    }
}

/// Refuses an empty or very long display name.
pub(super) fn check_display_name(name: &str) -> Result<(), Refusal> {
    if (1..=LONGEST_NAME).contains(&name.chars().count()) {
        Ok(())
    } else {
        Err(Refusal::invalid(format!("displayName has 1 to {LONGEST_NAME} characters.")))
    }
}

pub(super) fn view(moment: &Moment<'_>, vault: &VaultRecord) -> Vault {
    let VaultSummary {
        compartment_id,
        crypto_endpoint,
        defined_tags,
        display_name,
        freeform_tags,
        id,
        lifecycle_state,
        management_endpoint,
        time_created,
        vault_type,
        external_key_manager_metadata_summary,
    } = summary(moment, vault);
    Vault {
        compartment_id,
        crypto_endpoint,
        defined_tags,
        display_name,
        freeform_tags,
        id,
        lifecycle_state,
        management_endpoint,
        time_created,
        time_of_deletion: vault.time_of_deletion.map(Time),
        vault_type,
        restored_from_vault_id: vault.restored_from.clone(),
        wrappingkey_id: Some(vault.wrapping_key_id.clone()),
        replica_details: replication_status::details(moment, vault, &vault.etag),
        is_primary: Some(vault.is_primary_in(moment.region)),
        is_vault_replicable: Some(true),
        external_key_manager_metadata_summary,
    }
}

/// A vault's state as it is shown. Backups and restores are of vaults, and not of their replicas.
fn shown_state(moment: &Moment<'_>, vault: &VaultRecord) -> VaultState {
    match vault.state {
        VaultState::BackupInProgress | VaultState::Restoring if !vault.is_primary_in(moment.region) => {
            VaultState::Active
        }
        _ => vault.state.clone(),
    }
}

fn summary(moment: &Moment<'_>, vault: &VaultRecord) -> VaultSummary {
    VaultSummary {
        compartment_id: vault.compartment_id.clone(),
        crypto_endpoint: moment.account.crypto_endpoint(moment.region, &vault.ext),
        defined_tags: Some(vault.defined_tags.clone()),
        display_name: vault.display_name.clone(),
        freeform_tags: Some(vault.freeform_tags.clone()),
        id: vault.id.clone(),
        lifecycle_state: shown_state(moment, vault),
        management_endpoint: moment.account.management_endpoint(moment.region, &vault.ext),
        time_created: Time(vault.time_created),
        vault_type: vault.vault_type.clone(),
        external_key_manager_metadata_summary: None,
    }
}

/// The answer to a change: the vault as it is now, with the change itself.
pub(super) fn changed(moment: &Moment<'_>, vault: VaultRecord) -> Result<Effect, Refusal> {
    Ok(Effect::json(&view(moment, &vault))?.etag(&vault.etag).change(vault))
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let here = call.world.vaults.values().filter(|v| v.is_in(call.region) && v.compartment_id == compartment);
    let mut vaults: Vec<VaultRecord> = here.cloned().collect();
    lists::sort(call, "DISPLAYNAME", &mut vaults)?;
    lists::page(call, &vaults, |v| summary(call, v))
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: CreateVaultDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    check_display_name(&details.display_name)?;
    match details.vault_type {
        VaultType::Default | VaultType::VirtualPrivate => {}
        VaultType::External => {
            return Err(Refusal::invalid("The embedded realm offers no vaults of type EXTERNAL."));
        }
        VaultType::Other(_) => return Err(Refusal::invalid("vaultType is VIRTUAL_PRIVATE or DEFAULT.")),
    }
    tags::check(call, details.defined_tags.as_ref(), None)?;
    limits::check_vault(call, &details.vault_type)?;
    let ext = mint::extension(&call.seed);
    let id = call.regional_id("vault", &[&ext], &call.seed);
    let vault = VaultRecord {
        region: call.region,
        lineage_id: id.clone(),
        home_region: call.region,
        compartment_id: details.compartment_id,
        display_name: details.display_name,
        vault_type: details.vault_type,
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        state: VaultState::Creating,
        time_created: call.now,
        time_of_deletion: None,
        restored_from: None,
        wrapping_key_id: call.regional_id("key", &[&ext], &call.seed.child("wrapping key")),
        busy_key: None,
        replica: None,
        lost_source: None,
        etag: mint::etag(&call.seed),
        id,
        ext,
    };
    let settle = settle_later(call, &vault);
    Ok(changed(call, vault)?.change(settle))
}

pub(super) fn vault(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    Ok(Effect::json(&view(call, vault))?.etag(&vault.etag))
}

/// Counts what a list per compartment can't show in one call.
pub(super) fn usage(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    let count = |is_software: bool| {
        let keys: Vec<_> = call
            .world
            .keys_of(&vault.id)
            .filter(|key| key.state != KeyState::Deleted)
            .filter(|key| (key.protection_mode == ProtectionMode::Software) == is_software)
            .collect();
        let versions = keys.iter().flat_map(|key| call.world.versions_of(&key.id));
        let versions = versions.filter(|version| version.state != KeyVersionState::Deleted).count();
        (keys.len() as u64, versions as u64)
    };
    let (key_count, key_version_count) = count(false);
    let (software_keys, software_versions) = count(true);
    Effect::json(&VaultUsage {
        key_count,
        key_version_count,
        software_key_count: Some(software_keys),
        software_key_version_count: Some(software_versions),
    })
}

/// Lets a vault's state of transition end after a while.
pub(super) fn settle_later(moment: &Moment<'_>, vault: &VaultRecord) -> Change {
    let due = later(moment.now, moment.account.latency.create);
    Change::Schedule(due, Task::SettleVault { region: vault.region, id: vault.id.clone() })
}

/// Ends a vault's state of transition. There is one task for each, since all else is refused meanwhile.
pub(crate) fn settle(moment: &Moment<'_>, id: &str) -> Vec<Change> {
    let Some(vault) = moment.world.vaults.get(id) else { return Vec::new() };
    let (state, time_of_deletion) = match vault.state {
        VaultState::Creating | VaultState::Updating | VaultState::CancellingDeletion => {
            (VaultState::Active, None)
        }
        VaultState::SchedulingDeletion => (VaultState::PendingDeletion, vault.time_of_deletion),
        VaultState::Deleting => (VaultState::Deleted, vault.time_of_deletion),
        _ => return Vec::new(),
    };
    // A replica goes with its source.
    let replica = vault.replica.clone().filter(|_| state != VaultState::Deleted);
    let etag = mint::etag(&moment.seed);
    vec![VaultRecord { state, time_of_deletion, replica, etag, ..vault.clone() }.into()]
}

#[cfg(test)]
mod tests;
