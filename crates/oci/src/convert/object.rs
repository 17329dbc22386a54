//! Buckets and the headers of objects.

use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use keyferry_core::model::{Bucket, ListedObject, ObjectFacts, RetentionRule};
use keyferry_wire::{headers, objects};

use super::{id, name, unusable};
use crate::error::{CallSite, Error};

pub(crate) fn bucket(site: &CallSite, bucket: objects::Bucket) -> Result<Bucket, Error> {
    Ok(Bucket {
        name: bucket.name,
        compartment_id: id(site, "compartmentId", &bucket.compartment_id)?,
        kms_key_id: bucket.kms_key_id.filter(|id| !id.is_empty()),
        is_read_only: bucket.is_read_only.unwrap_or(false),
        public_access: bucket.public_access_type,
    })
}

pub(crate) fn listed_object(site: &CallSite, object: objects::ObjectSummary) -> Result<ListedObject, Error> {
    Ok(ListedObject {
        size: object.size.ok_or_else(|| unusable(site, "size", "it is absent"))?,
        modified: object.time_modified.map(|time| time.0),
        name: object.name,
    })
}

pub(crate) fn retention_rule(rule: objects::RetentionRule) -> RetentionRule {
    // A unit that is not known is read as the longest.
    let days = |duration: objects::Duration| match duration.time_unit.as_str() {
        "DAYS" => duration.time_amount,
        _ => duration.time_amount.saturating_mul(365),
    };
    RetentionRule {
        name: name(&rule.display_name),
        days: rule.duration.map(days),
        locked_from: rule.time_rule_locked.map(|time| time.0),
    }
}

/// From the headers of a head or get answer; PutObject has the digest under another name.
pub(crate) fn facts(
    site: &CallSite,
    headers: &HeaderMap,
    written: Option<u64>,
) -> Result<ObjectFacts, Error> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let length = || text(CONTENT_LENGTH.as_str())?.parse().ok();
    let size = written.or_else(length).ok_or_else(|| unusable(site, "content-length", "it is no number"))?;
    Ok(ObjectFacts {
        size,
        etag: text(headers::ETAG),
        md5: text(headers::CONTENT_MD5).or_else(|| text(headers::OPC_CONTENT_MD5)),
        version_id: text(headers::VERSION_ID),
    })
}
