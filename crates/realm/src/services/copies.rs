//! Object Storage: copies, also to other regions, which a work request follows.

use std::collections::BTreeMap;

use http::StatusCode;
use keyferry_ids::Region;
use keyferry_wire::objects::CopyObjectDetails;
use keyferry_wire::work_requests::WorkRequestResource;
use keyferry_wire::{code, headers};
use serde::{Deserialize, Serialize};

use super::work_requests::running;
use super::{buckets, objects};
use crate::call::{Call, Effect, Moment};
use crate::records::{BucketRecord, ObjectRecord, WorkRequestRecord, WorkService};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// A copy under way, at home in the region of its source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Copy {
    pub(crate) region: Region,
    work_request_id: String,
    namespace: String,
    bucket: String,
    into: Region,
    /// If it is not to be that of the destination's bucket.
    kms_key_id: Option<String>,
    details: CopyObjectDetails,
}

fn resource(
    action: &str,
    region: Region,
    namespace: &str,
    bucket: &str,
    object: &str,
) -> WorkRequestResource {
    let uri = format!("/n/{namespace}/b/{bucket}/o/{object}");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    WorkRequestResource {
        action_type: action.to_owned(),
        entity_type: "object".to_owned(),
        identifier: uri.clone(),
        entity_uri: Some(uri),
        metadata: BTreeMap::from([
            pair("REGION", region.name()),
            pair("NAMESPACE", namespace),
            pair("BUCKET", bucket),
            pair("OBJECT", object),
        ]),
    }
}

/// The version to copy, if it is there, can be read and is the one that is meant.
fn source<'m>(
    moment: &'m Moment<'_>,
    bucket: &BucketRecord,
    details: &CopyObjectDetails,
) -> Result<&'m ObjectRecord, Refusal> {
    let version_id = details.source_version_id.as_deref();
    let source = objects::readable(moment, bucket, &details.source_object_name, version_id)?;
    objects::check_conditions(Some(source), details.source_object_if_match_etag.as_deref(), None)?;
    Ok(source)
}

pub(super) fn copy(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: CopyObjectDetails = call.json()?;
    let bucket = buckets::named(call)?;
    let source = source(call, bucket, &details)?;
    let into = Region::parse(&details.destination_region).ok().filter(|r| call.is_subscribed(*r));
    let into = into.ok_or_else(|| {
        Refusal::invalid("destinationRegion is not a region that the tenancy is subscribed to.")
    })?;
    buckets::check_namespace(call, &details.destination_namespace)?;
    objects::check_name(&details.destination_object_name)?;
    objects::storage_tier(details.destination_object_storage_tier.as_deref())?;
    let takes = call.account.latency.copy;
    let namespace = call.name(0);
    let work_request = WorkRequestRecord::accepted(
        call,
        WorkService::Objects,
        "COPY_OBJECT",
        &bucket.compartment_id,
        vec![
            resource("READ", call.region, namespace, &bucket.name, &source.name),
            resource(
                "WRITTEN",
                into,
                namespace,
                &details.destination_bucket,
                &details.destination_object_name,
            ),
        ],
        takes,
    );
    let task = Task::FinishCopy(Copy {
        region: call.region,
        work_request_id: work_request.id.clone(),
        namespace: namespace.to_owned(),
        bucket: bucket.name.clone(),
        into,
        kms_key_id: call.header(headers::OPC_SSE_KMS_KEY_ID).map(str::to_owned),
        details,
    });
    Ok(Effect::empty(StatusCode::ACCEPTED).work(work_request, task))
}

impl Copy {
    /// Writes the copy, or says in the work request why not.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let Some(work_request) = running(moment, &self.work_request_id) else { return Vec::new() };
        match self.written(moment) {
            Ok(change) => vec![change, work_request.succeeded(moment.now, "The object was copied.").into()],
            Err(refusal) => self.fail(moment, &refusal),
        }
    }

    /// Copies nothing.
    pub(crate) fn fail(&self, moment: &Moment<'_>, refusal: &Refusal) -> Vec<Change> {
        let work_request = running(moment, &self.work_request_id);
        work_request.map(|request| request.failed(moment.now, refusal).into()).into_iter().collect()
    }

    fn written(&self, moment: &Moment<'_>) -> Result<Change, Refusal> {
        for region in [self.region, self.into] {
            if !moment.world.is_up(region) {
                let message = format!("The region {region} does not answer.");
                return Err(Refusal::new(503, code::SERVICE_UNAVAILABLE, message));
            }
        }
        let details = &self.details;
        let source = source(moment, buckets::find(moment, &self.namespace, &self.bucket)?, details)?;
        let there = Moment { region: self.into, seed: moment.seed.clone(), ..*moment };
        let bucket = buckets::find(&there, &details.destination_namespace, &details.destination_bucket)?;
        objects::check_conditions(
            there.world.object(there.region, &bucket.name, &details.destination_object_name),
            details.destination_object_if_match_etag.as_deref(),
            details.destination_object_if_none_match_etag.as_deref(),
        )?;
        let mut content = source.content.clone();
        if let Some(given) = &details.destination_object_metadata {
            content.attributes.metadata = objects::named_metadata(given.clone())?;
        }
        if let Some(tier) = &details.destination_object_storage_tier {
            content.attributes.storage_tier.clone_from(tier);
        }
        let name = &details.destination_object_name;
        Ok(objects::written(&there, bucket, name, content, self.kms_key_id.as_deref())?.into())
    }
}

#[cfg(test)]
mod tests;
