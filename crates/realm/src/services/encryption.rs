//! Keys of buckets and objects: what Key Management no longer gives can neither be read nor written.

use std::collections::BTreeMap;

use http::StatusCode;
use keyferry_ids::Region;
use keyferry_wire::kms::{KeyState, KeyVersionState};
use keyferry_wire::objects::ReencryptObjectDetails;
use keyferry_wire::work_requests::WorkRequestResource;
use serde::{Deserialize, Serialize};

use super::work_requests::running;
use super::{buckets, keys, objects};
use crate::call::{Call, Effect, Moment};
use crate::material::Shape;
use crate::records::{BucketRecord, MasterKey, ObjectRecord};
use crate::records::{KeyRecord, WorkRequestRecord, WorkService};
use crate::refusal::{Refusal, shortened};
use crate::tasks::Task;
use crate::world::Change;

/// Oracle does not say how such a request fails; trying again without help from Key Management is no use.
fn unusable(key_id: &str, why: &str) -> Refusal {
    let key_id = shortened(key_id);
    Refusal::conflict(format!("Key Management does not provide the encryption key {key_id}: {why}."))
}

/// A key that can be used in this region now.
fn usable<'m>(moment: &'m Moment<'_>, key_id: &str) -> Result<&'m KeyRecord, Refusal> {
    let found = moment.world.keys.get(key_id).and_then(|key| {
        let vault = moment.world.vaults.get(&key.vault_id)?;
        vault.is_in(moment.region).then_some((vault, key))
    });
    let (vault, key) = found.ok_or_else(|| unusable(key_id, "it does not exist in this region"))?;
    match keys::state_in(vault, key) {
        KeyState::Enabled => Ok(key),
        state => Err(unusable(key_id, &format!("its state is {state}"))),
    }
}

/// Refuses to give a bucket or object a key that does not encrypt.
pub(super) fn check_assignable(moment: &Moment<'_>, key_id: &str) -> Result<(), Refusal> {
    let key = usable(moment, key_id)
        .map_err(|refusal| Refusal::new(400, "RelatedResourceNotAuthorizedOrNotFound", refusal.message))?;
    match key.shape {
        Shape::Aes { .. } => Ok(()),
        _ => Err(Refusal::invalid("Only AES keys encrypt buckets and objects.")),
    }
}

/// What to encrypt something new with; `None` is a key that Oracle manages.
pub(super) fn for_writing(moment: &Moment<'_>, key_id: Option<&str>) -> Result<Option<MasterKey>, Refusal> {
    let Some(key_id) = key_id else { return Ok(None) };
    let version_id = usable(moment, key_id)?.current_version_id.clone();
    Ok(Some(MasterKey { key_id: key_id.to_owned(), version_id }))
}

/// Refuses an object whose key can't be used any more.
pub(super) fn check_readable(moment: &Moment<'_>, object: &ObjectRecord) -> Result<(), Refusal> {
    let Some(master) = &object.content.master_key else { return Ok(()) };
    usable(moment, &master.key_id)?;
    let version = moment.world.versions.get(&master.version_id);
    if version.is_some_and(|version| version.state == KeyVersionState::Enabled) {
        return Ok(());
    }
    Err(unusable(&master.key_id, &format!("its version {} is gone or pending deletion", master.version_id)))
}

fn reencrypted(object: &ObjectRecord, master: Option<MasterKey>) -> Change {
    Change::Reencrypt(object.key(), object.version_id.clone(), master)
}

/// The given key, or else the bucket's.
pub(super) fn reencrypt_object(call: &Call<'_>) -> Result<Effect, Refusal> {
    let details: ReencryptObjectDetails = call.json()?;
    if details.sse_customer_key.is_some() {
        return Err(Refusal::invalid("The embedded realm takes no keys that a customer provides."));
    }
    let (bucket, object) = objects::named(call)?;
    check_readable(call, object)?;
    let given = details.kms_key_id.as_deref().filter(|id| !id.is_empty());
    if let Some(given) = given {
        check_assignable(call, given)?;
    }
    let master = for_writing(call, given.or(bucket.kms_key_id.as_deref()))?;
    Ok(Effect::empty(StatusCode::OK).change(reencrypted(object, master)))
}

/// The encryption of a whole bucket with the current version of its key, under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reencryption {
    pub(crate) region: Region,
    work_request_id: String,
    bucket: String,
}

fn resource(namespace: &str, bucket: &BucketRecord) -> WorkRequestResource {
    let uri = format!("/n/{namespace}/b/{}", bucket.name);
    WorkRequestResource {
        action_type: "UPDATED".to_owned(),
        entity_type: "bucket".to_owned(),
        identifier: uri.clone(),
        entity_uri: Some(uri),
        metadata: BTreeMap::new(),
    }
}

pub(super) fn reencrypt_bucket(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::named(call)?;
    if bucket.kms_key_id.is_none() {
        return Err(Refusal::invalid("The bucket has no key of Key Management to encrypt its objects with."));
    }
    let work_request = WorkRequestRecord::accepted(
        call,
        WorkService::Objects,
        "REENCRYPT",
        &bucket.compartment_id,
        vec![resource(call.name(0), bucket)],
        call.account.latency.copy,
    );
    let task = Task::FinishReencryption(Reencryption {
        region: call.region,
        work_request_id: work_request.id.clone(),
        bucket: bucket.name.clone(),
    });
    Ok(Effect::empty(StatusCode::ACCEPTED).work(work_request, task))
}

impl Reencryption {
    /// Changes the keys of what was written before the request, all or none.
    pub(crate) fn finish(&self, moment: &Moment<'_>) -> Vec<Change> {
        let Some(work_request) = running(moment, &self.work_request_id) else { return Vec::new() };
        match self.changes(moment, work_request) {
            Ok(mut changes) => {
                let message = format!("{} objects were encrypted anew.", changes.len());
                changes.push(work_request.succeeded(moment.now, &message).into());
                changes
            }
            Err(refusal) => self.fail(moment, &refusal),
        }
    }

    /// Changes no key.
    pub(crate) fn fail(&self, moment: &Moment<'_>, refusal: &Refusal) -> Vec<Change> {
        let work_request = running(moment, &self.work_request_id);
        work_request.map(|request| request.failed(moment.now, refusal).into()).into_iter().collect()
    }

    fn changes(&self, moment: &Moment<'_>, request: &WorkRequestRecord) -> Result<Vec<Change>, Refusal> {
        let namespace = &moment.account.identity.namespace;
        let bucket = buckets::find(moment, namespace, &self.bucket)?;
        let master = for_writing(moment, bucket.kms_key_id.as_deref())?;
        let objects = moment.world.object_versions(moment.region, &bucket.name, "").into_iter();
        let objects = objects.filter(|o| !o.is_delete_marker && o.time_modified <= request.time_accepted);
        objects
            .map(|object| check_readable(moment, object).map(|()| reencrypted(object, master.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests;
