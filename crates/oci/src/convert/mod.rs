//! From the service's words to ours: the only place that parses what a service says.

mod identity;
mod key;
mod object;
mod vault;
mod work;

use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, Engine};
use keyferry_core::model::Tags;
use keyferry_ids::OcidError;
use keyferry_wire::identity::{DefinedTags, FreeformTags};

use crate::error::{CallSite, Error, shown};

pub(crate) use identity::{compartment, tree};
pub(crate) use key::{key, listed_key, listed_version, version};
pub(crate) use object::{bucket, facts, listed_object, retention_rule};
pub(crate) use vault::{secret, usage, vault};
pub(crate) use work::work_request;

/// Display names have at most 100 characters by OCI's rules; anything much longer is cut.
const LONGEST_NAME: usize = 400;

pub(crate) fn unusable(site: &CallSite, field: &'static str, problem: &str) -> Error {
    Error::Decode { site: Box::new(site.clone()), field, problem: shown(problem) }
}

/// An identifier of the kind that the field should have.
pub(crate) fn id<T: FromStr<Err = OcidError>>(
    site: &CallSite,
    field: &'static str,
    text: &str,
) -> Result<T, Error> {
    text.parse().map_err(|error: OcidError| unusable(site, field, &error.to_string()))
}

/// The same for a field that may be absent or empty.
pub(crate) fn optional_id<T: FromStr<Err = OcidError>>(
    site: &CallSite,
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, Error> {
    text.filter(|text| !text.is_empty()).map(|text| id(site, field, text)).transpose()
}

pub(crate) fn bytes(site: &CallSite, field: &'static str, base64: &str) -> Result<Vec<u8>, Error> {
    // The text of the error would repeat a part of what may be a plaintext.
    BASE64_STANDARD.decode(base64).map_err(|_| unusable(site, field, "it is not base64"))
}

fn name(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

fn tags(freeform: Option<FreeformTags>, defined: Option<DefinedTags>) -> Tags {
    Tags { freeform: freeform.unwrap_or_default(), defined: defined.unwrap_or_default() }
}
