//! Secret management, at the regional endpoint of its own service.

use http::StatusCode;
use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::kms::{ChangeCompartmentDetails, VaultState};
use keyferry_wire::secrets::{
    CreateSecretDetails, Secret, SecretContentDetails, SecretStage, SecretState, SecretSummary,
    UpdateSecretDetails,
};

use super::secret_states::{check_state, settle_later};
use super::{limits, secret_content, tags, vaults};
use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::{SecretRecord, SecretVersionRecord, VaultRecord};
use crate::refusal::Refusal;
use crate::world::World;

pub(super) use super::secret_states::state_of;

impl Listed for SecretRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

/// The secret that the path names. Deleted ones are still to be seen.
pub(super) fn named<'c>(call: &'c Call<'_>) -> Result<&'c SecretRecord, Refusal> {
    let found = call.world.secrets.get(call.name(0));
    found.filter(|secret| secret.region == call.region).ok_or_else(Refusal::absent)
}

fn summary(world: &World, secret: &SecretRecord) -> SecretSummary {
    let vault = world.vaults.get(&secret.vault_id);
    SecretSummary {
        id: secret.id.clone(),
        secret_name: secret.name.clone(),
        compartment_id: secret.compartment_id.clone(),
        vault_id: secret.vault_id.clone(),
        lifecycle_state: state_of(world, secret),
        time_created: Time(secret.time_created),
        key_id: secret.key_id.clone(),
        description: secret.description.clone(),
        time_of_deletion: secret.time_of_deletion.or(vault.and_then(|v| v.time_of_deletion)).map(Time),
        freeform_tags: Some(secret.freeform_tags.clone()),
        defined_tags: Some(secret.defined_tags.clone()),
        is_auto_generation_enabled: Some(false),
    }
}

fn view(world: &World, secret: &SecretRecord) -> Secret {
    Secret {
        summary: summary(world, secret),
        current_version_number: secret.current,
        metadata: Some(secret.metadata.clone()),
    }
}

/// A vault's secrets may lie in other compartments than the vault: the list is of one compartment.
pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let asked = |name: &str, value: &str| call.parameter(name).is_none_or(|wanted| wanted == value);
    let here = call.world.secrets.values().filter(|s| {
        s.region == call.region
            && s.compartment_id == compartment
            && asked("vaultId", &s.vault_id)
            && asked("name", &s.name)
            && asked("lifecycleState", state_of(call.world, s).as_str())
    });
    let mut secrets: Vec<SecretRecord> = here.cloned().collect();
    lists::sort(call, "NAME", &mut secrets)?;
    lists::page(call, &secrets, |s| summary(call.world, s))
}

pub(super) fn secret(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = named(call)?;
    Ok(Effect::json(&view(call.world, secret))?.etag(&secret.etag))
}

fn changed(call: &Call<'_>, secret: SecretRecord) -> Result<Effect, Refusal> {
    Ok(Effect::json(&view(call.world, &secret))?.etag(&secret.etag).change(secret))
}

/// The vault of that id, for something new in it.
fn open_vault<'c>(call: &'c Call<'_>, id: &str) -> Result<&'c VaultRecord, Refusal> {
    let vault = call.world.vaults.get(id).filter(|v| v.region == call.region);
    let vault = vault.filter(|v| v.state != VaultState::Deleted).ok_or_else(Refusal::absent)?;
    vaults::check_active(vault)?;
    Ok(vault)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if (1..=255).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(Refusal::invalid("A secret's name has 1 to 255 letters, digits, hyphens, underscores and periods."))
}

/// What the realm does not do it refuses, rather than to store it and do nothing.
fn check_done_here<T>(name: &str, given: Option<&T>) -> Result<(), Refusal> {
    match given {
        None => Ok(()),
        Some(_) => Err(Refusal::invalid(format!("The embedded realm does not support {name}."))),
    }
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: CreateSecretDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    check_done_here("enableAutoGeneration", details.enable_auto_generation.filter(|on| *on).as_ref())?;
    check_done_here("secretGenerationContext", details.secret_generation_context.as_ref())?;
    check_done_here("secretRules", details.secret_rules.as_ref().filter(|rules| !rules.is_empty()))?;
    check_done_here("rotationConfig", details.rotation_config.as_ref())?;
    check_done_here("replicationConfig", details.replication_config.as_ref())?;
    check_name(&details.secret_name)?;
    let vault = open_vault(call, &details.vault_id)?;
    tags::check(call, details.defined_tags.as_ref(), None)?;
    let is_taken = call.world.secrets.values().any(|s| {
        s.vault_id == vault.id
            && s.name == details.secret_name
            && state_of(call.world, s) != SecretState::Deleted
    });
    if is_taken {
        return Err(Refusal::conflict("The vault has a secret of this name already."));
    }
    limits::check_secret(call)?;
    let content = details.secret_content.ok_or_else(|| Refusal::missing("secretContent"))?;
    if content.stage.as_ref().is_some_and(|stage| *stage != SecretStage::Current) {
        return Err(Refusal::invalid("The first version of a secret is CURRENT."));
    }
    let mut secret = SecretRecord {
        id: call.regional_id("vaultsecret", &[], &call.seed),
        region: call.region,
        vault_id: vault.id.clone(),
        key_id: Some(details.key_id),
        compartment_id: details.compartment_id,
        name: details.secret_name,
        description: details.description,
        metadata: details.metadata.unwrap_or_default(),
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        state: SecretState::Creating,
        versions: Vec::new(),
        current: None,
        previous: None,
        time_created: call.now,
        time_of_deletion: None,
        etag: mint::etag(&call.seed),
    };
    add_version(call, &mut secret, content)?;
    let settle = settle_later(call, &secret);
    Ok(changed(call, secret)?.change(settle))
}

