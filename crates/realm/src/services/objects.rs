//! Object Storage: objects.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::StatusCode;
use keyferry_wire::objects::{ListObjects, ObjectSummary};
use keyferry_wire::{Time, code, headers, http_date};
use md5::{Digest, Md5};

use super::buckets::{self, check_if_match};
use crate::call::{Call, Effect, Moment};
use crate::lists;
use crate::mint;
use crate::records::ObjectRecord;
use crate::refusal::{Refusal, shortened};
use crate::world::Change;

const LONGEST_NAME: usize = 1024;
const LARGEST_METADATA: usize = 4096;
const PAGE: usize = 1000;

/// The objects of a bucket from a name on, in the order of their names' bytes.
pub(super) fn in_bucket<'m>(
    moment: &'m Moment<'_>,
    bucket: &'m str,
    from: &str,
) -> impl Iterator<Item = &'m ObjectRecord> {
    let first = (moment.region, bucket.to_owned(), from.to_owned());
    let rest = moment.world.objects.range(first..).map(|(_, object)| object);
    rest.take_while(move |object| object.region == moment.region && object.bucket == bucket)
}

/// The refusal for an object that is not there.
pub(crate) fn absent(bucket: &str, name: &str) -> Refusal {
    let message = format!("The object '{}' was not found in the bucket '{bucket}'", shortened(name));
    Refusal::new(404, code::OBJECT_NOT_FOUND, message)
}

/// A new object, or the next state of one.
pub(crate) fn written(
    moment: &Moment<'_>,
    bucket: &str,
    name: &str,
    bytes: Bytes,
    content_type: &str,
    metadata: BTreeMap<String, String>,
) -> ObjectRecord {
    let before = moment.world.object(moment.region, bucket, name);
    ObjectRecord {
        region: moment.region,
        bucket: bucket.to_owned(),
        name: name.to_owned(),
        md5: BASE64_STANDARD.encode(Md5::digest(&bytes)),
        bytes,
        content_type: content_type.to_owned(),
        metadata,
        time_created: before.map_or(moment.now, |object| object.time_created),
        time_modified: moment.now,
        etag: mint::uuid(&moment.seed.child("object")),
    }
}

/// Refuses names that Object Storage does not take.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains(['\r', '\n', '\0']) {
        return Err(Refusal::invalid("An object's name has 1 to 1024 bytes, without CR, LF and NUL."));
    }
    Ok(())
}

fn named<'c>(call: &'c Call<'_>) -> Result<&'c ObjectRecord, Refusal> {
    let bucket = buckets::find(call, call.name(0), call.name(1))?;
    let object = call.world.object(call.region, &bucket.name, call.name(2));
    let object = object.ok_or_else(|| absent(&bucket.name, call.name(2)))?;
    check_if_match(call, &object.etag)?;
    Ok(object)
}

fn metadata_of(call: &Call<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let mut metadata = BTreeMap::new();
    for (name, value) in call.headers {
        if let Some(name) = name.as_str().strip_prefix(headers::OPC_META) {
            let value = value.to_str().map_err(|_| Refusal::invalid("Metadata is not ASCII."))?;
            metadata.insert(name.to_owned(), value.to_owned());
        }
    }
    let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > LARGEST_METADATA {
        return Err(Refusal::invalid(format!("The metadata has more than {LARGEST_METADATA} bytes.")));
    }
    Ok(metadata)
}

pub(super) fn put(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::find(call, call.name(0), call.name(1))?;
    let name = call.name(2);
    check_name(name)?;
    if call.headers.contains_key("transfer-encoding") {
        return Err(Refusal::new(411, "MissingContentLength", "The Content-Length header is required."));
    }
    let before = call.world.object(call.region, &bucket.name, name);
    match call.header(headers::IF_NONE_MATCH) {
        None => {}
        Some("*") if before.is_none() => {}
        Some("*") => {
            return Err(Refusal::new(412, "IfNoneMatchFailed", "There is an object of that name already"));
        }
        Some(_) => return Err(Refusal::invalid("The If-None-Match header can only be '*'.")),
    }
    if call.header(headers::IF_MATCH).is_some() {
        check_if_match(call, before.map_or("", |object| &object.etag))?;
    }
    let content_type = call.header("content-type").unwrap_or("application/octet-stream");
    let object = written(call, &bucket.name, name, call.body.clone(), content_type, metadata_of(call)?);
    if let Some(claimed) = call.header(headers::CONTENT_MD5).filter(|claimed| *claimed != object.md5) {
        let message = format!(
            "The computed MD5 of the request body ({}) does not match the Content-MD5 header ({})",
            object.md5,
            shortened(claimed)
        );
        return Err(Refusal::new(400, "UnmatchedContentMD5", message));
    }
    Ok(Effect::empty(StatusCode::OK)
        .etag(&object.etag)
        .header("last-modified", http_date(object.time_modified))
        .header(headers::OPC_CONTENT_MD5, &object.md5)
        .change(object))
}

