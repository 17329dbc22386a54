//! Restores of vaults from a bucket of the region they are restored in.

use keyferry_ids::Region;
use keyferry_wire::kms::{RestoreVaultDetails, VaultState};
use serde::{Deserialize, Serialize};

use super::backups::{Location, vault_resource};
use super::vaults::{changed, check_active};
use super::{buckets, objects};
use crate::blob::{self, BackupFile};
use crate::call::{Call, Effect, Moment};
use crate::lineage;
use crate::mint;
use crate::records::{ObjectRecord, VaultRecord, WorkRequestRecord, WorkService};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// A restore under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Restore {
    pub(crate) region: Region,
    work_request_id: String,
    vault_id: String,
    /// If it fails, there is no such vault.
    is_new: bool,
    location: Location,
    /// Of the object when the restore was accepted.
    etag: String,
}

pub(super) fn restore(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    let details: RestoreVaultDetails = call.json()?;
    let location = Location::of(call, details.backup_location)?;
    let object = object_at(call, &location)?;
    let file = opened(call, object)?;
    if compartment != file.vault.compartment_id {
        return Err(Refusal::invalid(format!(
            "A vault is restored into the compartment it was backed up in, {}.",
            file.vault.compartment_id
        )));
    }
    let relative = lineage::relative(call, &file.vault.lineage_id);
    if let Some(vault) = relative {
        call.check_if_match(&vault.etag)?;
        check_active(vault)?;
    }
    let (action, vault) = match relative {
        Some(vault) => {
            let etag = mint::etag(&call.seed);
            ("UPDATED", VaultRecord { state: VaultState::Restoring, etag, ..vault.clone() })
        }
        None => ("CREATED", lineage::descendant(call, &file)),
    };
    let work_request = WorkRequestRecord::accepted(
        call,
        WorkService::General,
        "RESTORE_VAULT",
        &vault.compartment_id,
        vec![vault_resource(action, &vault)],
        call.account.latency.restore,
    );
    let task = Task::FinishRestore(Restore {
        region: call.region,
        work_request_id: work_request.id.clone(),
        vault_id: vault.id.clone(),
        is_new: relative.is_none(),
        etag: object.etag.clone(),
        location,
    });
    Ok(changed(call, vault)?
        .work_request(&work_request.id)
        .change(Change::Schedule(work_request.due, task))
        .change(work_request))
}

fn object_at<'m>(moment: &'m Moment<'_>, location: &Location) -> Result<&'m ObjectRecord, Refusal> {
    let bucket = buckets::find(moment, &location.namespace, &location.bucket)?;
    let object = moment.world.object(moment.region, &bucket.name, &location.object);
    object.ok_or_else(|| objects::absent(&bucket.name, &location.object))
}

/// The content of a backup file that may be restored here: all compartments in it have to be there.
fn opened(moment: &Moment<'_>, object: &ObjectRecord) -> Result<BackupFile, Refusal> {
    let file = blob::open(&object.bytes, &moment.account.root_key)
        .map_err(|e| Refusal::invalid(format!("The object can't be restored from: {e}.")))?;
    if file.realm != moment.region.realm() {
        return Err(Refusal::invalid(format!("The backup was made in another realm, {}.", file.realm)));
    }
    if file.tenancy_id != moment.account.identity.tenancy_id {
        return Err(Refusal::absent());
    }
    let compartments = file.keys.iter().map(|key| &key.compartment_id);
    for id in compartments.chain([&file.vault.compartment_id]) {
        moment.check_compartment(id).map_err(|_| {
            Refusal::invalid(format!("The compartment {id} in the backup does not exist any more."))
        })?;
    }
    Ok(file)
}

impl Restore {
    /// Adds what the file holds to the vault, or says in the work request why not.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let world = moment.world;
        let (Some(vault), Some(work_request)) =
            (world.vaults.get(&self.vault_id), world.work_requests.get(&self.work_request_id))
        else {
            return Vec::new();
        };
        match self.read_again(moment) {
            Ok(file) => {
                let message = format!("The vault was restored with {} keys.", file.keys.len());
                let mut changes = lineage::merged(moment, vault, file);
                changes.push(work_request.succeeded(moment.now, &message).into());
                changes
            }
            Err(refusal) => {
                let state = if self.is_new { VaultState::Deleted } else { VaultState::Active };
                let vault = VaultRecord { state, etag: mint::etag(&moment.seed), ..vault.clone() };
                vec![vault.into(), work_request.failed(moment.now, &refusal).into()]
            }
        }
    }

    fn read_again(&self, moment: &Moment<'_>) -> Result<BackupFile, Refusal> {
        let object = object_at(moment, &self.location)?;
        if object.etag != self.etag {
            return Err(Refusal::conflict("The object was written anew while it was restored from."));
        }
        opened(moment, object)
    }
}

#[cfg(test)]
mod tests;
