//! What is out of order for a while, as faults have left it.

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::{Plane, Spec, code};
use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::World;

fn is_in_trouble(world: &World, id: &str, now: Timestamp) -> bool {
    world.troubles.get(id).is_some_and(|trouble| now < trouble.until)
}

/// Whether a vault's own endpoints do not answer yet.
pub(crate) fn is_silent(world: &World, region: Region, ext: &str, now: Timestamp) -> bool {
    !world.troubles.is_empty()
        && world.vault_at(region, ext).is_some_and(|vault| is_in_trouble(world, &vault.id, now))
}

/// Refuses to use a key that does not work yet.
pub(crate) fn check_key(world: &World, spec: &Spec, body: &Bytes, now: Timestamp) -> Result<(), Refusal> {
    if world.troubles.is_empty() || spec.plane != Plane::Crypto {
        return Ok(());
    }
    let details: Value = serde_json::from_slice(body).unwrap_or_default();
    match details["keyId"].as_str() {
        Some(id) if is_in_trouble(world, id, now) => {
            Err(Refusal::new(500, code::INTERNAL_SERVER_ERROR, "The key can't be used yet."))
        }
        _ => Ok(()),
    }
}
