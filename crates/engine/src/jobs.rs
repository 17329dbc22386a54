//! Backups and restores: asks the service and waits until its work has ended.

use std::time::Duration;

use keyferry_core::journal::{InDoubt, Output};
use keyferry_core::model::{KeyState, ObjectPlace, Vault, VaultState, WorkRequest};
use keyferry_ids::{CompartmentId, KeyId, Region, VaultId};
use keyferry_oci::ParUrl;

use crate::wait::until;
use crate::{Context, EngineError};

/// How old an answer about many vaults may be.
const FRESH: Duration = Duration::from_millis(900);

/// A vault backup that is to be made, or may have been made already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VaultBackup<'a> {
    pub(crate) vault_id: &'a VaultId,
    pub(crate) region: Region,
    pub(crate) to: &'a ObjectPlace,
    pub(crate) include_keys: bool,
    pub(crate) by_par: bool,
}

/// A key backup of that kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyBackup<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) key: &'a KeyId,
    pub(crate) to: &'a ObjectPlace,
    pub(crate) by_par: bool,
}

/// The pre-authenticated request to go through, if one is meant.
fn par(context: &Context, by_par: bool) -> Result<Option<&ParUrl>, EngineError> {
    match (&context.par, by_par) {
        (_, false) => Ok(None),
        (Some(par), true) => Ok(Some(par)),
        (None, true) => Err(EngineError::NoPar),
    }
}

/// The vault and the key were just read: what is "absent or forbidden" is the pre-authenticated request.
fn refused(error: keyferry_oci::Error, to: &ObjectPlace, by_par: bool) -> EngineError {
    if by_par && error.is_absent_or_forbidden() {
        return EngineError::ParRefused { to: to.to_string(), source: Box::new(error) };
    }
    error.into()
}

/// A failure of the work behind a pre-authenticated request has causes of its own.
fn failed(error: EngineError, by_par: bool) -> EngineError {
    match error {
        EngineError::WorkRequest { id, status, errors } if by_par => {
            EngineError::ParWork { id, status, errors }
        }
        other => other,
    }
}

pub(crate) async fn backup_vault(
    context: &Context,
    backup: VaultBackup<'_>,
    token: &str,
) -> Result<Output, EngineError> {
    let VaultBackup { vault_id, region, to, include_keys, by_par } = backup;
    let par = par(context, by_par)?;
    // What the service does with an object of that name is not documented; so there must be none.
    if context.client.head_object(to).await?.is_some() {
        return Err(EngineError::ObjectExists(to.to_string()));
    }
    let asked_at = context.clock.now();
    let asked = context.client.backup_vault(region, vault_id, (to, par), include_keys, Some(token)).await;
    let (vault, work) = asked.map_err(|error| refused(error, to, by_par))?;
    let finished = finish(context, region, &vault, work.as_deref(), "the backup").await;
    finished.map_err(|error| failed(error, by_par))?;
    Ok(Output::Done { work_request_id: work, asked_at, vault_id: Some(vault.id) })
}

/// Waits until no backup of a vault is under way. Meanwhile its keys are BACKUP_IN_PROGRESS as well, and look as if
/// they could not be saved.
///
/// # Errors
/// If the vault can't be read, or patience ends.
pub async fn until_idle(context: &Context, region: Region, vault_id: &VaultId) -> Result<Vault, EngineError> {
    until(context, "an earlier backup", async || {
        let vault = context.client.vault(region, vault_id).await?;
        Ok((vault.lifecycle_state != VaultState::BackupInProgress).then_some(vault))
    })
    .await
}

/// Looks what became of a backup that was asked for; asks again only if nothing is to be found of it.
pub(crate) async fn settle_vault_backup(
    context: &Context,
    backup: VaultBackup<'_>,
    doubt: &InDoubt,
    token: &str,
) -> Result<Output, EngineError> {
    let vault = until_idle(context, backup.region, backup.vault_id).await?;
    // The name is this run's own, or was free when it was planned, so an object of that name is this backup's. The
    // service writes it whole.
    if context.client.head_object(backup.to).await?.is_some() {
        let (asked_at, vault_id) = (doubt.since, Some(vault.id));
        return Ok(Output::Done { work_request_id: None, asked_at, vault_id });
    }
    backup_vault(context, backup, token).await
}

pub(crate) async fn backup_key(
    context: &Context,
    backup: KeyBackup<'_>,
    token: &str,
) -> Result<Output, EngineError> {
    let KeyBackup { vault, key, to, by_par } = backup;
    let par = par(context, by_par)?;
    if context.client.head_object(to).await?.is_some() {
        return Err(EngineError::ObjectExists(to.to_string()));
    }
    let asked_at = context.clock.now();
    let asked = context.client.backup_key(vault, key, (to, par), Some(token)).await;
    let work = asked.map_err(|error| refused(error, to, by_par))?;
    let finished = finish_key(context, vault, key, work.as_deref()).await;
    finished.map_err(|error| failed(error, by_par))?;
    Ok(Output::Done { work_request_id: work, asked_at, vault_id: Some(vault.id.clone()) })
}

