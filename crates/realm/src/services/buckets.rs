//! Object Storage: the namespace and its buckets. Buckets are regional, the namespace is not.

use http::StatusCode;
use jiff::Timestamp;
use keyferry_wire::objects::{Bucket, BucketSummary, CreateBucketDetails};
use keyferry_wire::{Time, code, headers};

use crate::call::{Call, Effect, Moment};
use crate::lists::{self, Listed};
use crate::mint;
use crate::records::BucketRecord;
use crate::refusal::{Refusal, shortened};

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
    moment.world.bucket(moment.region, name).ok_or_else(|| {
        let message = format!(
            "Either the bucket named '{}' does not exist in the namespace '{namespace}' or you are not \
             authorized to access it",
            shortened(name)
        );
        Refusal::new(404, code::BUCKET_NOT_FOUND, message)
    })
}

/// Refuses a stale `if-match`, in the words of Object Storage.
pub(super) fn check_if_match(call: &Call<'_>, etag: &str) -> Result<(), Refusal> {
    match call.header(headers::IF_MATCH) {
        Some(wanted) if wanted != etag && wanted != "*" => Err(Refusal::new(
            412,
            "IfMatchFailed",
            "The If-Match header does not match the entity tag of the resource",
        )),
        _ => Ok(()),
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
        is_bucket_key_enabled: Some(false),
        object_lifecycle_policy_etag: None,
        approximate_count: None,
        approximate_size: None,
        replication_enabled: Some(false),
        is_read_only: Some(false),
        id: Some(bucket.id.clone()),
        versioning: Some("Disabled".to_owned()),
        auto_tiering: Some("Disabled".to_owned()),
        bucket_scope: Some("NAMESPACE".to_owned()),
    }
}

pub(super) fn namespace(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&call.account.identity.namespace)
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_namespace(call, call.name(0))?;
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let here =
        call.world.buckets.values().filter(|b| b.region == call.region && b.compartment_id == compartment);
    let buckets: Vec<BucketRecord> = here.cloned().collect();
    lists::page(call, &buckets, |b| BucketSummary {
        namespace: call.name(0).to_owned(),
        name: b.name.clone(),
        compartment_id: b.compartment_id.clone(),
        created_by: b.created_by.clone(),
        time_created: Time(b.time_created),
        etag: b.etag.clone(),
    })
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
    if details.versioning.as_deref().is_some_and(|word| word != "Disabled") {
        return Err(Refusal::invalid("The embedded realm keeps no versions of objects."));
    }
    let one_of = |given: Option<String>, known: &[&str]| {
        let word = given.unwrap_or_else(|| known[0].to_owned());
        let is_known = known.contains(&word.as_str());
        if is_known { Ok(word) } else { Err(Refusal::invalid(format!("One of: {}.", known.join(", ")))) }
    };
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
        metadata: details.metadata.unwrap_or_default(),
        public_access_type: one_of(
            details.public_access_type,
            &["NoPublicAccess", "ObjectRead", "ObjectReadWithoutList"],
        )?,
        storage_tier: one_of(details.storage_tier, &["Standard", "Archive"])?,
        object_events_enabled: details.object_events_enabled.unwrap_or(false),
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
        kms_key_id: details.kms_key_id.filter(|id| !id.is_empty()),
        time_created: call.now,
        etag: mint::uuid(&call.seed),
    };
    let location = format!("{}/n/{namespace}/b/{}", call.account.endpoint(call.region), bucket.name);
    Ok(Effect::json(&view(namespace, &bucket))?
        .etag(&bucket.etag)
        .header("location", location)
        .change(bucket))
}

/// Counts and sizes only if asked for, and then exact.
pub(super) fn bucket(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = find(call, call.name(0), call.name(1))?;
    check_if_match(call, &record.etag)?;
    let mut view = view(call.name(0), record);
    let fields = call.parameter("fields").unwrap_or_default();
    let sizes = || super::objects::in_bucket(call, &record.name, "").map(|object| object.bytes.len() as u64);
    if fields.split(',').any(|field| field == "approximateCount") {
        view.approximate_count = Some(sizes().count() as u64);
    }
    if fields.split(',').any(|field| field == "approximateSize") {
        view.approximate_size = Some(sizes().sum());
    }
    Ok(Effect::json(&view)?.etag(&record.etag))
}

pub(super) fn head(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = find(call, call.name(0), call.name(1))?;
    check_if_match(call, &record.etag)?;
    Ok(Effect::empty(StatusCode::OK).etag(&record.etag))
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let record = find(call, call.name(0), call.name(1))?;
    check_if_match(call, &record.etag)?;
    if super::objects::in_bucket(call, &record.name, "").next().is_some() {
        let message = format!("Bucket named '{}' is not empty. Delete all objects first.", record.name);
        return Err(Refusal::new(409, "BucketNotEmpty", message));
    }
    let gone = crate::world::Change::DeleteBucket(record.region, record.name.clone());
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(gone))
}
