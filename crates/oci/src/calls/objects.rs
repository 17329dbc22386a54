//! Object Storage: buckets, objects, copies.

use bytes::Bytes;
use http::HeaderName;
use keyferry_core::model::{Bucket, ListedObject, ObjectFacts, ObjectPlace, OciStore, WorkRequest};
use keyferry_ids::{CompartmentId, Region};
use keyferry_wire::objects::{CopyObjectDetails, CreateBucketDetails};
use keyferry_wire::work_requests::WorkRequestError;
use keyferry_wire::{Json, Raw, headers, ops};

use super::optional;
use crate::client::{Call, Client, Place};
use crate::convert;
use crate::error::{Error, shown};

/// As many objects as one page can have, and pages as for other lists.
const MOST_OBJECTS: usize = 1_000 * 10_000;

/// The names for an object's path.
fn names(object: &ObjectPlace) -> [&str; 3] {
    [&object.namespace, &object.bucket, &object.name]
}

impl Client {
    /// The tenancy's namespace, the same in all regions.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn namespace(&self, region: Region) -> Result<String, Error> {
        Ok(self.call::<ops::GetNamespace>(Call::new(Place::Region(region), &())).await?.body.0)
    }

    /// A bucket; none if it is absent or hidden from us.
    ///
    /// # Errors
    /// If the service does not say.
    pub async fn bucket(&self, region: Region, namespace: &str, name: &str) -> Result<Option<Bucket>, Error> {
        let call = Call { names: &[namespace, name], ..Call::new(Place::Region(region), &()) };
        let Some(reply) = optional(self.call::<ops::GetBucket>(call).await)? else { return Ok(None) };
        convert::bucket(&reply.site, reply.body.0).map(Some)
    }

    /// Creates a private bucket.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn create_bucket(
        &self,
        region: Region,
        namespace: &str,
        name: &str,
        compartment: &CompartmentId,
        kms_key_id: Option<&str>,
    ) -> Result<Bucket, Error> {
        let body = Json(CreateBucketDetails {
            name: name.to_owned(),
            compartment_id: compartment.to_string(),
            public_access_type: Some("NoPublicAccess".to_owned()),
            kms_key_id: kms_key_id.map(str::to_owned),
            ..CreateBucketDetails::default()
        });
        let names = [namespace];
        let call = Call { names: &names, subject: Some(name), ..Call::new(Place::Region(region), &body) };
        let reply = self.call::<ops::CreateBucket>(call).await?;
        convert::bucket(&reply.site, reply.body.0)
    }

    /// Writes an object. With `create_only` an existing one stays as it is and the call fails with
    /// [`Error::is_precondition_failed`]; after a broken connection that may also be our own first attempt.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn put_object(
        &self,
        object: &ObjectPlace,
        bytes: Bytes,
        create_only: bool,
    ) -> Result<ObjectFacts, Error> {
        let size = bytes.len() as u64;
        let body = Raw(bytes);
        let only_new = [(HeaderName::from_static(headers::IF_NONE_MATCH), "*")];
        let names = names(object);
        let headers = if create_only { &only_new[..] } else { &[] };
        let call = Call { names: &names, headers, ..Call::new(Place::Region(object.region), &body) };
        let reply = self.call::<ops::PutObject>(call).await?;
        convert::facts(&reply.site, &reply.headers, Some(size))
    }

    /// Reads an object of at most `limit` bytes.
    ///
    /// # Errors
    /// If it is absent, longer, or refused.
    pub async fn object(&self, object: &ObjectPlace, limit: usize) -> Result<Bytes, Error> {
        let call =
            Call { names: &names(object), max_reply: limit, ..Call::new(Place::Region(object.region), &()) };
        Ok(self.call::<ops::GetObject>(call).await?.body.0)
    }

    /// What the service says of an object; none if it is absent or hidden from us.
    ///
    /// # Errors
    /// If the service does not say.
    pub async fn head_object(&self, object: &ObjectPlace) -> Result<Option<ObjectFacts>, Error> {
        let call = Call { names: &names(object), ..Call::new(Place::Region(object.region), &()) };
        let Some(reply) = optional(self.call::<ops::HeadObject>(call).await)? else { return Ok(None) };
        convert::facts(&reply.site, &reply.headers, None).map(Some)
    }

    /// All objects of a bucket whose names begin with `prefix`; the store's own prefix plays no part. Pages here
    /// go by the next name, not by a token.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn list_objects(&self, bucket: &OciStore, prefix: &str) -> Result<Vec<ListedObject>, Error> {
        let mut objects = Vec::new();
        let mut start = String::new();
        loop {
            let mut query =
                vec![("prefix", prefix.to_owned()), ("fields", "name,size,timeModified".to_owned())];
            if !start.is_empty() {
                query.push(("start", start.clone()));
            }
            let names = [bucket.namespace.as_str(), bucket.bucket.as_str()];
            let call = Call { names: &names, query: &query, ..Call::new(Place::Region(bucket.region), &()) };
            let reply = self.call::<ops::ListObjects>(call).await?;
            for object in reply.body.0.objects {
                objects.push(convert::listed_object(&reply.site, object)?);
            }
            match reply.body.0.next_start_with.filter(|next| !next.is_empty()) {
                None => return Ok(objects),
                Some(next) if next > start && objects.len() < MOST_OBJECTS => start = next,
                Some(_) => {
                    let what = "its pages do not come to an end".to_owned();
                    return Err(Error::Unexpected { site: reply.site, what });
                }
            }
        }
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// If it is absent or refused.
    pub async fn delete_object(&self, object: &ObjectPlace) -> Result<(), Error> {
        let call = Call { names: &names(object), ..Call::new(Place::Region(object.region), &()) };
        self.call::<ops::DeleteObject>(call).await.map(drop)
    }

    /// Starts a copy inside the cloud and returns the id of its work request. It is asked of the source's
    /// region and never overwrites.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn copy_object(&self, from: &ObjectPlace, to: &ObjectPlace) -> Result<String, Error> {
        let body = Json(CopyObjectDetails {
            source_object_name: from.name.clone(),
            destination_region: to.region.to_string(),
            destination_namespace: to.namespace.clone(),
            destination_bucket: to.bucket.clone(),
            destination_object_name: to.name.clone(),
            destination_object_if_none_match_etag: Some("*".to_owned()),
            ..CopyObjectDetails::default()
        });
        let names = [from.namespace.as_str(), from.bucket.as_str()];
        let place = Place::Region(from.region);
        let call = Call { names: &names, subject: Some(&from.name), ..Call::new(place, &body) };
        let reply = self.call::<ops::CopyObject>(call).await?;
        reply
            .work_request_id
            .ok_or_else(|| convert::unusable(&reply.site, "opc-work-request-id", "it is absent"))
    }

    /// Where a copy stands.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn object_work_request(&self, region: Region, id: &str) -> Result<WorkRequest, Error> {
        let call = Call { names: &[id], ..Call::new(Place::Region(region), &()) };
        let reply = self.call::<ops::GetObjectWorkRequest>(call).await?;
        Ok(convert::work_request(&reply.body.0))
    }

    /// Why a copy failed, in OCI's words.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn object_work_request_errors(&self, region: Region, id: &str) -> Result<Vec<String>, Error> {
        let place = Place::Region(region);
        let listed =
            self.pages::<ops::ListObjectWorkRequestErrors, WorkRequestError>(place, &[id], &[]).await?;
        Ok(listed.items.iter().map(|e| shown(&format!("{}: {}", e.code, e.message))).collect())
    }
}