/// What GET and HEAD say alike.
fn described(object: &ObjectRecord) -> Effect {
    let mut effect = Effect::empty(StatusCode::OK)
        .etag(&object.etag)
        .header("content-type", &object.content_type)
        .header("content-length", object.bytes.len().to_string())
        .header("last-modified", http_date(object.time_modified))
        .header(headers::CONTENT_MD5, &object.md5)
        .header(headers::OPC_CONTENT_MD5, &object.md5)
        .header("accept-ranges", "bytes")
        .header("storage-tier", "Standard");
    for (name, value) in &object.metadata {
        effect = effect.header(format!("{}{name}", headers::OPC_META), value);
    }
    effect
}

pub(super) fn head(call: &Call<'_>) -> Result<Effect, Refusal> {
    Ok(described(named(call)?))
}

pub(super) fn object(call: &Call<'_>) -> Result<Effect, Refusal> {
    let object = named(call)?;
    Ok(described(object).with_bytes(object.bytes.clone()))
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let object = named(call)?;
    let key = (object.region, object.bucket.clone(), object.name.clone());
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(Change::DeleteObject(key)))
}

/// Pages go on at `nextStartWith`, not with a header.
pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::find(call, call.name(0), call.name(1))?;
    let limit = lists::limit(call, PAGE)?;
    let prefix = call.parameter("prefix").unwrap_or_default();
    let after = call.parameter("startAfter").unwrap_or_default();
    let first = [prefix, call.parameter("start").unwrap_or_default(), after].into_iter().max();
    let end = call.parameter("end");
    let is_cut = match call.parameter("delimiter") {
        None => false,
        Some("/") => true,
        Some(_) => return Err(Refusal::invalid("The delimiter can only be '/'.")),
    };
    let fields: Vec<String> =
        call.parameter("fields").unwrap_or("name").split(',').map(str::to_ascii_lowercase).collect();
    let (mut objects, mut prefixes, mut next) = (Vec::new(), BTreeSet::new(), None);
    let found = in_bucket(call, &bucket.name, first.unwrap_or_default())
        .take_while(|object| object.name.starts_with(prefix) && end.is_none_or(|end| *object.name < *end))
        .filter(|object| after.is_empty() || *object.name > *after);
    for object in found {
        let folder = object.name[prefix.len()..].find('/').filter(|_| is_cut);
        let folder = folder.map(|at| object.name[..=prefix.len() + at].to_owned());
        if folder.as_ref().is_some_and(|folder| prefixes.contains(folder)) {
            continue;
        }
        if objects.len() + prefixes.len() == limit {
            next = Some(object.name.clone());
            break;
        }
        match folder {
            Some(folder) => drop(prefixes.insert(folder)),
            None => objects.push(summary(object, &fields)),
        }
    }
    let prefixes = is_cut.then(|| prefixes.into_iter().collect());
    Effect::json(&ListObjects { objects, prefixes, next_start_with: next })
}

fn summary(object: &ObjectRecord, fields: &[String]) -> ObjectSummary {
    let asked = |name: &str| fields.iter().any(|field| field == name);
    ObjectSummary {
        name: object.name.clone(),
        size: asked("size").then_some(object.bytes.len() as u64),
        etag: asked("etag").then(|| object.etag.clone()),
        md5: asked("md5").then(|| object.md5.clone()),
        time_created: asked("timecreated").then_some(Time(object.time_created)),
        time_modified: asked("timemodified").then_some(Time(object.time_modified)),
        storage_tier: asked("storagetier").then(|| "Standard".to_owned()),
        archival_state: None,
    }
}

#[cfg(test)]
mod tests;
