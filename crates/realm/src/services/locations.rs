//! Where backups are written and read: a bucket of the called region, or a pre-authenticated request.

use bytes::Bytes;
use http::Uri;
use keyferry_ids::Region;
use keyferry_wire::kms::{BackupLocation, ParUri};
use serde::{Deserialize, Serialize};

use super::pars::{self, Wish};
use super::{buckets, objects, par_use};
use crate::call::Moment;
use crate::refusal::Refusal;
use crate::world::Change;

/// The longest URI of a pre-authenticated request: 3500 bytes of path behind a host.
const LONGEST_URI: usize = 4096;

/// An object in a bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Location {
    region: Region,
    namespace: String,
    bucket: String,
    object: String,
    /// The digest of the token of the pre-authenticated request that leads there.
    par: Option<String>,
}

impl Location {
    /// The location that a request gives, if a backup can be written to it or read from it.
    pub(super) fn of(
        moment: &Moment<'_>,
        given: Option<BackupLocation>,
        wish: Wish,
    ) -> Result<Self, Refusal> {
        let location = match given {
            // A bucket has no region of its own.
            Some(BackupLocation::Bucket { namespace, bucket_name, object_name }) => {
                let (bucket, object) = (bucket_name, object_name);
                Self { region: moment.region, namespace, bucket, object, par: None }
            }
            Some(BackupLocation::Par { uri }) => Self::behind(moment, &uri)?,
            None => return Err(Refusal::missing("backupLocation")),
        };
        location.check(moment, wish)?;
        objects::check_name(&location.object)?;
        Ok(location)
    }

    /// The object that a URI leads to. No refusal quotes the URI, whose token is a secret.
    fn behind(moment: &Moment<'_>, uri: &ParUri) -> Result<Self, Refusal> {
        let text = uri.reveal();
        let parsed: Option<Uri> =
            Some(text).filter(|text| text.len() <= LONGEST_URI).and_then(|t| t.parse().ok());
        let target = parsed.as_ref().and_then(|uri| par_use::target(uri.path()));
        let (Some(uri), Some(target)) = (parsed, target) else {
            return Err(Refusal::invalid("The uri is not one of a pre-authenticated request."));
        };
        let authority = uri.authority().map(http::uri::Authority::as_str);
        let mut endpoints = moment.account.endpoints.iter();
        let region = endpoints
            .find(|(_, url)| url.split_once("://").map(|(_, authority)| authority) == authority)
            .map(|(region, _)| *region)
            .ok_or_else(|| {
                Refusal::invalid("The uri leads to a host that is no Object Storage of this realm.")
            })?;
        if region != moment.region && !moment.account.semantics.par_of_another_region {
            return Err(Refusal::invalid(format!(
                "The pre-authenticated request is one of {region}, and not of {}.",
                moment.region
            )));
        }
        if target.object.is_empty() {
            return Err(Refusal::invalid("The uri does not end in the name of an object."));
        }
        let par = Some(pars::digest_of(&target.token));
        let (namespace, bucket, object) = (target.namespace, target.bucket, target.object);
        Ok(Self { region, namespace, bucket, object, par })
    }

    /// The same moment, in the region of the location.
    fn there<'m>(&self, moment: &Moment<'m>) -> Moment<'m> {
        Moment { region: self.region, seed: moment.seed.clone(), ..*moment }
    }

    /// Refuses what can't be had at this moment, which is asked again when the work is done.
    fn check(&self, moment: &Moment<'_>, wish: Wish) -> Result<(), Refusal> {
        if self.region != moment.region && !moment.world.is_up(self.region) {
            return Err(Refusal::invalid(format!(
                "The region of the pre-authenticated request, {}, does not answer.",
                self.region
            )));
        }
        let there = self.there(moment);
        if let Some(token_digest) = &self.par {
            let par = there.world.pars.get(&(self.region, token_digest.clone()));
            let is_good = |par: &pars::ParRecord| par.permits(there.now, wish, &self.bucket, &self.object);
            if !par.is_some_and(is_good) {
                return Err(buckets::absent(&self.namespace, &self.bucket));
            }
        }
        buckets::find(&there, &self.namespace, &self.bucket)?;
        let is_taken = || there.world.object(self.region, &self.bucket, &self.object).is_some();
        if wish == Wish::Write && !moment.account.semantics.overwrite_existing_object && is_taken() {
            return Err(Refusal::conflict("There is an object of that name already."));
        }
        Ok(())
    }

    /// Bytes and entity tag of the object, if it can still be read.
    pub(super) fn read(&self, moment: &Moment<'_>) -> Result<(Bytes, String), Refusal> {
        self.check(moment, Wish::Read)?;
        let there = self.there(moment);
        let bucket = buckets::find(&there, &self.namespace, &self.bucket)?;
        let object = objects::readable(&there, bucket, &self.object, None)?;
        Ok((object.content.bytes.clone(), object.etag.clone()))
    }

    /// What takes away the pre-authenticated request that leads there, if one does.
    pub(super) fn revocation(&self) -> Option<Change> {
        self.par.clone().map(|token_digest| Change::DeletePar(self.region, token_digest))
    }

    /// What writes the bytes, if that is still possible.
    pub(super) fn written(&self, moment: &Moment<'_>, bytes: Bytes) -> Result<Change, Refusal> {
        self.check(moment, Wish::Write)?;
        let there = self.there(moment);
        let bucket = buckets::find(&there, &self.namespace, &self.bucket)?;
        let content = objects::whole(bytes, objects::plain());
        Ok(objects::written(&there, bucket, &self.object, content, None)?.into())
    }
}

#[cfg(test)]
mod tests;
