//! Many objects deleted at once, each by itself.

use std::collections::BTreeSet;

use keyferry_wire::Time;
use keyferry_wire::objects::{
    BatchDeleteObjectIdentifier, BatchDeleteObjectsDetails, BatchDeleteObjectsResult, DeletedObjectResult,
    FailedObjectResult,
};

use super::{check_conditions, deletion, version};
use crate::call::{Call, Effect};
use crate::records::BucketRecord;
use crate::refusal::Refusal;
use crate::services::buckets;
use crate::world::Change;

const MOST: usize = 1000;

/// What can't be deleted is told, and keeps nothing else from being deleted.
pub(in crate::services) fn delete_all(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let details: BatchDeleteObjectsDetails = call.json()?;
    if !(1..=MOST).contains(&details.objects.len()) {
        return Err(Refusal::invalid(format!("A batch has 1 to {MOST} objects.")));
    }
    let names: BTreeSet<&str> = details.objects.iter().map(|object| object.object_name.as_str()).collect();
    if names.len() < details.objects.len() {
        return Err(Refusal::invalid("An object is named twice."));
    }
    let (mut result, mut changes) = (BatchDeleteObjectsResult::default(), Vec::new());
    for asked in details.objects {
        match change(call, bucket, &asked) {
            Ok(change) => {
                changes.push(change);
                if !details.is_skip_deleted_result.unwrap_or(false) {
                    let time_last_modified = Time(call.now);
                    let object_name = asked.object_name;
                    result.deleted.push(DeletedObjectResult { object_name, time_last_modified });
                }
            }
            Err(refusal) => result.failed.push(FailedObjectResult {
                object_name: asked.object_name,
                status_code: refusal.status.as_u16(),
                error_message: refusal.message,
            }),
        }
    }
    let mut effect = Effect::json(&result)?;
    effect.changes = changes;
    Ok(effect)
}

fn change(
    call: &Call<'_>,
    bucket: &BucketRecord,
    asked: &BatchDeleteObjectIdentifier,
) -> Result<Change, Refusal> {
    let object = version(call, bucket, &asked.object_name, None)?;
    check_conditions(Some(object), asked.if_match.as_deref(), None)?;
    let seed = call.seed.child("deletion").child(&asked.object_name);
    Ok(deletion(call, bucket, object, false, &seed)?.change)
}
