//! The Limits service: what limits there are, their values, and how much of them is used.

use jiff::Timestamp;
use keyferry_wire::limits::{LimitDefinition, LimitValue, ResourceAvailability, Service};
use serde::Serialize;

use super::limits::{LimitName, used, value};
use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::refusal::Refusal;

/// The limits that the Limits service shows.
const SHOWN: [LimitName; 4] = [
    LimitName::VirtualPrivateVaultCount,
    LimitName::VirtualVaultCount,
    LimitName::VirtualVaultSoftwareKeyVersionCount,
    LimitName::MaxSecretsPerTenancyCount,
];
/// The services that have limits here.
const SERVICES: [(&str, &str); 2] = [("kms", "Key Management"), ("secrets", "Secrets")];

/// One line of a list; none of them has a time.
struct Row<T> {
    name: &'static str,
    shown: T,
}

impl<T> Listed for Row<T> {
    fn id(&self) -> &str {
        self.name
    }
    fn name(&self) -> &str {
        self.name
    }
    fn time_created(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Limits are the tenancy's: only with its id are they listed.
fn check_tenancy(call: &Call<'_>) -> Result<(), Refusal> {
    let is_tenancy = call.required("compartmentId")? == call.account.identity.tenancy_id;
    if is_tenancy { Ok(()) } else { Err(Refusal::absent()) }
}

/// Sorts by `sortBy=name`, the only way here, and shows a page.
fn page<T: Serialize + Clone>(call: &Call<'_>, mut rows: Vec<Row<T>>) -> Result<Effect, Refusal> {
    match call.parameter("sortBy") {
        None | Some("name") => {}
        Some(_) => return Err(Refusal::invalid("sortBy is name.")),
    }
    rows.sort_by_key(|row| row.name);
    match call.parameter("sortOrder") {
        None | Some("ASC") => {}
        Some("DESC") => rows.reverse(),
        Some(_) => return Err(Refusal::invalid("sortOrder is ASC or DESC.")),
    }
    lists::page(call, &rows, |row| row.shown.clone())
}

pub(super) fn services(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_tenancy(call)?;
    let row = |(name, description): (&'static str, &str)| Row {
        name,
        shown: Service { name: name.to_owned(), description: description.to_owned() },
    };
    page(call, SERVICES.map(row).into())
}

fn shown<'c>(call: &'c Call<'_>, service: Option<&'c str>) -> impl Iterator<Item = LimitName> {
    let asked = call.parameter("name");
    SHOWN.into_iter().filter(move |limit| {
        service.is_none_or(|service| limit.service() == service)
            && asked.is_none_or(|name| limit.as_str() == name)
    })
}

pub(super) fn definitions(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_tenancy(call)?;
    let rows = shown(call, call.parameter("serviceName")).map(|limit| Row {
        name: limit.as_str(),
        shown: LimitDefinition {
            name: limit.as_str().to_owned(),
            service_name: limit.service().to_owned(),
            description: limit.description().to_owned(),
            scope_type: "REGION".to_owned(),
            are_quotas_supported: false,
            is_resource_availability_supported: true,
            is_deprecated: false,
            is_eligible_for_limit_increase: true,
            is_dynamic: false,
        },
    });
    page(call, rows.collect())
}

pub(super) fn values(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_tenancy(call)?;
    let service = call.required("serviceName")?;
    let in_scope = call.parameter("scopeType").is_none_or(|scope| scope == "REGION");
    let rows = shown(call, Some(service)).filter(|_| in_scope).map(|limit| Row {
        name: limit.as_str(),
        shown: LimitValue {
            name: limit.as_str().to_owned(),
            scope_type: "REGION".to_owned(),
            availability_domain: None,
            value: value(call, limit),
        },
    });
    page(call, rows.collect())
}

pub(super) fn availability(call: &Call<'_>) -> Result<Effect, Refusal> {
    call.check_compartment(call.required("compartmentId")?)?;
    let (service, name) = (call.name(0), call.name(1));
    let limit = SHOWN.into_iter().find(|limit| limit.service() == service && limit.as_str() == name);
    let limit = limit.ok_or_else(Refusal::absent)?;
    let (used, value) = (used(call, limit), value(call, limit));
    let available = value.saturating_sub(used);
    Effect::json(&ResourceAvailability {
        used: Some(used),
        available: Some(available),
        fractional_usage: Some(used as f64),
        fractional_availability: Some(available as f64),
        effective_quota_value: None,
    })
}
