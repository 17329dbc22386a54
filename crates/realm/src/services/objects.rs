//! Object Storage: objects are written and deleted, one version at a time.

mod attributes;
mod batches;
mod lists;
mod ranges;
mod reads;
mod renames;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use keyferry_seams::Seed;
use keyferry_wire::{code, headers, http_date};

pub(super) use attributes::{
    attributes_of_headers, attributes_of_upload, check_customer_key, check_digests, check_metadata,
    checksum_algorithm, named_metadata, storage_tier,
};
pub(super) use batches::delete_all;
pub(super) use lists::{list, versions};
pub(super) use reads::{head, object};
pub(super) use renames::rename;

use super::{buckets, encryption, retention};
use crate::call::{Call, Effect, Moment};
use crate::checksum::{self, Checksum};
use crate::mint;
use crate::records::{Attributes, BucketRecord, Content, ObjectRecord, Versioning};
use crate::refusal::{Refusal, shortened};
use crate::world::Change;

const LONGEST_NAME: usize = 1024;
/// What the version of an object is called that has none.
const NO_VERSION: &str = "null";

/// The refusal for an object that is not there.
pub(crate) fn absent(bucket: &str, name: &str) -> Refusal {
    let message = format!("The object '{}' was not found in the bucket '{bucket}'", shortened(name));
    Refusal::new(404, code::OBJECT_NOT_FOUND, message)
}

/// Refuses names that Object Storage does not take.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains(['\r', '\n', '\0']) {
        return Err(Refusal::invalid("An object's name has 1 to 1024 bytes, without CR, LF and NUL."));
    }
    Ok(())
}

/// Refuses a write that was only meant for another state of the object.
pub(super) fn check_conditions(
    before: Option<&ObjectRecord>,
    if_match: Option<&str>,
    if_none_match: Option<&str>,
) -> Result<(), Refusal> {
    match if_none_match {
        None => {}
        Some("*") if before.is_none() => {}
        Some("*") => {
            return Err(Refusal::new(412, "IfNoneMatchFailed", "There is an object of that name already"));
        }
        Some(_) => return Err(Refusal::invalid("The If-None-Match header can only be '*'.")),
    }
    match (if_match, before) {
        (None, _) | (Some("*"), Some(_)) => Ok(()),
        (Some(wanted), Some(before)) if before.etag == wanted => Ok(()),
        _ => Err(buckets::if_match_failed()),
    }
}

/// The same, for a request with headers.
pub(super) fn check_condition_headers(call: &Call<'_>, before: Option<&ObjectRecord>) -> Result<(), Refusal> {
    check_conditions(before, call.header(headers::IF_MATCH), call.header(headers::IF_NONE_MATCH))
}

/// The object that the path names, and of it the version that the query names.
pub(super) fn named<'c>(call: &'c Call<'_>) -> Result<(&'c BucketRecord, &'c ObjectRecord), Refusal> {
    let bucket = buckets::named(call)?;
    let object = version(call, bucket, call.name(2), call.parameter("versionId"))?;
    // A delete marker has nothing to read.
    if object.is_delete_marker { Err(absent(&bucket.name, call.name(2))) } else { Ok((bucket, object)) }
}

/// The latest version of an object, or the given one, which may be a delete marker.
pub(super) fn version<'m>(
    moment: &'m Moment<'_>,
    bucket: &BucketRecord,
    name: &str,
    version_id: Option<&str>,
) -> Result<&'m ObjectRecord, Refusal> {
    let world = moment.world;
    let found = match version_id {
        None => world.object(bucket.region, &bucket.name, name),
        Some(id) => {
            let key = (bucket.region, bucket.name.clone(), name.to_owned());
            world.object_version(&key, Some(id).filter(|id| *id != NO_VERSION))
        }
    };
    found.ok_or_else(|| absent(&bucket.name, name))
}

/// An object that can be read: it is there, and so is its key.
pub(super) fn readable<'m>(
    moment: &'m Moment<'_>,
    bucket: &BucketRecord,
    name: &str,
    version_id: Option<&str>,
) -> Result<&'m ObjectRecord, Refusal> {
    let object = version(moment, bucket, name, version_id)?;
    if object.is_delete_marker {
        return Err(absent(&bucket.name, name));
    }
    encryption::check_readable(moment, object)?;
    Ok(object)
}

/// The content of an object that is written in one go.
pub(crate) fn whole(bytes: Bytes, attributes: Attributes) -> Content {
    let md5 = checksum::md5(&bytes);
    Content { bytes, attributes, md5, is_in_parts: false, checksum: None, master_key: None }
}

/// What is said about a file that nobody said anything about.
pub(crate) fn plain() -> Attributes {
    Attributes {
        content_type: "application/octet-stream".to_owned(),
        content_language: None,
        content_encoding: None,
        content_disposition: None,
        cache_control: None,
        storage_tier: attributes::STANDARD.to_owned(),
        metadata: BTreeMap::new(),
    }
}

