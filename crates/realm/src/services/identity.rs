//! Identity: the tenancy, its regions and subscriptions. All is the same in every region of the realm.

use jiff::Timestamp;
use keyferry_ids::{Region, regions as all_regions};
use keyferry_seams::Seed;
use keyferry_wire::code;
use keyferry_wire::identity::{
    AvailabilityDomain, CreateRegionSubscriptionDetails, RegionName, RegionSubscription, SubscriptionStatus,
    Tenancy,
};

use super::work_requests::later;
use crate::account::Account;
use crate::call::{Call, Effect, Moment};
use crate::mint;
use crate::records::SubscriptionRecord;
use crate::refusal::{Refusal, shortened};
use crate::tasks::Task;
use crate::world::{Change, World};

/// The root compartment has no time of its own; the realm has always been there.
pub(super) const ROOT_SINCE: Timestamp = Timestamp::UNIX_EPOCH;
pub(super) const ROOT_NAME: &str = "embedded";
/// Regions with three availability domains; all others have one.
const LARGE_REGIONS: [&str; 4] = ["iad", "phx", "fra", "lhr"];

/// Refuses changes of identity anywhere but in the home region.
pub(super) fn check_home(call: &Call<'_>) -> Result<(), Refusal> {
    if call.region == call.account.home {
        return Ok(());
    }
    let home = call.account.home.key().to_uppercase();
    Err(Refusal::new(
        403,
        code::NOT_ALLOWED,
        format!("Please go to your home region {home} to execute CREATE, UPDATE and DELETE operations."),
    ))
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

/// How far the tenancy is subscribed to a region of the realm.
pub(crate) fn subscription(account: &Account, world: &World, region: Region) -> Option<SubscriptionStatus> {
    if account.was_subscribed(region) {
        return Some(SubscriptionStatus::Ready);
    }
    let record = world.subscriptions.get(&region)?;
    Some(if record.is_ready { SubscriptionStatus::Ready } else { SubscriptionStatus::InProgress })
}

fn view(account: &Account, region: Region, status: SubscriptionStatus) -> RegionSubscription {
    RegionSubscription {
        region_key: region.key().to_uppercase(),
        region_name: region.name().to_owned(),
        status,
        is_home_region: region == account.home,
    }
}

pub(super) fn subscriptions(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_tenancy(call)?;
    let regions = call.account.identity.regions.iter().filter_map(|region| {
        let status = subscription(call.account, call.world, *region)?;
        Some(view(call.account, *region, status))
    });
    Effect::json(&regions.collect::<Vec<_>>())
}

/// Only regions that the realm serves can be subscribed to, and there is no way back.
pub(super) fn subscribe(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    check_tenancy(call)?;
    let details: CreateRegionSubscriptionDetails = call.json()?;
    let region = Region::parse(&details.region_key.to_lowercase()).ok();
    let region = region.filter(|region| call.account.identity.regions.contains(region)).ok_or_else(|| {
        Refusal::invalid(format!("The realm serves no region {}.", shortened(&details.region_key)))
    })?;
    if subscription(call.account, call.world, region).is_some() {
        return Err(Refusal::conflict(format!("The tenancy is already subscribed to {region}.")));
    }
    let due = later(call.now, call.account.latency.create);
    Ok(Effect::json(&view(call.account, region, SubscriptionStatus::InProgress))?
        .change(SubscriptionRecord { region, is_ready: false })
        .change(Change::Schedule(due, Task::FinishSubscription { region: call.account.home, to: region })))
}

/// Ends the making of a subscription.
pub(crate) fn subscribed(region: Region) -> Vec<Change> {
    vec![SubscriptionRecord { region, is_ready: true }.into()]
}

pub(super) fn availability_domains(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let key = call.region.key();
    let count = if LARGE_REGIONS.contains(&key) { 3 } else { 1 };
    let domain = |number| {
        let name = format!("kfry:{}-AD-{number}", key.to_uppercase());
        // No secret: the same in every realm.
        let seed = Seed::from_number(number).child(&name);
        let id = mint::ocid("availabilitydomain", &call.region.realm(), None, &[], &seed);
        AvailabilityDomain { name, id, compartment_id: compartment.to_owned() }
    };
    Effect::json(&(1..=count).map(domain).collect::<Vec<_>>())
}

impl Moment<'_> {
    /// Whether the tenancy may use a region.
    pub(crate) fn is_subscribed(&self, region: Region) -> bool {
        subscription(self.account, self.world, region) == Some(SubscriptionStatus::Ready)
    }
}

#[cfg(test)]
mod tests;
