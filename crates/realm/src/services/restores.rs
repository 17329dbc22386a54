//! Restores of vaults and single keys, from an object or from the bytes of a backup file themselves.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use keyferry_ids::Region;
use keyferry_wire::headers;
use keyferry_wire::kms::{KeyBackupDetails, KeyState, RestoreVaultDetails, VaultState};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::backups::{accepted, check_lasting, free, key_resource, touched, vault_resource};
use super::locations::Location;
use super::pars::Wish;
use super::vaults::{changed, check_active, here};
use super::{keys, limits};
use crate::blob::{self, BackupFile};
use crate::call::{Call, Effect, Moment};
use crate::lineage;
use crate::mint;
use crate::records::{KeyRecord, VaultRecord};
use crate::refusal::{Refusal, shortened};
use crate::semantics::RestoreExisting;
use crate::tasks::Task;
use crate::world::Change;

/// A restore under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Restore {
    pub(crate) region: Region,
    work_request_id: String,
    vault_id: String,
    /// The one key, if it is not the vault that is restored.
    key_id: Option<String>,
    /// If it fails, there is no such vault or key.
    is_new: bool,
    source: Source,
}

/// Where a backup file comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Source {
    /// An object, which has to stay the same until it is read.
    Object { location: Location, etag: String },
    /// The request brought it along.
    File(Bytes),
}

impl Source {
    fn file(&self, moment: &Moment<'_>) -> Result<BackupFile, Refusal> {
        let bytes = match self {
            Self::File(bytes) => bytes.clone(),
            Self::Object { location, etag } => {
                let (bytes, now) = location.read(moment)?;
                if now != *etag {
                    return Err(Refusal::conflict("The object was written anew while it was restored from."));
                }
                bytes
            }
        };
        opened(moment, &bytes)
    }
}

/// The content of a backup file that may be restored here.
fn opened(moment: &Moment<'_>, bytes: &[u8]) -> Result<BackupFile, Refusal> {
    let file = blob::open(bytes, &moment.account.root_key)
        .map_err(|e| Refusal::invalid(format!("The backup can't be restored from: {e}.")))?;
    if file.realm != moment.region.realm() {
        return Err(Refusal::invalid(format!("The backup was made in another realm, {}.", file.realm)));
    }
    if file.tenancy_id != moment.account.identity.tenancy_id {
        return Err(Refusal::absent());
    }
    for key in &file.keys {
        check_compartment(moment, &key.compartment_id)?;
    }
    Ok(file)
}

/// Keys go back into their own compartments, which have to be there.
fn check_compartment(moment: &Moment<'_>, id: &str) -> Result<(), Refusal> {
    moment
        .check_compartment(id)
        .map_err(|_| Refusal::invalid(format!("The compartment {id} in the backup does not exist any more.")))
}

fn object_of(
    call: &Call<'_>,
    location: Option<keyferry_wire::kms::BackupLocation>,
) -> Result<Source, Refusal> {
    let location = Location::of(call, location, Wish::Read)?;
    let (_, etag) = location.read(call)?;
    Ok(Source::Object { location, etag })
}

/// Whatever content-type says, the body is the file: clients send it as JSON too.
fn body_of(call: &Call<'_>) -> Result<(Source, String), Refusal> {
    let md5 = BASE64_STANDARD.encode(Md5::digest(call.body));
    if let Some(claimed) = call.header(headers::CONTENT_MD5).filter(|claimed| *claimed != md5) {
        let message = format!(
            "Unmatched Content MD5: the body's is {md5}, the content-md5 header says {}.",
            shortened(claimed)
        );
        return Err(Refusal::new(400, "UnmatchedContentMD5", message));
    }
    Ok((Source::File(call.body.clone()), md5))
}

pub(super) fn from_object(call: &Call<'_>) -> Result<Effect, Refusal> {
    call.required("compartmentId")?;
    let details: RestoreVaultDetails = call.json()?;
    restore(call, object_of(call, details.backup_location)?)
}

pub(super) fn from_file(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (source, md5) = body_of(call)?;
    Ok(restore(call, source)?.header(headers::OPC_CONTENT_MD5, md5))
}

pub(super) fn key_from_object(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: KeyBackupDetails = call.json()?;
    restore_key(call, object_of(call, details.backup_location)?)
}

pub(super) fn key_from_file(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (source, md5) = body_of(call)?;
    Ok(restore_key(call, source)?.header(headers::OPC_CONTENT_MD5, md5))
}

fn restore(call: &Call<'_>, source: Source) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    let file = source.file(call)?;
    if file.is_key_backup {
        return Err(Refusal::invalid("This is the backup of a key, not of a vault."));
    }
    if call.account.semantics.strict_compartment && compartment != file.vault.compartment_id {
        return Err(Refusal::invalid(format!(
            "A vault is restored into the compartment it was backed up in, {}.",
            file.vault.compartment_id
        )));
    }
    check_compartment(call, compartment)?;
    let relative = lineage::relative(call, &file.vault.lineage_id);
    let (action, vault) = match relative {
        Some(vault) => {
            check_merge(call)?;
            call.check_if_match(&vault.etag)?;
            check_active(vault)?;
            ("UPDATED", vault.clone())
        }
        None => {
            let compartment_id = compartment.to_owned();
            ("CREATED", VaultRecord { compartment_id, ..lineage::descendant(call, &file) })
        }
    };
    limits::check_restore(call, &vault, relative.is_none(), &file.keys)?;
    let vault = busy(call, &vault, None);
    let (resource, takes) = (vault_resource(action, &vault), call.account.latency.restore);
    let work_request = accepted(call, "RESTORE_VAULT", &vault.compartment_id, resource, takes);
    let restore = Restore {
        region: call.region,
        work_request_id: work_request.id.clone(),
        vault_id: vault.id.clone(),
        key_id: None,
        is_new: relative.is_none(),
        source,
    };
    Ok(changed(call, vault)?.work(work_request, Task::FinishRestore(restore)))
}

