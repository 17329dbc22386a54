//! Object Storage: pre-authenticated requests, as their owner makes, lists and deletes them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::Timestamp;
use keyferry_wire::encode_segment;
use keyferry_wire::kms::ParUri;
use keyferry_wire::pars::{CreateParDetails, Par, ParAccess, ParListing, ParSummary};

use super::{buckets, objects};
use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::mint;
pub(super) use crate::records::ParRecord;
use crate::refusal::Refusal;
use crate::world::Change;

const LONGEST_PAR_NAME: usize = 1024;
/// Of `accessUri`.
const LONGEST_URI: usize = 3500;

/// What somebody wants to do through a pre-authenticated request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Read,
    Write,
    List,
}

impl ParRecord {
    /// Whether the request lets one do that with the object, or see the names that begin like this. Objects
    /// are never deleted through it.
    pub(super) fn permits(&self, now: Timestamp, wish: Wish, bucket: &str, object: &str) -> bool {
        use ParAccess as A;
        let lists = self.listing == Some(ParListing::ListObjects);
        let is_wish = match wish {
            Wish::Read => !matches!(self.access, A::ObjectWrite | A::AnyObjectWrite),
            Wish::Write => !matches!(self.access, A::ObjectRead | A::AnyObjectRead),
            Wish::List => lists,
        };
        let named = self.object_name.as_deref().unwrap_or_default();
        let is_object = if is_for_any(&self.access) { object.starts_with(named) } else { object == named };
        is_wish && is_object && self.bucket == bucket && now < self.time_expires
    }
}

impl Listed for ParRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

fn is_for_any(access: &ParAccess) -> bool {
    matches!(access, ParAccess::AnyObjectRead | ParAccess::AnyObjectWrite | ParAccess::AnyObjectReadWrite)
}

/// By this a pre-authenticated request is found. The token itself is kept nowhere.
pub(super) fn digest_of(token: &str) -> String {
    hex::encode(digest(&SHA256, token.as_bytes()))
}

/// The pre-authenticated requests of a bucket, oldest first.
pub(super) fn of_bucket(call: &Call<'_>, bucket: &str) -> Vec<ParRecord> {
    let here = call.world.pars.values().filter(|par| par.region == call.region && par.bucket == bucket);
    let mut pars: Vec<ParRecord> = here.cloned().collect();
    pars.sort_by(|a, b| (a.time_created, &a.id).cmp(&(b.time_created, &b.id)));
    pars
}

fn check(details: &CreateParDetails, now: Timestamp) -> Result<(), Refusal> {
    use ParAccess as A;
    if !(1..=LONGEST_PAR_NAME).contains(&details.name.len()) {
        return Err(Refusal::invalid(format!("name has 1 to {LONGEST_PAR_NAME} bytes.")));
    }
    if details.time_expires.0 <= now {
        return Err(Refusal::invalid("timeExpires is not in the future."));
    }
    if let Some(name) = &details.object_name {
        objects::check_name(name)?;
    }
    match &details.access_type {
        A::Other(_) => return Err(Refusal::invalid("There is no such accessType.")),
        access if !is_for_any(access) && details.object_name.is_none() => {
            return Err(Refusal::missing("objectName"));
        }
        _ => {}
    }
    match &details.bucket_listing_action {
        None | Some(ParListing::Deny) => Ok(()),
        Some(ParListing::ListObjects)
            if matches!(details.access_type, A::AnyObjectRead | A::AnyObjectReadWrite) =>
        {
            Ok(())
        }
        Some(ParListing::ListObjects) => {
            Err(Refusal::invalid("Objects are listed with AnyObjectRead and AnyObjectReadWrite only."))
        }
        Some(ParListing::Other(_)) => Err(Refusal::invalid("bucketListingAction is Deny or ListObjects.")),
    }
}

/// Only this answer holds the token. A prefix is not part of the URI: whoever uses it adds names to it.
pub(super) fn create(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (namespace, bucket) = (call.name(0), buckets::find(call, call.name(0), call.name(1))?);
    let details: CreateParDetails = call.json()?;
    check(&details, call.now)?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(call.seed.bytes::<48>("token"));
    let object = details.object_name.as_deref().filter(|_| !is_for_any(&details.access_type));
    let object = object.map(encode_segment).unwrap_or_default();
    let access_uri = format!("/p/{token}/n/{namespace}/b/{}/o/{object}", bucket.name);
    if access_uri.len() > LONGEST_URI {
        return Err(Refusal::invalid(format!("The URI would have more than {LONGEST_URI} bytes.")));
    }
    let record = ParRecord {
        region: call.region,
        token_digest: digest_of(&token),
        id: format!(
            "{}:{}",
            mint::letters(&call.seed.bytes::<32>("id")),
            details.object_name.as_deref().unwrap_or_default()
        ),
        bucket: bucket.name.clone(),
        name: details.name,
        access: details.access_type,
        object_name: details.object_name,
        listing: details.bucket_listing_action,
        time_created: call.now,
        time_expires: details.time_expires.0,
    };
    let summary = summary(&record);
    let par = Par {
        id: summary.id,
        name: summary.name,
        full_path: Some(ParUri::new(format!("{}{access_uri}", call.account.endpoint(call.region)))),
        access_uri: ParUri::new(access_uri),
        object_name: summary.object_name,
        bucket_listing_action: summary.bucket_listing_action,
        access_type: summary.access_type,
        time_expires: summary.time_expires,
        time_created: summary.time_created,
    };
    Ok(Effect::json(&par)?.change(record))
}

fn summary(par: &ParRecord) -> ParSummary {
    ParSummary {
        id: par.id.clone(),
        name: par.name.clone(),
        object_name: par.object_name.clone(),
        bucket_listing_action: par.listing.clone(),
        access_type: par.access.clone(),
        time_expires: par.time_expires.into(),
        time_created: par.time_created.into(),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let bucket = buckets::find(call, call.name(0), call.name(1))?;
    let mut pars = of_bucket(call, &bucket.name);
    if let Some(prefix) = call.parameter("objectNamePrefix") {
        pars.retain(|par| par.object_name.as_deref().is_some_and(|name| name.starts_with(prefix)));
    }
    lists::page(call, &pars, summary)
}

fn named(call: &Call<'_>) -> Result<ParRecord, Refusal> {
    let bucket = buckets::find(call, call.name(0), call.name(1))?;
    let found = of_bucket(call, &bucket.name).into_iter().find(|par| par.id == call.name(2));
    found.ok_or_else(Refusal::absent)
}

pub(super) fn par(call: &Call<'_>) -> Result<Effect, Refusal> {
    Effect::json(&summary(&named(call)?))
}

pub(super) fn delete(call: &Call<'_>) -> Result<Effect, Refusal> {
    let par = named(call)?;
    let gone = Change::DeletePar(par.region, par.token_digest);
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(gone))
}

#[cfg(test)]
mod tests;
