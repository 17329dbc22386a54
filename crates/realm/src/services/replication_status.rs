//! How far a change of a vault, key or version has come to the vault's replica.

use keyferry_seams::Seed;
use keyferry_wire::kms::{
    ReplicaDetails, ReplicationProgress, ReplicationStatus, ReplicationStatusDetails, VaultReplicaStatus,
};

use super::vaults::here;
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::{Replica, VaultRecord};
use crate::refusal::Refusal;

/// Letters of an id that name a change; as many behind them prove that it was one of this vault.
const HALF: usize = 16;

fn replica(vault: &VaultRecord) -> Option<&Replica> {
    vault.replica.as_ref().filter(|replica| replica.status == VaultReplicaStatus::Created)
}

/// Names the replication of the change that gave a vault, or something in it, its etag.
pub(super) fn details(moment: &Moment<'_>, vault: &VaultRecord, etag: &str) -> Option<ReplicaDetails> {
    replica(vault)?;
    Some(ReplicaDetails { replication_id: Some(id(moment, vault, etag.get(..HALF)?)) })
}

/// Nothing about it has to be remembered: whether an id was given out can be seen from the id.
fn id(moment: &Moment<'_>, vault: &VaultRecord, change: &str) -> String {
    let seed: Seed = moment.account.root_key.child("replications").child(&vault.id).child(change);
    format!("{change}{}", &mint::etag(&seed)[..HALF])
}

/// A replica follows at once, if its region can be reached.
pub(super) fn status(call: &Call<'_>) -> Result<Effect, Refusal> {
    let vault = here(call)?;
    let replica = replica(vault).ok_or_else(Refusal::absent)?;
    let change = call.name(0).get(..HALF).ok_or_else(Refusal::absent)?;
    if call.name(0) != id(call, vault, change) {
        return Err(Refusal::absent());
    }
    let is_there = call.world.is_up(replica.region);
    let status = if is_there { ReplicationStatus::Replicated } else { ReplicationStatus::Replicating };
    let region = replica.region.name().to_owned();
    let details = ReplicationStatusDetails { replica_details: vec![ReplicationProgress { region, status }] };
    Ok(Effect::json(&details)?.etag(&vault.etag))
}

#[cfg(test)]
mod tests;
