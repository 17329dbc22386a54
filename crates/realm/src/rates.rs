//! Request rates: ten a second for each of four classes of key management, per tenancy and region.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::{OperationName, Plane, SPECS, Spec, code};

use crate::refusal::Refusal;

const PER_SECOND: f64 = 10.0;

/// Requests that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateClass {
    /// Reads of vaults.
    ProvisioningRead,
    /// Changes of vaults, and deletions and moves of keys.
    ProvisioningWrite,
    /// Reads of keys.
    ManagementRead,
    /// Other changes of keys.
    ManagementWrite,
}

impl RateClass {
    /// The class of an operation, if its rate is limited.
    pub fn of(operation: OperationName) -> Option<Self> {
        SPECS.iter().find(|spec| spec.name == operation).and_then(class)
    }
}

/// Vaults are provisioning, and so are deletions and moves of keys; all else about keys is management. For
/// cryptography and other services OCI names no figure.
fn class(spec: &Spec) -> Option<RateClass> {
    let name = OperationName::as_str(spec.name);
    let is_provisioning = spec.plane == Plane::Vault
        || name.ends_with("Deletion")
        || (name.starts_with("Change") && name.ends_with("Compartment"));
    let is_read = matches!(spec.method, Method::GET | Method::HEAD);
    match (spec.plane, is_provisioning, is_read) {
        (Plane::Vault | Plane::Management, true, true) => Some(RateClass::ProvisioningRead),
        (Plane::Vault | Plane::Management, true, false) => Some(RateClass::ProvisioningWrite),
        (Plane::Management, false, true) => Some(RateClass::ManagementRead),
        (Plane::Management, false, false) => Some(RateClass::ManagementWrite),
        _ => None,
    }
}

/// What is left of each class's second.
#[derive(Debug, Default)]
pub(crate) struct Rates(BTreeMap<(Region, RateClass), (f64, Timestamp)>);

impl Rates {
    /// Counts a request, or refuses it with 429 and the time to wait.
    pub(crate) fn take(&mut self, region: Region, spec: &Spec, now: Timestamp) -> Result<(), Refusal> {
        let Some(class) = class(spec) else { return Ok(()) };
        let (left, since) = self.0.entry((region, class)).or_insert((PER_SECOND, now));
        // Time that was turned back earns nothing.
        let gone = now.duration_since(*since).as_secs_f64().max(0.0);
        (*left, *since) = ((*left + gone * PER_SECOND).min(PER_SECOND), now);
        if *left < 1.0 {
            let message = "Too many requests of this kind: at most 10 a second.";
            let refusal = Refusal::new(429, code::TOO_MANY_REQUESTS, message);
            return Err(Refusal { retry_after: Some(1), ..refusal });
        }
        *left -= 1.0;
        Ok(())
    }
}
