//! Object Storage: buckets, which are regional while the namespace is not.

mod updates;

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use keyferry_wire::objects::{Bucket, BucketSummary, CreateBucketDetails};
use keyferry_wire::{Time, code, headers};

pub(super) use self::updates::update;
use super::{encryption, objects, pars, tags, uploads};
use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::{BucketRecord, Versioning};
use crate::refusal::{Refusal, shortened};
use crate::world::Change;

impl Listed for BucketRecord {
    #[expect(clippy::misnamed_getters, reason = "a bucket's name is what is unique in a list")]
    fn id(&self) -> &str {
        &self.name
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

/// Refuses any namespace but the tenancy's.
pub(super) fn check_namespace(moment: &Moment<'_>, namespace: &str) -> Result<(), Refusal> {
    if namespace == moment.account.identity.namespace {
        return Ok(());
    }
    let namespace = shortened(namespace);
    let message =
        format!("The namespace '{namespace}' does not exist or you are not authorized to access it");
    Err(Refusal::new(404, code::NAMESPACE_NOT_FOUND, message))
}

/// The bucket of that name in the region of the moment.
pub(crate) fn find<'m>(
    moment: &'m Moment<'_>,
    namespace: &str,
    name: &str,
) -> Result<&'m BucketRecord, Refusal> {
    check_namespace(moment, namespace)?;
    moment.world.bucket(moment.region, name).ok_or_else(|| absent(namespace, name))
}

/// The refusal for a bucket that is not there, or must not be known to be.
pub(super) fn absent(namespace: &str, name: &str) -> Refusal {
    let message = format!(
        "Either the bucket named '{}' does not exist in the namespace '{}' or you are not authorized to access \
         it",
        shortened(name),
        shortened(namespace)
    );
    Refusal::new(404, code::BUCKET_NOT_FOUND, message)
}

/// The bucket that the path names.
pub(super) fn named<'c>(call: &'c Call<'_>) -> Result<&'c BucketRecord, Refusal> {
    find(call, call.name(0), call.name(1))
}

pub(super) fn if_match_failed() -> Refusal {
    let message = "The If-Match header does not match the entity tag of the resource";
    Refusal::new(412, "IfMatchFailed", message)
}

/// Refuses a stale `if-match`, in the words of Object Storage.
pub(super) fn check_if_match(call: &Call<'_>, etag: &str) -> Result<(), Refusal> {
    match call.header(headers::IF_MATCH) {
        Some(wanted) if wanted != etag && wanted != "*" => Err(if_match_failed()),
        _ => Ok(()),
    }
}

/// The answer to a reader who has this version already; refuses one who has another than the wanted one.
pub(super) fn unchanged(call: &Call<'_>, etag: &str) -> Result<Option<Effect>, Refusal> {
    check_if_match(call, etag)?;
    match call.header(headers::IF_NONE_MATCH) {
        Some("*") => Err(Refusal::invalid("The If-None-Match header can't be '*' here.")),
        Some(known) if known == etag => Ok(Some(Effect::empty(StatusCode::NOT_MODIFIED).etag(etag))),
        _ => Ok(None),
    }
}

