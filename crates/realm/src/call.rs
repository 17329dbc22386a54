//! What a handler is given and what it gives back. Handlers are functions without side effects.

use std::ops::Deref;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::Seed;
use keyferry_wire::identity::CompartmentState;
use keyferry_wire::{OperationName, code, headers};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::Account;
use crate::log::Log;
use crate::mint;
use crate::records::{CompartmentRecord, WorkRequestRecord};
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::{Change, World};

/// A place and a time to act in: what requests and tasks have in common.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) world: &'a World,
    pub(crate) account: &'a Account,
    pub(crate) region: Region,
    pub(crate) now: Timestamp,
    /// Of this request or task alone, so that the ids it mints depend on nothing but its number.
    pub(crate) seed: Seed,
}

impl Moment<'_> {
    /// A new OCID in this region.
    pub(crate) fn regional_id(&self, kind: &str, extensions: &[&str], seed: &Seed) -> String {
        mint::ocid(kind, &self.region.realm(), Some(self.region), extensions, seed)
    }

    /// Refuses a compartment that does not exist, or not any more. The tenancy is the root one.
    pub(crate) fn check_compartment(&self, id: &str) -> Result<(), Refusal> {
        let is_active = |c: &CompartmentRecord| c.state == CompartmentState::Active;
        let is_there =
            id == self.account.identity.tenancy_id || self.world.compartments.get(id).is_some_and(is_active);
        if is_there { Ok(()) } else { Err(Refusal::absent()) }
    }
}

/// One authenticated request to an existing operation.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) moment: Moment<'a>,
    pub(crate) operation: OperationName,
    /// What was asked of the realm before.
    pub(crate) log: &'a Log,
    /// At a vault's own endpoint, that vault's extension.
    pub(crate) vault_ext: Option<String>,
    /// The names in the path, decoded, in the order of the template.
    pub(crate) names: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
}

impl<'a> Deref for Call<'a> {
    type Target = Moment<'a>;
    fn deref(&self) -> &Moment<'a> {
        &self.moment
    }
}

impl Call<'_> {
    /// The n-th name in the path.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// A query parameter; an empty one counts as left out.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A query parameter that has to be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.parameter(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON body. No body counts as `{}`, as some clients send.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { self.body };
        serde_json::from_slice(body).map_err(|e| {
            // The text of other errors may quote the body, and with it a secret.
            let text = e.to_string();
            match text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
                Some(field) => Refusal::missing(field),
                None if e.is_data() => Refusal::invalid(format!(
                    "A value in the body is not of the form asked for (line {}, column {}).",
                    e.line(),
                    e.column()
                )),
                None => Refusal::new(400, code::CANNOT_PARSE_REQUEST, "The body is not JSON."),
            }
        })
    }

    /// Refuses with 412 if the caller wants another version. Load balancers add `--gzip` to etags.
    pub(crate) fn check_if_match(&self, etag: &str) -> Result<(), Refusal> {
        let Some(wanted) = self.header(headers::IF_MATCH) else { return Ok(()) };
        let wanted = wanted.trim_matches('"');
        let wanted = wanted.strip_suffix("--gzip").unwrap_or(wanted);
        if wanted == etag || wanted == "*" {
            Ok(())
        } else {
            Err(Refusal::new(412, code::NO_ETAG_MATCH, "The resource has been changed since it was read."))
        }
    }
}

/// What a request leads to: an answer, and changes of state that are made together before it is given.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) changes: Vec<Change>,
}

impl Effect {
    /// 200 with a JSON body.
    pub(crate) fn json<T: Serialize>(body: &T) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body)
            .map_err(|e| Refusal::new(500, code::INTERNAL_SERVER_ERROR, format!("No JSON: {e}")))?;
        Ok(Self::empty(StatusCode::OK).with_bytes(body.into()).header("content-type", "application/json"))
    }

    /// No body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), changes: Vec::new() }
    }

    pub(crate) fn with_bytes(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn etag(self, etag: &str) -> Self {
        self.header(headers::ETAG, etag)
    }

    pub(crate) fn work_request(self, id: &str) -> Self {
        self.header(headers::OPC_WORK_REQUEST_ID, id)
    }

    /// Leaves work to be done, which a work request follows.
    pub(crate) fn work(self, request: WorkRequestRecord, task: Task) -> Self {
        self.work_request(&request.id).change(Change::Schedule(request.due, task)).change(request)
    }

    pub(crate) fn change(mut self, change: impl Into<Change>) -> Self {
        self.changes.push(change.into());
        self
    }
}
