//! Object Storage: copies, also to other regions, which a work request follows.

use std::collections::BTreeMap;

use http::StatusCode;
use keyferry_ids::Region;
use keyferry_wire::objects::CopyObjectDetails;
use keyferry_wire::work_requests::WorkRequestResource;
use keyferry_wire::{code, headers};
use serde::{Deserialize, Serialize};

use super::{buckets, objects};
use crate::call::{Call, Effect, Moment};
use crate::records::{WorkRequestRecord, WorkService};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::Change;

/// A copy under way, at home in the region of its source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Copy {
    pub(crate) region: Region,
    work_request_id: String,
    bucket: String,
    into: Region,
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

pub(super) fn copy(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: CopyObjectDetails = call.json()?;
    let bucket = buckets::find(call, call.name(0), call.name(1))?;
    let source = call.world.object(call.region, &bucket.name, &details.source_object_name);
    let source = source.ok_or_else(|| objects::absent(&bucket.name, &details.source_object_name))?;
    if details.source_object_if_match_etag.as_ref().is_some_and(|etag| *etag != source.etag) {
        return Err(Refusal::new(412, "IfMatchFailed", "The source object has another entity tag"));
    }
    let into = Region::parse(&details.destination_region).ok().filter(|r| call.account.is_subscribed(*r));
    let into = into.ok_or_else(|| {
        Refusal::invalid("destinationRegion is not a region that the tenancy is subscribed to.")
    })?;
    buckets::check_namespace(call, &details.destination_namespace)?;
    objects::check_name(&details.destination_object_name)?;
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
        bucket: bucket.name.clone(),
        into,
        details,
    });
    Ok(Effect::empty(StatusCode::ACCEPTED)
        .work_request(&work_request.id)
        .change(Change::Schedule(work_request.due, task))
        .change(work_request))
}

impl Copy {
    /// Writes the copy, or says in the work request why not.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let Some(work_request) = moment.world.work_requests.get(&self.work_request_id) else {
            return Vec::new();
        };
        match self.written(moment) {
            Ok(change) => vec![change, work_request.succeeded(moment.now, "The object was copied.").into()],
            Err(refusal) => vec![work_request.failed(moment.now, &refusal).into()],
        }
    }

    fn written(&self, moment: &Moment<'_>) -> Result<Change, Refusal> {
        for region in [self.region, self.into] {
            if !moment.world.is_up(region) {
                let message = format!("The region {region} does not answer.");
                return Err(Refusal::new(503, code::SERVICE_UNAVAILABLE, message));
            }
        }
        let details = &self.details;
        let source = moment.world.object(self.region, &self.bucket, &details.source_object_name);
        let source = source.ok_or_else(|| objects::absent(&self.bucket, &details.source_object_name))?;
        let there = Moment { region: self.into, seed: moment.seed.clone(), ..*moment };
        let bucket = buckets::find(&there, &details.destination_namespace, &details.destination_bucket)?;
        let before = there.world.object(there.region, &bucket.name, &details.destination_object_name);
        if before.is_some() && details.destination_object_if_none_match_etag.is_some() {
            return Err(Refusal::new(412, "IfNoneMatchFailed", "There is an object of that name already"));
        }
        if let Some(wanted) = &details.destination_object_if_match_etag
            && before.is_none_or(|object| object.etag != *wanted)
        {
            return Err(Refusal::new(412, "IfMatchFailed", "The destination has another entity tag"));
        }
        let metadata = match &details.destination_object_metadata {
            None => source.metadata.clone(),
            Some(given) => {
                let plain = |name: &str| name.strip_prefix(headers::OPC_META).unwrap_or(name).to_owned();
                given.iter().map(|(name, value)| (plain(name), value.clone())).collect()
            }
        };
        let copy = objects::written(
            &there,
            &bucket.name,
            &details.destination_object_name,
            source.bytes.clone(),
            &source.content_type,
            metadata,
        );
        Ok(copy.into())
    }
}

#[cfg(test)]
mod tests;
