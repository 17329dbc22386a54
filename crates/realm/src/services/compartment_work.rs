//! Identity: the deletion and the move of compartments, which work requests follow.

use http::StatusCode;
use keyferry_ids::Region;
use keyferry_wire::identity::{CompartmentState, MoveCompartmentDetails};
use keyferry_wire::kms::{KeyState, VaultState};
use keyferry_wire::secrets::SecretState;
use keyferry_wire::work_requests::WorkRequestResource;
use serde::{Deserialize, Serialize};

use super::compartments::{check_depth, check_free, to_change, upwards};
use super::secrets;
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::{CompartmentRecord, WorkRequestRecord, WorkService};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::{Change, World};

/// A deletion or a move under way. Both are done in the home region's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CompartmentWork {
    pub(crate) region: Region,
    work_request_id: String,
    id: String,
    /// None if it is to be deleted.
    target_id: Option<String>,
}

/// Accepts a deletion or a move.
fn accepted(
    call: &Call<'_>,
    record: &CompartmentRecord,
    target_id: Option<String>,
) -> (Effect, CompartmentRecord) {
    let (operation, action) = match target_id {
        None => ("DELETE_COMPARTMENT", "DELETED"),
        Some(_) => ("MOVE_COMPARTMENT", "UPDATED"),
    };
    let resource = WorkRequestResource {
        action_type: action.to_owned(),
        entity_type: "compartment".to_owned(),
        identifier: record.id.clone(),
        entity_uri: Some(format!("/20160918/compartments/{}", record.id)),
        metadata: Default::default(),
    };
    let takes = call.account.latency.create;
    let service = WorkService::Identity;
    // In the parent: in the compartment itself nobody could find it after its deletion.
    let parent = &record.compartment_id;
    let work_request = WorkRequestRecord::accepted(call, service, operation, parent, vec![resource], takes);
    let task = Task::FinishCompartment(CompartmentWork {
        region: call.region,
        work_request_id: work_request.id.clone(),
        id: record.id.clone(),
        target_id,
    });
    let record = CompartmentRecord { etag: mint::etag(&call.seed), ..record.clone() };
    let effect = Effect::empty(StatusCode::ACCEPTED).work(work_request, task);
    (effect, record)
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = to_change(call, CompartmentState::Active)?;
    let (effect, record) = accepted(call, record, None);
    Ok(effect.change(CompartmentRecord { state: CompartmentState::Deleting, ..record }))
}

pub(super) fn relocate(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = to_change(call, CompartmentState::Active)?;
    let details: MoveCompartmentDetails = call.json()?;
    check_move(call, record, &details.target_compartment_id)?;
    let (effect, record) = accepted(call, record, Some(details.target_compartment_id));
    Ok(effect.change(record))
}

fn check_move(moment: &Moment<'_>, record: &CompartmentRecord, target: &str) -> Result<(), Refusal> {
    let world = moment.world;
    moment.check_compartment(target)?;
    if upwards(world, target).any(|c| c.id == record.id) {
        return Err(Refusal::invalid("A compartment can't be moved into itself or below itself."));
    }
    if target == record.compartment_id {
        return Err(Refusal::conflict("The compartment lies there already."));
    }
    check_free(world, target, &record.name)?;
    let here = upwards(world, &record.id).count();
    let inside = world.compartments.keys().map(|id| upwards(world, id));
    let levels = inside.filter_map(|chain| {
        let chain: Vec<_> = chain.collect();
        chain.iter().any(|c| c.id == record.id).then(|| chain.len() + 1 - here)
    });
    check_depth(world, target, levels.max().unwrap_or(1))
}

/// What lies in a compartment, in any region, for the message that says why it can't be deleted.
fn contents(world: &World, id: &str) -> Vec<String> {
    let vaults = world.vaults.values().filter(|v| v.compartment_id == id && v.state != VaultState::Deleted);
    let keys = world.keys.values().filter(|k| k.compartment_id == id && k.state != KeyState::Deleted);
    let secrets = world.secrets.values().filter(|s| s.compartment_id == id);
    let secrets = secrets.filter(|s| secrets::state_of(world, s) != SecretState::Deleted);
    let buckets = world.buckets.values().filter(|b| b.compartment_id == id);
    let children = world.compartments.values();
    let children = children.filter(|c| c.compartment_id == id && c.state != CompartmentState::Deleted);
    let namespaces = world.tag_namespaces.values().filter(|n| n.compartment_id == id);
    let counts = [
        ("vaults", vaults.count()),
        ("keys", keys.count()),
        ("secrets", secrets.count()),
        ("buckets", buckets.count()),
        ("compartments", children.count()),
        ("tag namespaces", namespaces.count()),
    ];
    counts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what}: {n}")).collect()
}

impl CompartmentWork {
    /// Deletes or moves, or says in the work request why not.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let world = moment.world;
        let (Some(record), Some(work_request)) =
            (world.compartments.get(&self.id), world.work_requests.get(&self.work_request_id))
        else {
            return Vec::new();
        };
        let (outcome, message) = match &self.target_id {
            None => (deleted(moment, record), "The compartment was deleted."),
            Some(target) => (moved(moment, record, target), "The compartment was moved."),
        };
        let etag = mint::etag(&moment.seed);
        match outcome {
            Ok(record) => {
                let done = work_request.succeeded(moment.now, message);
                vec![CompartmentRecord { etag, ..record }.into(), done.into()]
            }
            Err(refusal) => {
                // A move leaves the state alone, a deletion that failed gives the compartment back.
                let state = match self.target_id {
                    None => CompartmentState::Active,
                    Some(_) => record.state.clone(),
                };
                let record = CompartmentRecord { state, etag, ..record.clone() };
                vec![record.into(), work_request.failed(moment.now, &refusal).into()]
            }
        }
    }
}

/// The name gets an addition, so that it is free again.
fn deleted(moment: &Moment<'_>, record: &CompartmentRecord) -> Result<CompartmentRecord, Refusal> {
    let contents = contents(moment.world, &record.id);
    if !contents.is_empty() {
        let message = format!("The compartment is not empty. It holds {}.", contents.join(", "));
        return Err(Refusal::conflict(message));
    }
    let name = format!("{}.{}", record.name, mint::letters(&moment.seed.bytes::<8>("name")));
    Ok(CompartmentRecord { name, state: CompartmentState::Deleted, ..record.clone() })
}

fn moved(
    moment: &Moment<'_>,
    record: &CompartmentRecord,
    target: &str,
) -> Result<CompartmentRecord, Refusal> {
    if record.state != CompartmentState::Active {
        return Err(Refusal::conflict("The compartment is not active any more."));
    }
    check_move(moment, record, target)?;
    Ok(CompartmentRecord { compartment_id: target.to_owned(), ..record.clone() })
}
