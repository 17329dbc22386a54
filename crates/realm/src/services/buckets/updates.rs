//! Changes of buckets.

use keyferry_wire::objects::UpdateBucketDetails;

use super::{check_if_match, checked_auto_tiering, checked_metadata, checked_public_access, named, view};
use crate::call::{Call, Effect};
use crate::mint;
use crate::records::{BucketRecord, Versioning};
use crate::refusal::Refusal;
use crate::services::{encryption, tags};

/// Also moves a bucket to another compartment and gives it another key.
pub(in crate::services) fn update(call: &Call<'_>) -> Result<Effect, Refusal> {
    let before = named(call)?;
    check_if_match(call, &before.etag)?;
    let details: UpdateBucketDetails = call.json()?;
    let is_other = |given: &Option<String>, own: &str| given.as_deref().is_some_and(|given| given != own);
    if is_other(&details.name, &before.name) || is_other(&details.namespace, call.name(0)) {
        return Err(Refusal::invalid("A bucket's name and namespace stay."));
    }
    let versioning = next_versioning(before, details.versioning.as_deref())?;
    let mut bucket = BucketRecord { versioning, etag: mint::uuid(&call.seed), ..before.clone() };
    if let Some(id) = details.compartment_id {
        call.check_compartment(&id)?;
        bucket.compartment_id = id;
    }
    tags::check(call, details.defined_tags.as_ref(), Some(&before.defined_tags))?;
    if let Some(id) = details.kms_key_id {
        if !id.is_empty() && before.kms_key_id.as_ref() != Some(&id) {
            encryption::check_assignable(call, &id)?;
        }
        bucket.kms_key_id = Some(id).filter(|id| !id.is_empty());
    }
    for (name, value) in details.metadata.unwrap_or_default() {
        match value {
            Some(value) => drop(bucket.metadata.insert(name, value)),
            None => drop(bucket.metadata.remove(&name)),
        }
    }
    bucket.metadata = checked_metadata(bucket.metadata)?;
    if let Some(word) = details.public_access_type {
        bucket.public_access_type = checked_public_access(Some(word))?;
    }
    if let Some(word) = details.auto_tiering {
        bucket.auto_tiering = checked_auto_tiering(Some(word))?;
    }
    bucket.object_events_enabled = details.object_events_enabled.unwrap_or(bucket.object_events_enabled);
    bucket.is_bucket_key_enabled = details.is_bucket_key_enabled.unwrap_or(bucket.is_bucket_key_enabled);
    bucket.freeform_tags = details.freeform_tags.unwrap_or(bucket.freeform_tags);
    bucket.defined_tags = details.defined_tags.unwrap_or(bucket.defined_tags);
    Ok(Effect::json(&view(call.name(0), &bucket))?.etag(&bucket.etag).change(bucket))
}

/// Versioning and retention rules exclude each other.
fn next_versioning(bucket: &BucketRecord, asked: Option<&str>) -> Result<Versioning, Refusal> {
    match (bucket.versioning, asked) {
        (before, None) => Ok(before),
        (before, Some(word)) if word == before.as_str() => Ok(before),
        (_, Some("Enabled")) if !bucket.retention_rules.is_empty() => Err(Refusal::conflict(
            "A bucket with retention rules can't keep versions: delete the rules first.",
        )),
        (_, Some("Enabled")) => Ok(Versioning::Enabled),
        (Versioning::Enabled, Some("Suspended")) => Ok(Versioning::Suspended),
        (Versioning::Disabled, Some("Suspended")) => {
            Err(Refusal::invalid("Versioning that was never enabled can't be suspended."))
        }
        (_, Some(_)) => Err(Refusal::invalid("Versioning can be Enabled and then Suspended.")),
    }
}

#[cfg(test)]
mod tests;
