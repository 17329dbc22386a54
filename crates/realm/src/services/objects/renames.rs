//! Other names for objects.

use keyferry_wire::objects::RenameObjectDetails;

use super::{answer, check_conditions, deletion, placed, version};
use crate::call::{Call, Effect};
use crate::refusal::Refusal;
use crate::services::buckets;

/// The object moves with its encryption; where versions are kept, its old name keeps those.
pub(in crate::services) fn rename(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let details: RenameObjectDetails = call.json()?;
    if details.source_name == details.new_name {
        return Err(Refusal::invalid("The new name is the old one."));
    }
    let source = version(call, bucket, &details.source_name, None)?;
    check_conditions(Some(source), details.src_obj_if_match_etag.as_deref(), None)?;
    let there = call.world.object(call.region, &bucket.name, &details.new_name);
    let if_none_match = details.new_obj_if_none_match_etag.as_deref();
    check_conditions(there, details.new_obj_if_match_etag.as_deref(), if_none_match)?;
    let renamed = placed(call, bucket, &details.new_name, source.content.clone())?;
    let deletion = deletion(call, bucket, source, false, &call.seed.child("deletion"))?;
    Ok(answer(renamed).change(deletion.change))
}
