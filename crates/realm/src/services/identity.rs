//! Identity: regions, the tenancy and its compartments. They are the same in every region of the realm.

use jiff::Timestamp;
use keyferry_ids::regions as all_regions;
use keyferry_wire::identity::{
    Compartment, CompartmentState, CreateCompartmentDetails, RegionName, RegionSubscription,
    SubscriptionStatus, Tenancy,
};
use keyferry_wire::{Time, code};

use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::CompartmentRecord;
use crate::refusal::{Refusal, shortened};

/// The root compartment has no time of its own; the realm has always been there.
const ROOT_SINCE: Timestamp = Timestamp::UNIX_EPOCH;
const ROOT_NAME: &str = "embedded";

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

pub(super) fn regions(call: &Call<'_>) -> Result<Effect, Refusal> {
    let realm = call.region.realm();
    let regions = all_regions().filter(|region| region.realm() == realm);
    let regions = regions.map(|r| RegionName { key: r.key().to_uppercase(), name: r.name().to_owned() });
    Effect::json(&regions.collect::<Vec<_>>())
}

fn check_tenancy(call: &Call<'_>) -> Result<(), Refusal> {
    if call.name(0) == call.account.identity.tenancy_id { Ok(()) } else { Err(Refusal::absent()) }
}

pub(super) fn tenancy(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_tenancy(call)?;
    Effect::json(&Tenancy {
        id: call.account.identity.tenancy_id.clone(),
        name: ROOT_NAME.to_owned(),
        description: Some("The tenancy of an embedded realm".to_owned()),
        home_region_key: call.account.home.key().to_uppercase(),
        freeform_tags: Some(Default::default()),
        defined_tags: Some(Default::default()),
    })
}

pub(super) fn subscriptions(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_tenancy(call)?;
    let subscriptions = call.account.identity.regions.iter().map(|region| RegionSubscription {
        region_key: region.key().to_uppercase(),
        region_name: region.name().to_owned(),
        status: SubscriptionStatus::Ready,
        is_home_region: *region == call.account.home,
    });
    Effect::json(&subscriptions.collect::<Vec<_>>())
}

fn view(record: &CompartmentRecord) -> Compartment {
    Compartment {
        id: record.id.clone(),
        compartment_id: record.compartment_id.clone(),
        name: record.name.clone(),
        description: Some(record.description.clone()),
        time_created: Time(record.time_created),
        lifecycle_state: CompartmentState::Active,
        inactive_status: None,
        is_accessible: Some(true),
        freeform_tags: Some(record.freeform_tags.clone()),
        defined_tags: Some(record.defined_tags.clone()),
    }
}

/// First-level children, or below the tenancy the whole tree. The root itself is in neither.
pub(super) fn compartments(call: &Call<'_>) -> Result<Effect, Refusal> {
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
    let asked = |name: &str, value: &str| call.parameter(name).is_none_or(|wanted| wanted == value);
    let here = call.world.compartments.values().filter(|c| {
        (whole_tree || c.compartment_id == parent)
            && asked("name", &c.name)
            && asked("lifecycleState", CompartmentState::Active.as_str())
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
        time_created: ROOT_SINCE,
        etag: String::new(),
    };
    Effect::json(&view(&root))
}

pub(super) fn create_compartment(call: &Call<'_>) -> Result<Effect, Refusal> {
    if call.region != call.account.home {
        let home = call.account.home.key().to_uppercase();
        return Err(Refusal::new(
            403,
            code::NOT_ALLOWED,
            format!("Please go to your home region {home} to execute CREATE, UPDATE and DELETE operations."),
        ));
    }
    let details: CreateCompartmentDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !(1..=100).contains(&details.name.len()) || !details.name.chars().all(plain) {
        return Err(Refusal::invalid(
            "A compartment's name has 1 to 100 letters, digits, periods, hyphens and underscores.",
        ));
    }
    if !(1..=400).contains(&details.description.chars().count()) {
        return Err(Refusal::invalid("A compartment's description has 1 to 400 characters."));
    }
    let is_sibling =
        |c: &CompartmentRecord| c.compartment_id == details.compartment_id && c.name == details.name;
    if call.world.compartments.values().any(is_sibling) {
        let message = format!("Compartment '{}' already exists.", shortened(&details.name));
        return Err(Refusal::new(409, "CompartmentAlreadyExists", message));
    }
    let record = CompartmentRecord {
        id: mint::ocid("compartment", &call.region.realm(), None, &[], &call.seed),
        compartment_id: details.compartment_id,
        name: details.name,
        description: details.description,
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        time_created: call.now,
        etag: mint::etag(&call.seed),
    };
    Ok(Effect::json(&view(&record))?.etag(&record.etag).change(record))
}

#[cfg(test)]
mod tests;