/// Adds a version, in force at once unless it is to be pending.
fn add_version(
    call: &Call<'_>,
    secret: &mut SecretRecord,
    content: SecretContentDetails,
) -> Result<(), Refusal> {
    let is_pending = match content.stage {
        None | Some(SecretStage::Current) => false,
        Some(SecretStage::Pending) => true,
        Some(_) => return Err(Refusal::invalid("stage is CURRENT or PENDING.")),
    };
    if content.name.is_some() && secret.versions.iter().any(|v| v.name == content.name) {
        return Err(Refusal::conflict("The secret has a version of this name already."));
    }
    let number = secret.versions.last().map_or(1, |last| last.number + 1);
    let (sealed_key, sealed) = secret_content::sealed(call, secret, number, &content)?;
    let name = content.name;
    secret.versions.push(SecretVersionRecord {
        number,
        name,
        is_pending,
        sealed_key,
        sealed,
        time_created: call.now,
    });
    if !is_pending {
        put_in_force(secret, number);
    }
    Ok(())
}

fn put_in_force(secret: &mut SecretRecord, number: u64) {
    if secret.current != Some(number) {
        secret.previous = secret.current.replace(number);
    }
    for version in secret.versions.iter_mut().filter(|version| version.number == number) {
        version.is_pending = false;
    }
}

pub(super) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    let before = named(call)?;
    call.check_if_match(&before.etag)?;
    check_state(call.world, before, &SecretState::Active)?;
    let details: UpdateSecretDetails = call.json()?;
    check_done_here("enableAutoGeneration", details.enable_auto_generation.filter(|on| *on).as_ref())?;
    check_done_here("secretGenerationContext", details.secret_generation_context.as_ref())?;
    check_done_here("secretRules", details.secret_rules.as_ref().filter(|rules| !rules.is_empty()))?;
    check_done_here("rotationConfig", details.rotation_config.as_ref())?;
    check_done_here("replicationConfig", details.replication_config.as_ref())?;
    tags::check(call, details.defined_tags.as_ref(), Some(&before.defined_tags))?;
    let mut secret = SecretRecord {
        description: details.description.or_else(|| before.description.clone()),
        metadata: details.metadata.unwrap_or_else(|| before.metadata.clone()),
        freeform_tags: details.freeform_tags.unwrap_or_else(|| before.freeform_tags.clone()),
        defined_tags: details.defined_tags.unwrap_or_else(|| before.defined_tags.clone()),
        state: SecretState::Updating,
        etag: mint::etag(&call.seed),
        ..before.clone()
    };
    match (details.secret_content, details.current_version_number) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "secretContent and currentVersionNumber can't be specified at the same time.",
            ));
        }
        (Some(content), None) => {
            open_vault(call, &secret.vault_id)?;
            add_version(call, &mut secret, content)?;
        }
        (None, Some(number)) if secret.versions.iter().any(|version| version.number == number) => {
            put_in_force(&mut secret, number);
        }
        (None, Some(_)) => return Err(Refusal::invalid("The secret has no version of this number.")),
        (None, None) => {}
    }
    let settle = settle_later(call, &secret);
    Ok(changed(call, secret)?.change(settle))
}

pub(super) fn change_compartment(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = named(call)?;
    call.check_if_match(&secret.etag)?;
    check_state(call.world, secret, &SecretState::Active)?;
    let details: ChangeCompartmentDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    let etag = mint::etag(&call.seed);
    let moved = SecretRecord { compartment_id: details.compartment_id, etag, ..secret.clone() };
    Ok(Effect::empty(StatusCode::OK).etag(&moved.etag).change(moved))
}

#[cfg(test)]
mod tests;
