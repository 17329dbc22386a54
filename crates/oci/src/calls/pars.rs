//! Object Storage: the pre-authenticated requests of a bucket, as their owner sees them.

use bytes::Bytes;
use http::Request;
use http::header::RANGE;
use jiff::Timestamp;
use keyferry_core::model::ObjectPlace;
use keyferry_seams::NoAnswer;
use keyferry_wire::pars::{ParAccess, ParSummary};
use keyferry_wire::{ServiceError, code, ops};

use super::optional;
use crate::client::{Client, Place};
use crate::error::Error;
use crate::par::ParUrl;

/// Of the answer to a question that only its first bytes answer.
const LONGEST_ANSWER: usize = 64 << 10;

/// A pre-authenticated request as a list shows it: never with its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPar {
    /// The one object, or what the names of all objects begin with.
    pub object: String,
    /// Whether it is for all objects of such names.
    pub is_for_many: bool,
    /// Whether one can write through it.
    pub writes: bool,
    /// When it ends.
    pub expires: Timestamp,
}

impl ListedPar {
    /// True if it is for an object of that name.
    pub fn covers(&self, name: &str) -> bool {
        if self.is_for_many { name.starts_with(&self.object) } else { name == self.object }
    }
}

impl From<ParSummary> for ListedPar {
    fn from(par: ParSummary) -> Self {
        use ParAccess as A;
        let access = &par.access_type;
        Self {
            is_for_many: matches!(access, A::AnyObjectRead | A::AnyObjectWrite | A::AnyObjectReadWrite),
            // What OCI will invent is given a chance.
            writes: !matches!(access, A::ObjectRead | A::AnyObjectRead),
            object: par.object_name.unwrap_or_default(),
            expires: par.time_expires.0,
        }
    }
}

impl Client {
    /// The pre-authenticated requests of an object's bucket, expired ones too; none if they may not be listed.
    ///
    /// # Errors
    /// If the service does not say.
    pub async fn pars(&self, object: &ObjectPlace) -> Result<Option<Vec<ListedPar>>, Error> {
        let names = [object.namespace.as_str(), object.bucket.as_str()];
        let place = Place::Region(object.region);
        let listed = self.pages::<ops::ListPreauthenticatedRequests, ParSummary>(place, &names, &[]).await;
        Ok(optional(listed)?.map(|listed| listed.items.into_iter().map(ListedPar::from).collect()))
    }

    /// True if a pre-authenticated request certainly lets one read an object of that name, whether there is one or
    /// not. Nothing is signed: the URL is all that it takes.
    pub async fn reads_through(&self, par: &ParUrl, name: &str) -> bool {
        let url = par.to_object(name);
        // One byte is enough of an answer.
        let Ok(request) = Request::get(url.reveal()).header(RANGE, "bytes=0-0").body(Bytes::new()) else {
            return false;
        };
        match self.http().send(request, LONGEST_ANSWER).await {
            Ok(answer) if answer.status().is_success() => true,
            Ok(answer) => serde_json::from_slice::<ServiceError>(answer.body())
                .is_ok_and(|error| error.code == code::OBJECT_NOT_FOUND),
            Err(error) => matches!(error, NoAnswer::TooLarge { .. }),
        }
    }
}