/// A new object, encrypted with the bucket's key or another.
pub(super) fn written(
    moment: &Moment<'_>,
    bucket: &BucketRecord,
    name: &str,
    content: Content,
    kms_key_id: Option<&str>,
) -> Result<ObjectRecord, Refusal> {
    let master_key = encryption::for_writing(moment, kms_key_id.or(bucket.kms_key_id.as_deref()))?;
    placed(moment, bucket, name, Content { master_key, ..content })
}

/// A new object, or the next version of one, with its encryption as it is.
fn placed(
    moment: &Moment<'_>,
    bucket: &BucketRecord,
    name: &str,
    content: Content,
) -> Result<ObjectRecord, Refusal> {
    check_name(name)?;
    let before = moment.world.object(bucket.region, &bucket.name, name);
    if let Some(before) = before {
        retention::check(bucket, before, moment.now)?;
    }
    let version_id = new_version(bucket, &moment.seed.child("object"));
    let replaced = before.filter(|before| before.version_id == version_id);
    Ok(ObjectRecord {
        region: bucket.region,
        bucket: bucket.name.clone(),
        name: name.to_owned(),
        version_id,
        is_delete_marker: false,
        content,
        time_created: replaced.map_or(moment.now, |object| object.time_created),
        time_modified: moment.now,
        etag: mint::uuid(&moment.seed.child("object")),
    })
}

fn new_version(bucket: &BucketRecord, seed: &Seed) -> Option<String> {
    (bucket.versioning == Versioning::Enabled).then(|| mint::uuid(&seed.child("version")))
}

/// What every write answers with.
pub(super) fn answer(object: ObjectRecord) -> Effect {
    let mut effect = Effect::empty(StatusCode::OK)
        .etag(&object.etag)
        .header("last-modified", http_date(object.time_modified));
    if let Some(id) = &object.version_id {
        effect = effect.header(headers::VERSION_ID, id);
    }
    if let Some(Checksum { header, value }) = &object.content.checksum {
        effect = effect.header(header, value);
    }
    effect.change(object)
}

pub(super) fn put(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let name = call.name(2);
    check_name(name)?;
    check_customer_key(call)?;
    if call.headers.contains_key("transfer-encoding") {
        return Err(Refusal::new(411, "MissingContentLength", "The Content-Length header is required."));
    }
    check_condition_headers(call, call.world.object(call.region, &bucket.name, name))?;
    let mut content = whole(call.body.clone(), attributes_of_headers(call)?);
    content.checksum = check_digests(call, checksum_algorithm(call)?)?;
    let md5 = content.md5.clone();
    let object = written(call, bucket, name, content, call.header(headers::OPC_SSE_KMS_KEY_ID))?;
    Ok(answer(object).header(headers::OPC_CONTENT_MD5, md5))
}

/// The end of a version, or of what one sees of an object.
struct Deletion {
    change: Change,
    version_id: Option<String>,
    is_delete_marker: bool,
}

/// Where versions are kept, an object gets a delete marker on top; a version that is named goes for good.
fn deletion(
    moment: &Moment<'_>,
    bucket: &BucketRecord,
    object: &ObjectRecord,
    is_named: bool,
    seed: &Seed,
) -> Result<Deletion, Refusal> {
    retention::check(bucket, object, moment.now)?;
    if is_named || bucket.versioning == Versioning::Disabled {
        return Ok(Deletion {
            change: Change::DeleteVersion(object.key(), object.version_id.clone()),
            version_id: object.version_id.clone(),
            is_delete_marker: object.is_delete_marker,
        });
    }
    let marker = ObjectRecord {
        version_id: new_version(bucket, seed),
        is_delete_marker: true,
        content: whole(Bytes::new(), plain()),
        time_created: moment.now,
        time_modified: moment.now,
        etag: mint::uuid(seed),
        ..object.clone()
    };
    Ok(Deletion { version_id: marker.version_id.clone(), change: marker.into(), is_delete_marker: true })
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let version_id = call.parameter("versionId");
    let object = version(call, bucket, call.name(2), version_id)?;
    buckets::check_if_match(call, &object.etag)?;
    let deletion = deletion(call, bucket, object, version_id.is_some(), &call.seed.child("deletion"))?;
    let mut effect = Effect::empty(StatusCode::NO_CONTENT).header("last-modified", http_date(call.now));
    if let Some(id) = deletion.version_id {
        effect = effect.header(headers::VERSION_ID, id);
    }
    if deletion.is_delete_marker {
        effect = effect.header(headers::IS_DELETE_MARKER, "true");
    }
    Ok(effect.change(deletion.change))
}

#[cfg(test)]
mod tests;
