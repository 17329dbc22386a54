//! The single match from actions to calls.

use std::collections::BTreeMap;
use std::time::Duration;

use keyferry_core::Sha256;
use keyferry_core::canary::{Canary, CanaryKind, Sealed, binding, signing_algorithm};
use keyferry_core::journal::{Output, Progress};
use keyferry_core::model::{Key, KeyShape, ObjectPlace, Vault, VaultState, WorkRequest};
use keyferry_core::plan::{Action, ExpectedBytes, ExpectedKey, Step};
use keyferry_core::{Mapping, MappingEntry, MappingKind};
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId, Region, VaultId};

use crate::{Context, EngineError, prove};

/// Longest service file that is read back. Real ones are some kilobytes per key.
const LONGEST_BLOB: usize = 1 << 30;
/// How often a restored vault is looked through for keys that are not listed yet.
const LOOKS_FOR_KEYS: u32 = 8;

pub(crate) async fn perform(
    context: &Context,
    run_id: &str,
    step: &Step,
    retry_token: &str,
    progress: &Progress,
) -> Result<Output, EngineError> {
    let needed = |wanted: fn(&Output) -> bool| {
        step.needs.iter().filter_map(|id| progress.outputs.get(id)).find(|output| wanted(output))
    };
    match &step.details {
        Action::MintCanary { vault, key_id, version_id, shape, canary, backup_id } => {
            let chance = context.seed.bytes(&format!("canary {run_id} {}", step.id));
            mint(context, vault, (key_id, version_id, shape), *canary, backup_id, chance).await
        }
        Action::BackupVault { vault_id, region, to, include_keys } => {
            backup_vault(context, vault_id, *region, to, *include_keys, retry_token).await
        }
        Action::CheckObject { at, expect } => {
            let source = needed(|output| matches!(output, Output::Checked { .. }));
            let as_source = source.and_then(|output| match output {
                Output::Checked { bytes, .. } => Some(*bytes),
                _ => None,
            });
            check_object(context, at, expect.or(as_source)).await
        }
        Action::CopyObject { from, to } => copy_object(context, from, to).await,
        Action::RestoreVault { region, compartment_id, from, .. } => {
            restore_vault(context, *region, compartment_id, from, retry_token).await
        }
        Action::MapVault { region, vault_id, compartment_id, search, keys } => {
            let restored = match needed(|output| matches!(output, Output::Done { vault_id: Some(_), .. })) {
                Some(Output::Done { vault_id: Some(restored), .. }) => Some(restored.clone()),
                _ => None,
            };
            let restored = find_vault(context, *region, restored, vault_id.as_ref(), compartment_id).await?;
            map_vault(context, restored, vault_id.as_ref(), search, keys).await
        }
        Action::ProveVersion { .. } => match needed(|output| matches!(output, Output::Mapped { .. })) {
            Some(Output::Mapped { vault, mapping }) => {
                let chance = context.seed.bytes(&format!("challenge {run_id} {}", step.id));
                prove::prove(context, vault, mapping, &step.details, chance).await
            }
            _ => Err(EngineError::NoResult),
        },
    }
}

async fn mint(
    context: &Context,
    vault: &Vault,
    (key, version, shape): (&KeyId, &KeyVersionId, &KeyShape),
    kind: CanaryKind,
    backup_id: &str,
    secret: [u8; 32],
) -> Result<Output, EngineError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let client = &context.client;
    let plaintext_sha256 = Sha256::of(&secret);
    let not_minted = |because: String| Ok(Output::NotMinted { because });
    let sealed = match kind {
        CanaryKind::AesGcm => {
            let associated_data = binding(&vault.id, key, version, backup_id);
            client.encrypt(vault, key, &secret, &associated_data, "AES_256_GCM").await.map(|sealed| {
                let ciphertext = STANDARD.encode(&sealed.ciphertext);
                (sealed.key_version_id, Sealed::AesGcm { ciphertext, associated_data, plaintext_sha256 })
            })
        }
        CanaryKind::RsaOaep => {
            client.encrypt(vault, key, &secret, &BTreeMap::new(), "RSA_OAEP_SHA_256").await.map(|sealed| {
                let ciphertext = STANDARD.encode(&sealed.ciphertext);
                (sealed.key_version_id, Sealed::RsaOaep { ciphertext, plaintext_sha256 })
            })
        }
        CanaryKind::Signature => {
            let Some(algorithm) = signing_algorithm(&shape.algorithm, shape.length) else {
                return not_minted(format!("no signing algorithm is known for {shape}"));
            };
            client.sign(vault, key, Some(version), &secret, algorithm).await.map(|signed| {
                let (message, signature) = (STANDARD.encode(secret), STANDARD.encode(signed.signature));
                (
                    Some(signed.key_version_id),
                    Sealed::Signature { algorithm: algorithm.into(), message, signature },
                )
            })
        }
    };
    match sealed {
        // Rotated between taking stock and minting: the canary would be another version's.
        Ok((Some(used), _)) if used != *version => not_minted("the key was rotated during the backup".into()),
        Ok((_, sealed)) => Ok(Output::Minted {
            canary: Canary {
                key_id: key.clone(),
                version_id: version.clone(),
                minted_for: backup_id.to_owned(),
                minted_at: context.clock.now(),
                sealed,
            },
        }),
        Err(error) if error.is_conflict() || error.is_absent_or_forbidden() => {
            not_minted(format!("the service refused to use the key: {error}"))
        }
        Err(error) => Err(error.into()),
    }
}

