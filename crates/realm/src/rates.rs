//! Request rates: ten a second for each of four classes of key management, per tenancy and region.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::{OperationName, Plane, Spec, code};

use crate::refusal::Refusal;

const PER_SECOND: f64 = 10.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    ProvisioningRead,
    ProvisioningWrite,
    ManagementRead,
    ManagementWrite,
}

/// Vaults are provisioning, and so are deletions and moves of keys; all else about keys is management. For
/// cryptography and other services OCI names no figure.
fn class(spec: &Spec) -> Option<Class> {
    let name = OperationName::as_str(spec.name);
    let is_provisioning = spec.plane == Plane::Vault
        || name.ends_with("Deletion")
        || (name.starts_with("Change") && name.ends_with("Compartment"));
    let is_read = matches!(spec.method, Method::GET | Method::HEAD);
    match (spec.plane, is_provisioning, is_read) {
        (Plane::Vault | Plane::Management, true, true) => Some(Class::ProvisioningRead),
        (Plane::Vault | Plane::Management, true, false) => Some(Class::ProvisioningWrite),
        (Plane::Management, false, true) => Some(Class::ManagementRead),
        (Plane::Management, false, false) => Some(Class::ManagementWrite),
        _ => None,
    }
}

/// What is left of each class's second.
#[derive(Debug, Default)]
pub(crate) struct Rates(BTreeMap<(Region, Class), (f64, Timestamp)>);

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
