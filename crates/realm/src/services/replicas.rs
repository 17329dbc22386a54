//! Replicas of vaults in other regions.
//!
//! A replica is no copy: it is the vault itself, seen from another region. So it follows every change at
//! once, and a lost region is all that parts the two.

use http::{Method, StatusCode};
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::kms::{
    CreateVaultReplicaDetails, DeleteVaultReplicaDetails, VaultReplicaStatus, VaultReplicaSummary,
};
use keyferry_wire::{Plane, SPECS};
use serde::{Deserialize, Serialize};

use super::backups::{self, vault_resource};
use super::limits;
use super::vaults::{check_active, here, named};
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::{Replica, VaultRecord, WorkRequestRecord};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// A replica on its way to be made or deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Replication {
    pub(crate) region: Region,
    work_request_id: String,
    vault_id: String,
    /// Made, or deleted.
    is_new: bool,
}

impl Listed for Replica {
    fn id(&self) -> &str {
        self.region.name()
    }
    fn name(&self) -> &str {
        self.region.name()
    }
    /// There is one at most, so that no order comes of it.
    fn time_created(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Refuses to change anything at a replica: it can be read and it encrypts, and that is all.
pub(super) fn check_primary(call: &Call<'_>) -> Result<(), Refusal> {
    let spec = SPECS.iter().find(|spec| spec.name == call.operation);
    let Some(spec) = spec.filter(|spec| spec.method != Method::GET) else { return Ok(()) };
    let vault = match spec.plane {
        Plane::Vault if spec.path.contains("{vaultId}") => named(call),
        Plane::Management => here(call),
        _ => return Ok(()),
    };
    match vault {
        Ok(vault) if !vault.is_primary_in(call.region) => {
            let source = vault.lost_source.unwrap_or(vault.region);
            Err(Refusal::conflict(format!("This is a replica, which is managed in {source} only.")))
        }
        _ => Ok(()),
    }
}

fn region_of(call: &Call<'_>, text: &str) -> Result<Region, Refusal> {
    let region = Region::parse(text).ok().filter(|region| call.is_subscribed(*region));
    region
        .filter(|region| *region != call.region)
        .ok_or_else(|| Refusal::invalid("replicaRegion is another region that the tenancy is subscribed to."))
}

/// Asked for again, a replica is already there, and nothing is to be done.
pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    let details: CreateVaultReplicaDetails = call.json()?;
    let region = region_of(call, &details.replica_region)?;
    if details.replica_vault_metadata.is_some() {
        return Err(Refusal::invalid("replicaVaultMetadata is for external vaults."));
    }
    check_active(vault)?;
    let mut work_request = accepted(call, "CREATE_VAULT_REPLICA", vault);
    match &vault.replica {
        None => {
            let there = Moment { region, seed: call.seed.clone(), ..call.moment };
            limits::check_vault(&there, &vault.vault_type)?;
            let replica = Replica { region, status: VaultReplicaStatus::Creating };
            Ok(begun(call, vault, replica, work_request))
        }
        Some(replica) if replica.region == region && replica.status != VaultReplicaStatus::Deleting => {
            work_request = work_request.succeeded(call.now, "There is such a replica already.");
            Ok(Effect::empty(StatusCode::ACCEPTED).work_request(&work_request.id).change(work_request))
        }
        Some(replica) if replica.region == region => {
            Err(Refusal::incorrect_state("The replica in that region is being deleted."))
        }
        Some(replica) => {
            Err(Refusal::conflict(format!("The vault has a replica in {} already.", replica.region)))
        }
    }
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    let details: DeleteVaultReplicaDetails = call.json()?;
    let region = region_of(call, &details.replica_region)?;
    check_active(vault)?;
    let replica = vault.replica.as_ref().filter(|replica| replica.region == region);
    let replica = replica.ok_or_else(Refusal::absent)?;
    if replica.status != VaultReplicaStatus::Created {
        return Err(Refusal::incorrect_state(format!("The replica's status is {}.", replica.status)));
    }
    let work_request = accepted(call, "DELETE_VAULT_REPLICA", vault);
    let replica = Replica { region, status: VaultReplicaStatus::Deleting };
    Ok(begun(call, vault, replica, work_request))
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = named(call)?;
    call.check_if_match(&vault.etag)?;
    let mut replicas: Vec<Replica> = vault.replica.iter().cloned().collect();
    lists::sort(call, "DISPLAYNAME", &mut replicas)?;
    let effect = lists::page(call, &replicas, |replica| VaultReplicaSummary {
        crypto_endpoint: Some(call.account.crypto_endpoint(replica.region, &vault.ext)),
        management_endpoint: Some(call.account.management_endpoint(replica.region, &vault.ext)),
        region: Some(replica.region.name().to_owned()),
        status: Some(replica.status.clone()),
    })?;
    Ok(effect.etag(&vault.etag))
}

fn accepted(call: &Call<'_>, operation_type: &str, vault: &VaultRecord) -> WorkRequestRecord {
    let (resource, takes) = (vault_resource("RELATED", vault), call.account.latency.create);
    backups::accepted(call, operation_type, &vault.compartment_id, resource, takes)
}

fn begun(call: &Call<'_>, vault: &VaultRecord, replica: Replica, work_request: WorkRequestRecord) -> Effect {
    let task = Task::FinishReplication(Replication {
        region: call.region,
        work_request_id: work_request.id.clone(),
        vault_id: vault.id.clone(),
        is_new: replica.status == VaultReplicaStatus::Creating,
    });
    let etag = mint::etag(&call.seed);
    Effect::empty(StatusCode::ACCEPTED)
        .change(VaultRecord { replica: Some(replica), etag, ..vault.clone() })
        .work(work_request, task)
}

impl Replication {
    /// Makes or deletes the replica, for which its region has to answer; otherwise all stays as it was.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let world = moment.world;
        let (Some(vault), Some(work_request)) =
            (world.vaults.get(&self.vault_id), world.work_requests.get(&self.work_request_id))
        else {
            return Vec::new();
        };
        let made = |replica: &Replica| Replica { status: VaultReplicaStatus::Created, ..replica.clone() };
        let is_there = vault.replica.as_ref().map(|replica| (replica, world.is_up(replica.region)));
        let (replica, message) = match is_there {
            Some((replica, true)) if self.is_new => (Some(made(replica)), Ok("The replica was created.")),
            Some((_, true)) => (None, Ok("The replica was deleted.")),
            Some((_, false)) if self.is_new => (None, Err("The replica's region does not answer.")),
            Some((replica, false)) => (Some(made(replica)), Err("The replica's region does not answer.")),
            None if self.is_new => (None, Err("The replica's region was lost.")),
            None => (None, Ok("The replica was lost with its region.")),
        };
        let work_request = match message {
            Ok(message) => work_request.succeeded(moment.now, message),
            Err(message) => work_request.failed(moment.now, &Refusal::conflict(message)),
        };
        let etag = mint::etag(&moment.seed);
        vec![VaultRecord { replica, etag, ..vault.clone() }.into(), work_request.into()]
    }
}

#[cfg(test)]
mod tests;