async fn backup_vault(
    context: &Context,
    vault_id: &VaultId,
    region: Region,
    to: &ObjectPlace,
    include_keys: bool,
    retry_token: &str,
) -> Result<Output, EngineError> {
    // What the service does with an object of that name is not documented; so there must be none.
    if context.client.head_object(to).await?.is_some() {
        return Err(EngineError::ObjectExists(to.to_string()));
    }
    let asked_at = context.clock.now();
    let asked = context.client.backup_vault(region, vault_id, to, include_keys, Some(retry_token)).await?;
    let (vault_id, work_request_id) = finish(context, region, asked, "the backup").await?;
    Ok(Output::Done { work_request_id, asked_at, vault_id: Some(vault_id) })
}

async fn restore_vault(
    context: &Context,
    region: Region,
    compartment: &CompartmentId,
    from: &ObjectPlace,
    retry_token: &str,
) -> Result<Output, EngineError> {
    let asked_at = context.clock.now();
    let asked = context.client.restore_vault(region, compartment, from, Some(retry_token)).await?;
    let (vault_id, work_request_id) = finish(context, region, asked, "the restore").await?;
    Ok(Output::Done { work_request_id, asked_at, vault_id: Some(vault_id) })
}

/// Waits for the work request and then for the vault itself. A vault turns ACTIVE again after a failed backup
/// too, so the work request decides wherever it can be read.
async fn finish(
    context: &Context,
    region: Region,
    (vault, work_request_id): (Vault, Option<String>),
    what: &str,
) -> Result<(VaultId, Option<String>), EngineError> {
    let client = &context.client;
    if let Some(id) = &work_request_id {
        let ended = until(context, what, async || match client.work_request(region, id).await {
            Ok(work) => Ok(ended(work)),
            // Some policies hide the work request; the vault's state and the object have to do then.
            Err(error) if error.is_absent_or_forbidden() => Ok(Some(None)),
            Err(error) => Err(error.into()),
        });
        if let Some(work) = ended.await?
            && work.status.is_failure()
        {
            let errors = client.work_request_errors(region, id).await.unwrap_or_default();
            return Err(EngineError::WorkRequest { id: id.clone(), status: work.status.to_string(), errors });
        }
    }
    until(context, what, async || {
        let state = client.vault(region, &vault.id).await?.lifecycle_state;
        Ok((state == VaultState::Active).then_some(()))
    })
    .await?;
    Ok((vault.id, work_request_id))
}

fn ended(work: WorkRequest) -> Option<Option<WorkRequest>> {
    (work.status.is_success() || work.status.is_failure()).then_some(Some(work))
}

/// Looks again and again until there is an answer or patience ends.
async fn until<T>(
    context: &Context,
    what: &str,
    look: impl AsyncFn() -> Result<Option<T>, EngineError>,
) -> Result<T, EngineError> {
    let mut waited = Duration::ZERO;
    for number in 0.. {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        let Some(pause) = context.patience.pause(number, waited) else { break };
        context.clock.sleep(pause).await;
        waited += pause;
    }
    Err(EngineError::TimedOut { what: what.to_owned(), seconds: waited.as_secs() })
}

async fn check_object(
    context: &Context,
    at: &ObjectPlace,
    expect: Option<ExpectedBytes>,
) -> Result<Output, EngineError> {
    let missing = || EngineError::ObjectMissing(at.to_string());
    let facts = context.client.head_object(at).await?.ok_or_else(missing)?;
    let differs = |expected: ExpectedBytes, found: String| EngineError::ObjectDiffers {
        object: at.to_string(),
        expected: format!("{} bytes with SHA-256 {}", expected.size, expected.sha256),
        found,
    };
    if let Some(expected) = expect
        && facts.size != expected.size
    {
        return Err(differs(expected, format!("{} bytes", facts.size)));
    }
    let limit = usize::try_from(facts.size).unwrap_or(usize::MAX).min(LONGEST_BLOB);
    let read = context.client.object(at, limit).await?;
    let bytes = ExpectedBytes { size: read.len() as u64, sha256: Sha256::of(&read) };
    match expect {
        Some(expected) if expected != bytes => {
            Err(differs(expected, format!("{} bytes with SHA-256 {}", bytes.size, bytes.sha256)))
        }
        _ if bytes.size == 0 => Err(EngineError::ObjectMissing(format!("{at} is empty; its content"))),
        _ => Ok(Output::Checked { bytes, facts }),
    }
}

