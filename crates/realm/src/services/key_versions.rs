//! Key versions, at the management endpoint of their vault.

use std::sync::Arc;

use jiff::Timestamp;
use keyferry_seams::Seed;
use keyferry_wire::Time;
use keyferry_wire::kms::{
    CreateKeyVersionDetails, KeyState, KeyVersion, KeyVersionState, KeyVersionSummary, Origin,
};

use super::keys::{self, check_state, settle_later};
use super::limits;
use super::replication_status;
use super::vaults::{check_active, here};
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::material::{Material, MaterialId, Shape};
use crate::mint;
use crate::records::{KeyRecord, VaultRecord, VersionRecord};
use crate::refusal::Refusal;

impl Listed for VersionRecord {
    fn id(&self) -> &str {
        &self.id
    }
    /// Versions have no names.
    fn name(&self) -> &str {
        &self.id
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

/// A new version of a key, with material of its own.
pub(super) fn fresh(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    key_id: &str,
    shape: Shape,
) -> Result<VersionRecord, Refusal> {
    let material = Material::generate(shape, &seed_of_new(moment))?;
    Ok(made(moment, vault, key_id, Origin::Internal, material))
}

/// What id and material of a request's new version come from.
pub(super) fn seed_of_new(moment: &Moment<'_>) -> Seed {
    moment.seed.child("key version")
}

/// A new version of a key with that material.
pub(super) fn made(
    moment: &Moment<'_>,
    vault: &VaultRecord,
    key_id: &str,
    origin: Origin,
    material: Material,
) -> VersionRecord {
    let seed = seed_of_new(moment);
    let id = version_id(moment, &vault.ext, &seed);
    VersionRecord {
        region: moment.region,
        vault_id: vault.id.clone(),
        key_id: key_id.to_owned(),
        lineage_id: id.clone(),
        state: KeyVersionState::Creating,
        origin,
        time_created: moment.now,
        time_of_deletion: None,
        restored_from: None,
        material_id: MaterialId::mint(&seed),
        material: Some(Arc::new(material)),
        is_auto_rotated: false,
        etag: mint::etag(&seed),
        id,
    }
}

/// The version of the key that the path names.
pub(super) fn named<'c>(call: &'c Call<'_>, key: &KeyRecord) -> Result<&'c VersionRecord, Refusal> {
    let found = call.world.versions.get(call.name(1)).filter(|version| version.key_id == key.id);
    found.ok_or_else(Refusal::absent)
}

/// What a version can be used with, if it can.
pub(super) fn material(version: &VersionRecord) -> Result<&Material, Refusal> {
    let message = || format!("The key version's state is {}.", version.state);
    match (&version.state, &version.material) {
        (KeyVersionState::Enabled, Some(material)) => Ok(material),
        (KeyVersionState::Creating | KeyVersionState::CancellingDeletion, _) => {
            Err(Refusal::incorrect_state(message()))
        }
        _ => Err(Refusal::conflict(message())),
    }
}

/// A new OCID of a key version, which has an extension of its own besides the vault's.
pub(crate) fn version_id(moment: &Moment<'_>, vault_ext: &str, seed: &Seed) -> String {
    moment.regional_id("keyversion", &[vault_ext, &mint::extension(seed)], seed)
}

fn view(moment: &Moment<'_>, key: &KeyRecord, version: &VersionRecord) -> Result<KeyVersion, Refusal> {
    let vault = moment.world.vaults.get(&version.vault_id);
    let public_key = version.material.as_ref().map(|material| material.public_key_pem()).transpose()?;
    Ok(KeyVersion {
        compartment_id: key.compartment_id.clone(),
        id: version.id.clone(),
        key_id: version.key_id.clone(),
        public_key: public_key.flatten(),
        lifecycle_state: Some(version.state.clone()),
        origin: Some(version.origin.clone()),
        time_created: Time(version.time_created),
        time_of_deletion: version.time_of_deletion.map(Time),
        vault_id: version.vault_id.clone(),
        restored_from_key_version_id: version.restored_from.clone(),
        replica_details: vault.and_then(|vault| replication_status::details(moment, vault, &version.etag)),
        is_primary: Some(vault.is_some_and(|vault| vault.is_primary_in(moment.region))),
        external_key_reference_details: None,
        is_auto_rotated: Some(version.is_auto_rotated),
    })
}

fn summary(key: &KeyRecord, version: &VersionRecord) -> KeyVersionSummary {
    KeyVersionSummary {
        compartment_id: key.compartment_id.clone(),
        id: version.id.clone(),
        key_id: version.key_id.clone(),
        lifecycle_state: Some(version.state.clone()),
        origin: Some(version.origin.clone()),
        time_created: Time(version.time_created),
        time_of_deletion: version.time_of_deletion.map(Time),
        vault_id: version.vault_id.clone(),
        external_key_reference_details: None,
        is_auto_rotated: Some(version.is_auto_rotated),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let key = keys::named(call, here(call)?)?;
    let mut versions: Vec<VersionRecord> = call.world.versions_of(&key.id).into_iter().cloned().collect();
    lists::sort(call, "DISPLAYNAME", &mut versions)?;
    lists::page(call, &versions, |version| summary(key, version))
}

pub(super) fn version(call: &Call<'_>) -> Result<Effect, Refusal> {
    let key = keys::named(call, here(call)?)?;
    let version = named(call, key)?;
    Ok(Effect::json(&view(call, key, version)?)?.etag(&version.etag))
}

/// Rotates. Until the new version is enabled the old one stays current.
pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = keys::named(call, vault)?;
    check_active(vault)?;
    check_state(&key.state, &KeyState::Enabled)?;
    let details: CreateKeyVersionDetails = call.json()?;
    if details.external_key_version_id.is_some() {
        return Err(Refusal::invalid("externalKeyVersionId is for keys of external vaults."));
    }
    check_no_version_is_new(call, key)?;
    limits::check_versions(call, vault, [(key.shape, &key.protection_mode)])?;
    let version = fresh(call, vault, &key.id, key.shape)?;
    changed(call, key, version)
}

/// Refuses a second new version beside one that is not ready.
pub(super) fn check_no_version_is_new(moment: &Moment<'_>, key: &KeyRecord) -> Result<(), Refusal> {
    let versions = moment.world.versions_of(&key.id);
    if versions.iter().any(|version| version.state == KeyVersionState::Creating) {
        return Err(Refusal::incorrect_state("Another version of the key is being created."));
    }
    Ok(())
}

/// The answer to a change whose state of transition ends after a while.
pub(super) fn changed(call: &Call<'_>, key: &KeyRecord, version: VersionRecord) -> Result<Effect, Refusal> {
    let effect = Effect::json(&view(call, key, &version)?)?.etag(&version.etag);
    Ok(effect.change(version).change(settle_later(call, key)))
}
