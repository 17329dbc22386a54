//! Which rules hit a request.

use keyferry_seams::Seed;

use super::effects::Effect;
use super::rule::FaultRecord;
use crate::call::Call;

/// The effects that hit a call among those that `could`, and the counters as they are after that.
pub(crate) fn struck(
    call: &Call<'_>,
    mut could: impl FnMut(&Effect) -> bool,
) -> (Vec<Effect>, Vec<FaultRecord>) {
    let (mut effects, mut counted) = (Vec::new(), Vec::new());
    for record in call.world.faults.values() {
        let fault = &record.fault;
        let is_here = fault.region.is_none_or(|region| region == call.region)
            && fault.operation.is_none_or(|operation| operation == call.operation)
            && fault.resource.as_ref().is_none_or(|id| is_about(call, id));
        if !is_here || !could(&fault.effect) {
            continue;
        }
        let mut record = record.clone();
        record.seen += 1;
        if hits(&record, &call.seed) {
            record.hit += 1;
            effects.push(record.fault.effect.clone());
        }
        counted.push(record);
    }
    (effects, counted)
}

/// Whether a call names it, or goes to its own endpoint.
fn is_about(call: &Call<'_>, id: &str) -> bool {
    let vault = || call.world.vault_at(call.region, call.vault_ext.as_deref()?);
    call.names.iter().any(|name| name == id)
        || call.query.iter().any(|(_, value)| value == id)
        || vault().is_some_and(|vault| vault.id == id)
}

fn hits(record: &FaultRecord, seed: &Seed) -> bool {
    let fault = &record.fault;
    let dice = || {
        let drawn = u32::from_be_bytes(seed.bytes(&format!("fault {}", record.id)));
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    };
    record.seen > fault.after
        && fault.times.is_none_or(|times| record.hit < times)
        && fault.probability.is_none_or(|chance| dice() < chance)
}