/// A key goes back into its own vault, or into what that was restored to. Any other vault is none of its.
fn restore_key(call: &Call<'_>, source: Source) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let file = source.file(call)?;
    let BackupFile { vault: origin, mut keys, is_key_backup, .. } = file;
    let Some(part) = keys.pop().filter(|_| is_key_backup) else {
        return Err(Refusal::invalid("This is the backup of a vault, not of a key."));
    };
    if origin.lineage_id != vault.lineage_id {
        return Err(Refusal::absent());
    }
    let before = call.world.keys_of(&vault.id).find(|key| key.lineage_id == part.lineage_id);
    let there = before.filter(|key| key.state != KeyState::Deleted);
    if let Some(key) = there {
        check_merge(call)?;
        call.check_if_match(&key.etag)?;
    }
    check_active(vault)?;
    limits::check_restore(call, vault, false, std::slice::from_ref(&part))?;
    let (action, key) = match there {
        Some(key) => {
            check_lasting(key)?;
            ("UPDATED", touched(call, key))
        }
        None => ("CREATED", lineage::key_to_be(call, vault, &origin.id, part)),
    };
    let vault = busy(call, vault, Some(&key.id));
    let (resource, takes) = (key_resource(action, &key), call.account.latency.restore);
    let work_request = accepted(call, "RESTORE_KEY", &key.compartment_id, resource, takes);
    let restore = Restore {
        region: call.region,
        work_request_id: work_request.id.clone(),
        vault_id: vault.id.clone(),
        key_id: Some(key.id.clone()),
        is_new: there.is_none(),
        source,
    };
    let effect = Effect::json(&keys::view(call, &vault, &key))?.etag(&key.etag);
    Ok(effect.change(vault).change(key).work(work_request, Task::FinishRestore(restore)))
}

/// Refuses to restore into what is there, if that is how it is.
fn check_merge(call: &Call<'_>) -> Result<(), Refusal> {
    match call.account.semantics.restore_existing {
        RestoreExisting::Merge => Ok(()),
        RestoreExisting::Conflict => Err(Refusal::conflict("What the backup holds is there already.")),
    }
}

fn busy(moment: &Moment<'_>, vault: &VaultRecord, key_id: Option<&String>) -> VaultRecord {
    let etag = mint::etag(&moment.seed);
    VaultRecord { state: VaultState::Restoring, busy_key: key_id.cloned(), etag, ..vault.clone() }
}

impl Restore {
    /// Adds what the file holds, or says in the work request why not.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let world = moment.world;
        let (Some(vault), Some(work_request)) =
            (world.vaults.get(&self.vault_id), world.work_requests.get(&self.work_request_id))
        else {
            return Vec::new();
        };
        match self.source.file(moment) {
            Ok(file) if self.key_id.is_some() => {
                let mut changes = lineage::merged_keys(moment, vault, &file.vault.id, file.keys);
                changes.push(free(moment, vault).into());
                changes.push(work_request.succeeded(moment.now, "The key was restored.").into());
                changes
            }
            Ok(file) => {
                let message = format!("The vault was restored with {} keys.", file.keys.len());
                let mut changes = lineage::merged(moment, vault, file);
                changes.push(work_request.succeeded(moment.now, &message).into());
                changes
            }
            Err(refusal) => self.fail(moment, &refusal),
        }
    }

    /// Brings nothing back, and says so in the work request.
    pub(crate) fn fail(&self, moment: &Moment<'_>, refusal: &Refusal) -> Vec<Change> {
        let vault = moment.world.vaults.get(&self.vault_id);
        let mut changes = vault.map(|vault| self.undone(moment, vault)).unwrap_or_default();
        let work_request = moment.world.work_requests.get(&self.work_request_id);
        changes.extend(work_request.map(|request| request.failed(moment.now, refusal).into()));
        changes
    }

    /// Everything as it was. What would have been new is deleted.
    fn undone(&self, moment: &Moment<'_>, vault: &VaultRecord) -> Vec<Change> {
        let vault = free(moment, vault);
        let key = self.key_id.as_ref().and_then(|id| moment.world.keys.get(id));
        match key {
            Some(key) => {
                let key = touched(moment, key);
                let state = if self.is_new { KeyState::Deleted } else { key.state.clone() };
                vec![vault.into(), KeyRecord { state, ..key }.into()]
            }
            None if self.is_new && self.key_id.is_none() => {
                vec![VaultRecord { state: VaultState::Deleted, ..vault }.into()]
            }
            None => vec![vault.into()],
        }
    }
}

#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod tests;