async fn copy_object(context: &Context, from: &ObjectPlace, to: &ObjectPlace) -> Result<Output, EngineError> {
    let asked_at = context.clock.now();
    let client = &context.client;
    let id = client.copy_object(from, to).await?;
    let work = until(context, "the copy", async || {
        Ok(ended(client.object_work_request(from.region, &id).await?).flatten())
    });
    let work = work.await?;
    if work.status.is_failure() {
        let errors = client.object_work_request_errors(from.region, &id).await.unwrap_or_default();
        return Err(EngineError::WorkRequest { id, status: work.status.to_string(), errors });
    }
    Ok(Output::Done { work_request_id: Some(id), asked_at, vault_id: None })
}

async fn find_vault(
    context: &Context,
    region: Region,
    restored: Option<VaultId>,
    backed_up: Option<&VaultId>,
    compartment: &CompartmentId,
) -> Result<Vault, EngineError> {
    if let Some(id) = restored {
        return Ok(context.client.vault(region, &id).await?);
    }
    let vaults = context.client.list_vaults(region, compartment).await?;
    let is_it = |vault: &Vault| {
        vault.lifecycle_state != VaultState::Deleted
            && backed_up.is_some_and(|id| vault.id == *id || vault.restored_from.as_ref() == Some(id))
    };
    vaults.into_iter().find(is_it).ok_or_else(|| EngineError::NotRestored {
        region: region.to_string(),
        vault_id: backed_up.map(ToString::to_string).unwrap_or_default(),
    })
}

/// Lists the restored vault's keys until all expected ones are there. What does not come is left out of the
/// map, and its versions fail their proof.
async fn map_vault(
    context: &Context,
    vault: Vault,
    backed_up: Option<&VaultId>,
    search: &[CompartmentId],
    expected: &[ExpectedKey],
) -> Result<Output, EngineError> {
    let mut mapping = Mapping::default();
    let mut waited = Duration::ZERO;
    for look in 0..LOOKS_FOR_KEYS {
        let mut keys = Vec::new();
        for compartment in search {
            keys.extend(context.client.list_keys(&vault, compartment).await?);
        }
        // The order of the backup, so that the map reads like it.
        keys.sort_by_key(|key: &Key| {
            let is_it = |e: &ExpectedKey| e.id == *key.restored_from.as_ref().unwrap_or(&key.id);
            (expected.iter().position(is_it), key.time_created)
        });
        mapping = fold(&vault, backed_up, &keys, expected);
        let wanted: usize = expected.iter().map(|key| 1 + key.versions.len()).sum();
        if mapping.entries.len() > wanted || (expected.is_empty() && !keys.is_empty()) {
            break;
        }
        let Some(pause) = context.patience.pause(look, waited) else { break };
        context.clock.sleep(pause).await;
        waited += pause;
    }
    Ok(Output::Mapped { vault: Box::new(vault), mapping })
}

fn fold(vault: &Vault, backed_up: Option<&VaultId>, keys: &[Key], expected: &[ExpectedKey]) -> Mapping {
    let entry = |kind, name: Option<&str>, from: String, to: String| MappingEntry {
        kind,
        name: name.map(str::to_owned),
        from,
        to,
    };
    let from = backed_up.or(vault.restored_from.as_ref()).unwrap_or(&vault.id);
    let mut entries =
        vec![entry(MappingKind::Vault, Some(&vault.name), from.to_string(), vault.id.to_string())];
    let mut versions = Vec::new();
    for key in keys {
        let origin = key.restored_from.as_ref().unwrap_or(&key.id);
        let wanted = expected.iter().find(|e| e.id == *origin || e.id == key.id);
        if wanted.is_none() && !expected.is_empty() {
            continue;
        }
        let from = wanted.map_or(origin, |key| &key.id);
        entries.push(entry(MappingKind::Key, Some(&key.name), from.to_string(), key.id.to_string()));
        for version in &key.versions {
            let origin = version.restored_from.as_ref().unwrap_or(&version.id);
            let listed = |id: &&KeyVersionId| **id == *origin || **id == version.id;
            let from = match wanted.map(|key| key.versions.iter().find(listed)) {
                Some(None) => continue,
                Some(Some(id)) => id,
                None => origin,
            };
            let kind = MappingKind::KeyVersion;
            versions.push(entry(kind, Some(&key.name), from.to_string(), version.id.to_string()));
        }
    }
    entries.extend(versions);
    Mapping {
        entries,
        management_endpoint: Some(vault.management_endpoint.clone()),
        crypto_endpoint: Some(vault.crypto_endpoint.clone()),
    }
}
