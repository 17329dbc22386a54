//! Object Storage: objects that arrive in parts, in any order, and exist once these are committed.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use keyferry_wire::objects::{
    CommitMultipartUploadDetails, CreateMultipartUploadDetails, MultipartUpload, MultipartUploadPart,
};
use keyferry_wire::{Time, headers};

use super::{buckets, encryption, objects};
use crate::call::{Call, Effect};
use crate::checksum::{self, Checksum};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::{BucketRecord, Content, PartRecord, UploadRecord};
use crate::refusal::Refusal;
use crate::world::Change;

const MOST_PARTS: u32 = 10_000;

impl Listed for UploadRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.object
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

impl Listed for PartRecord {
    // No two parts have one etag.
    fn id(&self) -> &str {
        &self.etag
    }
    fn name(&self) -> &str {
        &self.upload_id
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

fn view(namespace: &str, upload: &UploadRecord) -> MultipartUpload {
    MultipartUpload {
        namespace: namespace.to_owned(),
        bucket: upload.bucket.clone(),
        object: upload.object.clone(),
        upload_id: upload.id.clone(),
        time_created: Time(upload.time_created),
        storage_tier: Some(upload.attributes.storage_tier.clone()),
    }
}

/// The upload that path and query name.
fn named<'c>(call: &'c Call<'_>) -> Result<(&'c BucketRecord, &'c UploadRecord), Refusal> {
    let bucket = buckets::named(call)?;
    let found = call.world.uploads.get(call.required("uploadId")?);
    let upload = found.filter(|upload| {
        upload.region == call.region && upload.bucket == bucket.name && upload.object == call.name(2)
    });
    Ok((bucket, upload.ok_or_else(Refusal::absent)?))
}

/// The parts that have arrived, by number.
fn parts<'c>(call: &'c Call<'_>, upload: &UploadRecord) -> impl Iterator<Item = &'c PartRecord> {
    let all = (upload.id.clone(), 0)..=(upload.id.clone(), u32::MAX);
    call.world.parts.range(all).map(|(_, part)| part)
}

/// Whether uploads into a bucket are under way.
pub(super) fn any(call: &Call<'_>, bucket: &BucketRecord) -> bool {
    call.world.uploads.values().any(|upload| upload.region == bucket.region && upload.bucket == bucket.name)
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let details: CreateMultipartUploadDetails = call.json()?;
    objects::check_name(&details.object)?;
    objects::check_customer_key(call)?;
    objects::check_condition_headers(call, call.world.object(call.region, &bucket.name, &details.object))?;
    let kms_key_id = call.header(headers::OPC_SSE_KMS_KEY_ID).map(str::to_owned);
    encryption::for_writing(call, kms_key_id.as_deref().or(bucket.kms_key_id.as_deref()))?;
    let upload = UploadRecord {
        id: mint::uuid(&call.seed.child("upload")),
        region: call.region,
        bucket: bucket.name.clone(),
        object: details.object.clone(),
        checksum_algorithm: objects::checksum_algorithm(call)?,
        attributes: objects::attributes_of_upload(details)?,
        kms_key_id,
        time_created: call.now,
    };
    Ok(Effect::json(&view(call.name(0), &upload))?.change(upload))
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    let here = call.world.uploads.values().filter(|u| u.region == call.region && u.bucket == bucket.name);
    let mut uploads: Vec<UploadRecord> = here.cloned().collect();
    uploads.sort_by(|a, b| (&a.object, a.time_created).cmp(&(&b.object, b.time_created)));
    lists::page(call, &uploads, |upload| view(call.name(0), upload))
}

/// A part may be sent again: the later one counts.
pub(super) fn upload_part(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (_, upload) = named(call)?;
    objects::check_customer_key(call)?;
    let number = call.required("uploadPartNum")?.parse().ok().filter(|n| (1..=MOST_PARTS).contains(n));
    let number =
        number.ok_or_else(|| Refusal::invalid(format!("uploadPartNum is from 1 to {MOST_PARTS}.")))?;
    let checksum = objects::check_digests(call, objects::checksum_algorithm(call)?)?;
    let part = PartRecord {
        region: call.region,
        upload_id: upload.id.clone(),
        number,
        bytes: call.body.clone(),
        etag: mint::uuid(&call.seed.child("part")),
        time_created: call.now,
    };
    let mut effect = Effect::empty(StatusCode::OK)
        .etag(&part.etag)
        .header(headers::OPC_CONTENT_MD5, checksum::md5(&part.bytes));
    if let Some(Checksum { header, value }) = checksum {
        effect = effect.header(header, value);
    }
    Ok(effect.change(part))
}

pub(super) fn list_parts(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (_, upload) = named(call)?;
    let parts: Vec<PartRecord> = parts(call, upload).cloned().collect();
    lists::page(call, &parts, |part| MultipartUploadPart {
        etag: part.etag.clone(),
        md5: checksum::md5(&part.bytes),
        size: part.bytes.len() as u64,
        part_number: part.number,
    })
}

/// The parts to commit, by number: each part that arrived has to be meant for the object or left out.
fn chosen<'c>(
    call: &'c Call<'_>,
    upload: &UploadRecord,
    details: &CommitMultipartUploadDetails,
) -> Result<Vec<&'c PartRecord>, Refusal> {
    let mut arrived: BTreeMap<u32, &PartRecord> =
        parts(call, upload).map(|part| (part.number, part)).collect();
    let excluded = details.parts_to_exclude.as_deref().unwrap_or_default();
    // A part that never arrived can be left out all the same.
    arrived.retain(|number, _| !excluded.contains(number));
    let mut chosen = BTreeMap::new();
    for part in &details.parts_to_commit {
        let number = part.part_num;
        let found = arrived.remove(&number).filter(|found| found.etag == part.etag).ok_or_else(|| {
            Refusal::invalid(format!("Part {number} is not there with that etag, named twice or excluded."))
        })?;
        chosen.insert(number, found);
    }
    if let Some(number) = arrived.keys().next() {
        return Err(Refusal::invalid(format!("Part {number} is neither to be committed nor excluded.")));
    }
    if chosen.is_empty() {
        return Err(Refusal::invalid("There are no parts to commit."));
    }
    Ok(chosen.into_values().collect())
}

pub(super) fn commit(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (bucket, upload) = named(call)?;
    let details: CommitMultipartUploadDetails = call.json()?;
    let chosen = chosen(call, upload, &details)?;
    objects::check_condition_headers(call, call.world.object(call.region, &bucket.name, &upload.object))?;
    let parts: Vec<&[u8]> = chosen.iter().map(|part| &part.bytes[..]).collect();
    let content = Content {
        bytes: parts.concat().into(),
        attributes: upload.attributes.clone(),
        md5: checksum::md5_of_parts(parts.iter().copied()),
        is_in_parts: true,
        checksum: upload.checksum_algorithm.map(|algorithm| Checksum::of_parts(algorithm, &parts)),
        master_key: None,
    };
    let md5 = content.md5.clone();
    let object = objects::written(call, bucket, &upload.object, content, upload.kms_key_id.as_deref())?;
    Ok(objects::answer(object)
        .header(headers::OPC_MULTIPART_MD5, md5)
        .change(Change::DeleteUpload(upload.id.clone())))
}

pub(super) fn abort(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (_, upload) = named(call)?;
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(Change::DeleteUpload(upload.id.clone())))
}

#[cfg(test)]
mod tests;
