//! Object Storage: replication of buckets, of which the embedded realm has none. Clients that empty a bucket
//! ask all the same.

use keyferry_wire::objects::{ReplicationPolicySummary, ReplicationSource};

use super::buckets;
use crate::call::{Call, Effect};
use crate::refusal::Refusal;

pub(super) fn policies(call: &Call<'_>) -> Result<Effect, Refusal> {
    buckets::named(call)?;
    Effect::json(&Vec::<ReplicationPolicySummary>::new())
}

pub(super) fn sources(call: &Call<'_>) -> Result<Effect, Refusal> {
    buckets::named(call)?;
    Effect::json(&Vec::<ReplicationSource>::new())
}
