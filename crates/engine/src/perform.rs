//! The single match from actions to calls.

use keyferry_catalogue::Claim;
use keyferry_core::journal::{InDoubt, Output, Progress};
use keyferry_core::manifest::{self, SealedManifest};
use keyferry_core::model::Usage;
use keyferry_core::plan::{Action, ExpectedBytes, Plan, Step};
use keyferry_ids::{Region, VaultId};

use crate::jobs::{KeyBackup, VaultBackup};
use crate::{Context, EngineError, jobs, map, mint, objects, prove};

/// One step as it is performed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doing<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) run_id: &'a str,
    pub(crate) step: &'a Step,
    pub(crate) retry_token: &'a str,
    /// It was started before: look first.
    pub(crate) doubt: Option<&'a InDoubt>,
    pub(crate) progress: &'a Progress,
}

impl Doing<'_> {
    /// The first result of a needed step that is of use.
    fn needed<T>(&self, of_use: impl Fn(&Output) -> Option<T>) -> Option<T> {
        self.step.needs.iter().filter_map(|id| self.progress.outputs.get(id)).find_map(of_use)
    }

    /// True if the service has just written this through a pre-authenticated request, and it is read for the first
    /// time.
    fn follows_par(&self) -> bool {
        let mut needed = self.plan.steps.iter().filter(|step| self.step.needs.contains(&step.id));
        needed.any(|step| step.details.is_by_par()) && self.checked().is_none()
    }

    fn checked(&self) -> Option<ExpectedBytes> {
        self.needed(|output| match output {
            Output::Checked { bytes, .. } => Some(*bytes),
            _ => None,
        })
    }
}

pub(crate) async fn perform(context: &Context, doing: Doing<'_>) -> Result<Output, EngineError> {
    let Doing { run_id, step, retry_token, doubt, progress, .. } = doing;
    match &step.details {
        Action::ClaimGeneration { store, vault_id, generation, backup_id } => {
            let claim = Claim { generation: *generation, backup_id: backup_id.clone() };
            context.stores.oci(store.clone()).claim(vault_id, &claim).await?;
            Ok(Output::Claimed)
        }
        Action::MintCanary { vault, key_id, version_id, shape, canary, backup_id } => {
            let chance = context.seed.bytes(&format!("canary {run_id} {}", step.id));
            mint::mint(context, vault, (key_id, version_id, shape), *canary, backup_id, chance).await
        }
        Action::BackupVault { vault_id, region, to, include_keys, by_par } => {
            let (region, include_keys, by_par) = (*region, *include_keys, *by_par);
            let backup = VaultBackup { vault_id, region, to, include_keys, by_par };
            match doubt {
                Some(doubt) => jobs::settle_vault_backup(context, backup, doubt, retry_token).await,
                None => jobs::backup_vault(context, backup, retry_token).await,
            }
        }
        Action::BackupKey { vault, key_id, to, by_par } => {
            let backup = KeyBackup { vault, key: key_id, to, by_par: *by_par };
            match doubt {
                Some(doubt) => jobs::settle_key_backup(context, backup, doubt, retry_token).await,
                None => jobs::backup_key(context, backup, retry_token).await,
            }
        }
        Action::CheckUsage { vault_id, region, usage } => count(context, *region, vault_id, *usage).await,
        Action::CheckObject { at, expect } => {
            let checked = objects::check(context, at, expect.or_else(|| doing.checked())).await;
            match checked {
                Err(error) if doing.follows_par() && error.is_absent_or_forbidden() => {
                    Err(objects::lost(context, at, error).await)
                }
                checked => checked,
            }
        }
        Action::CopyObject { from, to } => objects::copy(context, from, to, doing.checked()).await,
        Action::CopyOut { from, to, name } => {
            objects::copy_out(context, from, to, name, doing.checked()).await
        }
        Action::SealManifest { draft } => {
            let manifest = manifest::complete(draft, doing.plan, step, progress);
            let key = context.signing_key.as_ref().ok_or(EngineError::NoKey)?;
            let sealed = manifest::seal(&manifest.ok_or(EngineError::NoResult)?, key)?;
            let text = String::from_utf8(sealed.bytes).map_err(|_| EngineError::NoResult)?;
            Ok(Output::Sealed { manifest: text, signature: sealed.signature })
        }
        Action::PublishBundle { to, backup_id } => {
            let sealed = doing.needed(|output| match output {
                Output::Sealed { manifest, signature } => Some(SealedManifest {
                    bytes: manifest.clone().into_bytes(),
                    signature: signature.clone(),
                }),
                _ => None,
            });
            let sealed = sealed.ok_or(EngineError::NoResult)?;
            context.stores.open(to)?.publish(backup_id, &sealed).await?;
            Ok(Output::Stored)
        }
        Action::RestoreVault { region, compartment_id, from, vault_id } => match doubt {
            Some(doubt) => {
                let place = (*region, compartment_id);
                jobs::settle_restore(context, place, from, vault_id.as_ref(), doubt, retry_token).await
            }
            None => jobs::restore_vault(context, *region, compartment_id, from, retry_token).await,
        },
        Action::MapVault { region, vault_id, compartment_id, search, keys } => {
            let restored = doing.needed(|output| match output {
                Output::Done { vault_id, .. } => vault_id.clone(),
                _ => None,
            });
            let vault_id = vault_id.as_ref();
            let restored = map::find_vault(context, *region, restored, vault_id, compartment_id).await?;
            map::map_vault(context, restored, vault_id, search, keys).await
        }
        Action::ProveVersion { .. } => {
            let mapped = doing.needed(|output| match output {
                Output::Mapped { vault, mapping } => Some((vault.clone(), mapping.clone())),
                _ => None,
            });
            let (vault, mapping) = mapped.ok_or(EngineError::NoResult)?;
            let chance = context.seed.bytes(&format!("challenge {run_id} {}", step.id));
            prove::prove(context, &vault, &mapping, &step.details, chance).await
        }
    }
}

/// One call sees every rotation and every new key, wherever it lies.
async fn count(
    context: &Context,
    region: Region,
    vault: &VaultId,
    before: Usage,
) -> Result<Output, EngineError> {
    let now = context.client.vault_usage(region, vault).await?;
    let pairs = [
        ("keys", before.keys + before.software_keys, now.keys + now.software_keys),
        (
            "key versions",
            before.key_versions + before.software_key_versions,
            now.key_versions + now.software_key_versions,
        ),
    ];
    let changes = pairs.into_iter().filter(|(_, before, now)| before != now);
    let changed: Vec<_> =
        changes.map(|(what, before, now)| format!("{what}: {before} before, {now} after")).collect();
    Ok(Output::Counted { changed: (!changed.is_empty()).then(|| changed.join("; ")) })
}
