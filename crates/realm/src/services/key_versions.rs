//! Key versions, at the management endpoint of their vault.

use std::sync::Arc;

use jiff::Timestamp;
use keyferry_seams::Seed;
use keyferry_wire::Time;
use keyferry_wire::kms::{
    CreateKeyVersionDetails, KeyState, KeyVersion, KeyVersionState, KeyVersionSummary, Origin,
};

use super::keys::{check_state, named, settle_later};
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
    let seed = moment.seed.child("key version");
    let id = version_id(moment, &vault.ext, &seed);
    Ok(VersionRecord {
        region: moment.region,
        vault_id: vault.id.clone(),
        key_id: key_id.to_owned(),
        lineage_id: id.clone(),
        state: KeyVersionState::Creating,
        origin: Origin::Internal,
        time_created: moment.now,
        time_of_deletion: None,
        restored_from: None,
        material_id: MaterialId::mint(&seed),
        material: Arc::new(Material::generate(shape, &seed)?),
        etag: mint::etag(&seed),
        id,
    })
}

/// A new OCID of a key version, which has an extension of its own besides the vault's.
pub(crate) fn version_id(moment: &Moment<'_>, vault_ext: &str, seed: &Seed) -> String {
    moment.regional_id("keyversion", &[vault_ext, &mint::extension(seed)], seed)
}

fn view(key: &KeyRecord, version: &VersionRecord) -> Result<KeyVersion, Refusal> {
    Ok(KeyVersion {
        compartment_id: key.compartment_id.clone(),
        id: version.id.clone(),
        key_id: version.key_id.clone(),
        public_key: version.material.public_key_pem()?,
        lifecycle_state: Some(version.state.clone()),
        origin: Some(version.origin.clone()),
        time_created: Time(version.time_created),
        time_of_deletion: version.time_of_deletion.map(Time),
        vault_id: version.vault_id.clone(),
        restored_from_key_version_id: version.restored_from.clone(),
        replica_details: None,
        is_primary: Some(true),
        external_key_reference_details: None,
        is_auto_rotated: Some(false),
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
        is_auto_rotated: Some(false),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let key = named(call, here(call)?)?;
    let mut versions: Vec<VersionRecord> = call.world.versions_of(&key.id).into_iter().cloned().collect();
    lists::sort(call, "DISPLAYNAME", &mut versions)?;
    lists::page(call, &versions, |version| summary(key, version))
}

pub(super) fn version(call: &Call<'_>) -> Result<Effect, Refusal> {
    let key = named(call, here(call)?)?;
    let found = call.world.versions.get(call.name(1)).filter(|version| version.key_id == key.id);
    let version = found.ok_or_else(Refusal::absent)?;
    Ok(Effect::json(&view(key, version)?)?.etag(&version.etag))
}

/// Rotates. Until the new version is enabled the old one stays current.
pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let key = named(call, vault)?;
    check_active(vault)?;
    check_state(&key.state, &KeyState::Enabled)?;
    let details: CreateKeyVersionDetails = call.json()?;
    if details.external_key_version_id.is_some() {
        return Err(Refusal::invalid("externalKeyVersionId is for keys of external vaults."));
    }
    let versions = call.world.versions_of(&key.id);
    if versions.iter().any(|version| version.state == KeyVersionState::Creating) {
        return Err(Refusal::incorrect_state("Another version of the key is being created."));
    }
    let version = fresh(call, vault, &key.id, key.shape)?;
    Ok(Effect::json(&view(key, &version)?)?
        .etag(&version.etag)
        .change(version)
        .change(settle_later(call, key)))
}