/// As [`settle_vault_backup`].
pub(crate) async fn settle_key_backup(
    context: &Context,
    backup: KeyBackup<'_>,
    doubt: &InDoubt,
    token: &str,
) -> Result<Output, EngineError> {
    let KeyBackup { vault, key, to, .. } = backup;
    finish_key(context, vault, key, None).await?;
    if context.client.head_object(to).await?.is_some() {
        let (asked_at, vault_id) = (doubt.since, Some(vault.id.clone()));
        return Ok(Output::Done { work_request_id: None, asked_at, vault_id });
    }
    backup_key(context, backup, token).await
}

pub(crate) async fn restore_vault(
    context: &Context,
    region: Region,
    compartment: &CompartmentId,
    from: &ObjectPlace,
    token: &str,
) -> Result<Output, EngineError> {
    let asked_at = context.clock.now();
    let (vault, work) = context.client.restore_vault(region, compartment, from, Some(token)).await?;
    finish(context, region, &vault, work.as_deref(), "the restore").await?;
    Ok(Output::Done { work_request_id: work, asked_at, vault_id: Some(vault.id) })
}

/// Looks for a vault of that lineage first: a second request may make a second vault. Without a manifest the
/// lineage is not known, and the token has to do.
pub(crate) async fn settle_restore(
    context: &Context,
    (region, compartment): (Region, &CompartmentId),
    from: &ObjectPlace,
    backed_up: Option<&VaultId>,
    doubt: &InDoubt,
    token: &str,
) -> Result<Output, EngineError> {
    let Some(backed_up) = backed_up else {
        return restore_vault(context, region, compartment, from, token).await;
    };
    let is_it = |vault: &Vault| {
        let is_gone = matches!(vault.lifecycle_state, VaultState::Deleted | VaultState::PendingDeletion);
        !is_gone && (vault.id == *backed_up || vault.restored_from.as_ref() == Some(backed_up))
    };
    let found = context.client.list_vaults(region, compartment).await?.into_iter().find(is_it);
    let Some(vault) = found else {
        return restore_vault(context, region, compartment, from, token).await;
    };
    finish(context, region, &vault, None, "the restore").await?;
    Ok(Output::Done { work_request_id: None, asked_at: doubt.since, vault_id: Some(vault.id) })
}

/// Waits for the vault and then for the work request. A vault turns ACTIVE again after a failed backup too, so the
/// work request decides wherever it can be read; the vaults' states, of which one listing tells many, only say when
/// to look.
async fn finish(
    context: &Context,
    region: Region,
    vault: &Vault,
    work_request: Option<&str>,
    what: &str,
) -> Result<(), EngineError> {
    let client = &context.client;
    let _waiting = context.waits.enter(region, &vault.compartment_id);
    until(context, what, async || {
        let state = context.waits.state_of(context, region, vault, FRESH).await?;
        if state != VaultState::Active {
            return Ok(None);
        }
        let Some(id) = work_request else { return Ok(Some(())) };
        match client.work_request(region, id).await {
            Ok(work) if work.status.is_success() => Ok(Some(())),
            Ok(work) if work.status.is_failure() => {
                let errors = client.work_request_errors(region, id).await.unwrap_or_default();
                Err(EngineError::WorkRequest { id: id.to_owned(), status: work.status.to_string(), errors })
            }
            Ok(_) => Ok(None),
            // Some policies hide the work request; the vault's state and the object have to do then.
            Err(error) if error.is_absent_or_forbidden() => Ok(Some(())),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

async fn finish_key(
    context: &Context,
    vault: &Vault,
    key: &KeyId,
    work_request: Option<&str>,
) -> Result<(), EngineError> {
    let client = &context.client;
    until(context, "the key's backup", async || {
        let state = client.key_state(vault, key).await?;
        if !matches!(state, KeyState::Enabled | KeyState::Disabled) {
            return Ok(None);
        }
        let Some(id) = work_request else { return Ok(Some(())) };
        match client.work_request(vault.region, id).await {
            Ok(work) if work.status.is_success() => Ok(Some(())),
            Ok(work) if work.status.is_failure() => {
                let errors = client.work_request_errors(vault.region, id).await.unwrap_or_default();
                Err(EngineError::WorkRequest { id: id.to_owned(), status: work.status.to_string(), errors })
            }
            Ok(_) => Ok(None),
            Err(error) if error.is_absent_or_forbidden() => Ok(Some(())),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

pub(crate) fn ended(work: WorkRequest) -> Option<Option<WorkRequest>> {
    (work.status.is_success() || work.status.is_failure()).then_some(Some(work))
}
