//! Identity: compartments. They are the same in every region, and made and changed in the home region.

use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::identity::{
    Compartment, CompartmentState, CreateCompartmentDetails, UpdateCompartmentDetails,
};

use super::identity::{ROOT_NAME, ROOT_SINCE, check_home};
use super::tags;
use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::CompartmentRecord;
use crate::refusal::{Refusal, shortened};
use crate::world::World;

/// Levels of compartments below the root.
const DEEPEST: usize = 6;

impl Listed for CompartmentRecord {
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

fn view(record: &CompartmentRecord) -> Compartment {
    Compartment {
        id: record.id.clone(),
        compartment_id: record.compartment_id.clone(),
        name: record.name.clone(),
        description: Some(record.description.clone()),
        time_created: Time(record.time_created),
        lifecycle_state: record.state.clone(),
        inactive_status: None,
        is_accessible: Some(true),
        freeform_tags: Some(record.freeform_tags.clone()),
        defined_tags: Some(record.defined_tags.clone()),
    }
}

/// First-level children, or below the tenancy the whole tree. The root itself is in neither; deleted ones are.
pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let parent = call.required("compartmentId")?;
    call.check_compartment(parent)?;
    let whole_tree = match call.parameter("compartmentIdInSubtree") {
        None | Some("false") => false,
        Some("true") if parent == call.account.identity.tenancy_id => true,
        Some("true") => {
            return Err(Refusal::invalid("compartmentIdInSubtree can only be true with the tenancy's id."));
        }
        Some(_) => return Err(Refusal::invalid("compartmentIdInSubtree is true or false.")),
    };
    // The one user of the realm may see everything, so that both levels are the same.
    if !matches!(call.parameter("accessLevel"), None | Some("ANY" | "ACCESSIBLE")) {
        return Err(Refusal::invalid("accessLevel is ANY or ACCESSIBLE."));
    }
    let asked = |name: &str, value: &str| call.parameter(name).is_none_or(|wanted| wanted == value);
    let here = call.world.compartments.values().filter(|c| {
        (whole_tree || c.compartment_id == parent)
            && asked("name", &c.name)
            && asked("lifecycleState", c.state.as_str())
    });
    let mut found: Vec<CompartmentRecord> = here.cloned().collect();
    lists::sort(call, "NAME", &mut found)?;
    lists::page(call, &found, view)
}

pub(super) fn compartment(call: &Call<'_>) -> Result<Effect, Refusal> {
    let id = call.name(0);
    if let Some(record) = call.world.compartments.get(id) {
        return Ok(Effect::json(&view(record))?.etag(&record.etag));
    }
    if id != call.account.identity.tenancy_id {
        return Err(Refusal::absent());
    }
    let root = CompartmentRecord {
        id: id.to_owned(),
        compartment_id: id.to_owned(),
        name: ROOT_NAME.to_owned(),
        description: "The root compartment".to_owned(),
        freeform_tags: Default::default(),
        defined_tags: Default::default(),
        state: CompartmentState::Active,
        time_created: ROOT_SINCE,
        etag: String::new(),
    };
    Effect::json(&view(&root))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if (1..=100).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "A compartment's name has 1 to 100 letters, digits, periods, hyphens and underscores.",
    ))
}

fn check_description(description: &str) -> Result<(), Refusal> {
    if (1..=400).contains(&description.chars().count()) {
        Ok(())
    } else {
        Err(Refusal::invalid("A compartment's description has 1 to 400 characters."))
    }
}

/// Refuses a name that another compartment below the same parent has.
pub(super) fn check_free(world: &World, parent: &str, name: &str) -> Result<(), Refusal> {
    if world.compartments.values().any(|c| c.compartment_id == parent && c.name == name) {
        let message = format!("Compartment '{}' already exists.", shortened(name));
        return Err(Refusal::new(409, "CompartmentAlreadyExists", message));
    }
    Ok(())
}

/// The compartment itself and everything it lies in, up to but without the root.
pub(super) fn upwards<'w>(world: &'w World, id: &str) -> impl Iterator<Item = &'w CompartmentRecord> {
    let parent = |c: &&'w CompartmentRecord| world.compartments.get(&c.compartment_id);
    std::iter::successors(world.compartments.get(id), parent)
}

/// Refuses a parent so deep that `levels` more do not fit below it.
pub(super) fn check_depth(world: &World, parent: &str, levels: usize) -> Result<(), Refusal> {
    if upwards(world, parent).count() + levels <= DEEPEST {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Compartments lie at most {DEEPEST} levels below the root.")))
}

/// The compartment that the path names, if it may be changed.
pub(super) fn to_change<'c>(
    call: &'c Call<'_>,
    state: CompartmentState,
) -> Result<&'c CompartmentRecord, Refusal> {
    check_home(call)?;
    if call.name(0) == call.account.identity.tenancy_id {
        return Err(Refusal::invalid("The root compartment can't be changed."));
    }
    let record = call.world.compartments.get(call.name(0)).ok_or_else(Refusal::absent)?;
    call.check_if_match(&record.etag)?;
    if record.state == state {
        return Ok(record);
    }
    let message = format!("The compartment's state is {}, which has to be {state} for this.", record.state);
    Err(match record.state {
        CompartmentState::Deleting => Refusal::incorrect_state(message),
        _ => Refusal::conflict(message),
    })
}

fn changed(record: CompartmentRecord) -> Result<Effect, Refusal> {
    Ok(Effect::json(&view(&record))?.etag(&record.etag).change(record))
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    let details: CreateCompartmentDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    check_name(&details.name)?;
    check_description(&details.description)?;
    check_free(call.world, &details.compartment_id, &details.name)?;
    check_depth(call.world, &details.compartment_id, 1)?;
    tags::check(call, details.defined_tags.as_ref(), None)?;
    changed(CompartmentRecord {
        id: mint::ocid("compartment", &call.region.realm(), None, &[], &call.seed),
        compartment_id: details.compartment_id,
        name: details.name,
        description: details.description,
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        state: CompartmentState::Active,
        time_created: call.now,
        etag: mint::etag(&call.seed),
    })
}

pub(super) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = to_change(call, CompartmentState::Active)?;
    let details: UpdateCompartmentDetails = call.json()?;
    if let Some(name) = details.name.as_ref().filter(|name| **name != record.name) {
        check_name(name)?;
        check_free(call.world, &record.compartment_id, name)?;
    }
    if let Some(description) = &details.description {
        check_description(description)?;
    }
    tags::check(call, details.defined_tags.as_ref(), Some(&record.defined_tags))?;
    let before = record.clone();
    changed(CompartmentRecord {
        name: details.name.unwrap_or(before.name),
        description: details.description.unwrap_or(before.description),
        freeform_tags: details.freeform_tags.unwrap_or(before.freeform_tags),
        defined_tags: details.defined_tags.unwrap_or(before.defined_tags),
        etag: mint::etag(&call.seed),
        ..before
    })
}

/// Brings a deleted compartment back, under the name that the deletion gave it.
pub(super) fn recover(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = to_change(call, CompartmentState::Deleted)?;
    if call.check_compartment(&record.compartment_id).is_err() {
        return Err(Refusal::conflict("The compartment that this one lies in is not active."));
    }
    let (state, etag) = (CompartmentState::Active, mint::etag(&call.seed));
    changed(CompartmentRecord { state, etag, ..record.clone() })
}

#[cfg(test)]
mod tests;