fn view(namespace: &str, bucket: &BucketRecord) -> Bucket {
    Bucket {
        namespace: namespace.to_owned(),
        name: bucket.name.clone(),
        compartment_id: bucket.compartment_id.clone(),
        created_by: bucket.created_by.clone(),
        time_created: Time(bucket.time_created),
        etag: bucket.etag.clone(),
        metadata: Some(bucket.metadata.clone()),
        public_access_type: Some(bucket.public_access_type.clone()),
        storage_tier: Some(bucket.storage_tier.clone()),
        object_events_enabled: Some(bucket.object_events_enabled),
        freeform_tags: Some(bucket.freeform_tags.clone()),
        defined_tags: Some(bucket.defined_tags.clone()),
        kms_key_id: bucket.kms_key_id.clone(),
        is_bucket_key_enabled: Some(bucket.is_bucket_key_enabled),
        object_lifecycle_policy_etag: None,
        approximate_count: None,
        approximate_size: None,
        replication_enabled: Some(false),
        is_read_only: Some(false),
        id: Some(bucket.id.clone()),
        versioning: Some(bucket.versioning.as_str().to_owned()),
        auto_tiering: Some(bucket.auto_tiering.clone()),
        bucket_scope: Some("NAMESPACE".to_owned()),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_namespace(call, call.name(0))?;
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let here =
        call.world.buckets.values().filter(|b| b.region == call.region && b.compartment_id == compartment);
    let buckets: Vec<BucketRecord> = here.cloned().collect();
    let fields = call.parameter("fields").unwrap_or_default();
    let with_tags = fields.split(',').any(|field| field == "tags");
    lists::page(call, &buckets, |b| BucketSummary {
        namespace: call.name(0).to_owned(),
        name: b.name.clone(),
        compartment_id: b.compartment_id.clone(),
        created_by: b.created_by.clone(),
        time_created: Time(b.time_created),
        etag: b.etag.clone(),
        freeform_tags: with_tags.then(|| b.freeform_tags.clone()),
        defined_tags: with_tags.then(|| b.defined_tags.clone()),
    })
}

fn one_of(given: Option<String>, known: &[&str]) -> Result<String, Refusal> {
    let word = given.unwrap_or_else(|| known[0].to_owned());
    let is_known = known.contains(&word.as_str());
    if is_known { Ok(word) } else { Err(Refusal::invalid(format!("One of: {}.", known.join(", ")))) }
}

fn checked_public_access(given: Option<String>) -> Result<String, Refusal> {
    one_of(given, &["NoPublicAccess", "ObjectRead", "ObjectReadWithoutList"])
}

fn checked_auto_tiering(given: Option<String>) -> Result<String, Refusal> {
    one_of(given, &["Disabled", "InfrequentAccess"])
}

/// Metadata of a bucket, whose names stay as they are.
fn checked_metadata(given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refusal> {
    objects::check_metadata(&given)?;
    Ok(given)
}

pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let namespace = call.name(0);
    check_namespace(call, namespace)?;
    let details: CreateBucketDetails = call.json()?;
    call.check_compartment(&details.compartment_id)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !(1..=256).contains(&details.name.len()) || !details.name.bytes().all(plain) {
        return Err(Refusal::invalid(
            "A bucket's name has 1 to 256 letters, digits, hyphens, underscores and periods.",
        ));
    }
    let versioning = match details.versioning.as_deref() {
        None | Some("Disabled") => Versioning::Disabled,
        Some("Enabled") => Versioning::Enabled,
        Some(_) => return Err(Refusal::invalid("Versioning of a new bucket is Enabled or Disabled.")),
    };
    tags::check(call, details.defined_tags.as_ref(), None)?;
    let kms_key_id = details.kms_key_id.filter(|id| !id.is_empty());
    if let Some(id) = &kms_key_id {
        encryption::check_assignable(call, id)?;
    }
    if call.world.bucket(call.region, &details.name).is_some() {
        let message = format!(
            "Either the bucket \"{}\" in namespace \"{namespace}\" already exists or you are not authorized \
             to create it",
            details.name
        );
        return Err(Refusal::new(409, "BucketAlreadyExists", message));
    }
    let bucket = BucketRecord {
        id: call.regional_id("bucket", &[], &call.seed),
        region: call.region,
        name: details.name,
        compartment_id: details.compartment_id,
        created_by: call.account.identity.user_id.clone(),
        metadata: checked_metadata(details.metadata.unwrap_or_default())?,
        public_access_type: checked_public_access(details.public_access_type)?,
        // The embedded realm has no archive.
        storage_tier: one_of(details.storage_tier, &["Standard"])?,
        object_events_enabled: details.object_events_enabled.unwrap_or(false),
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        kms_key_id,
        is_bucket_key_enabled: details.is_bucket_key_enabled.unwrap_or(false),
        versioning,
        auto_tiering: checked_auto_tiering(details.auto_tiering)?,
        retention_rules: Vec::new(),
        time_created: call.now,
        etag: mint::uuid(&call.seed),
    };
    let location = format!("{}/n/{namespace}/b/{}", call.account.endpoint(call.region), bucket.name);
    Ok(Effect::json(&view(namespace, &bucket))?
        .etag(&bucket.etag)
        .header("location", location)
        .change(bucket))
}

/// Counts and sizes only if asked for, and then exact: of all versions.
pub(super) fn bucket(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = named(call)?;
    if let Some(unchanged) = unchanged(call, &record.etag)? {
        return Ok(unchanged);
    }
    let mut view = view(call.name(0), record);
    let fields = call.parameter("fields").unwrap_or_default();
    let mut objects = call.world.object_versions(call.region, &record.name, "");
    objects.retain(|object| !object.is_delete_marker);
    if fields.split(',').any(|field| field == "approximateCount") {
        view.approximate_count = Some(objects.len() as u64);
    }
    if fields.split(',').any(|field| field == "approximateSize") {
        view.approximate_size = Some(objects.iter().map(|object| object.size()).sum());
    }
    Ok(Effect::json(&view)?.etag(&record.etag))
}

pub(super) fn head(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = named(call)?;
    let unchanged = unchanged(call, &record.etag)?;
    Ok(unchanged.unwrap_or_else(|| Effect::empty(StatusCode::OK).etag(&record.etag)))
}

/// Nothing may be left in it, not even what is not seen.
pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = named(call)?;
    check_if_match(call, &record.etag)?;
    let name = &record.name;
    let left = if !call.world.object_versions(call.region, name, "").is_empty() {
        let things = if record.versioning == Versioning::Disabled { "objects" } else { "object versions" };
        Some(format!("is not empty. Delete all {things} first."))
    } else if uploads::any(call, record) {
        Some("has pending multipart uploads. Stop all multipart uploads first.".to_owned())
    } else if !pars::of_bucket(call, name).is_empty() {
        Some("has pre-authenticated requests. Delete all pre-authenticated requests first.".to_owned())
    } else {
        None
    };
    if let Some(left) = left {
        return Err(Refusal::new(409, "BucketNotEmpty", format!("Bucket named '{name}' {left}")));
    }
    let gone = Change::DeleteBucket(record.region, name.clone());
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(gone))
}
