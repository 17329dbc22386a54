//! What observers are told while something runs: bars, lines and JSONL all read this.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words of the JSONL output")]
pub enum EventKind {
    Start,
    Item,
    Progress,
    Retry,
    Warning,
    Error,
    Summary,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub ts: Timestamp,
    /// The run it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// What kind.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// What is being done, in OCI's or our word.
    pub op: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// To what: a name or OCID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// How it stands, in words.
    pub state: String,
    /// Oracle's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opc_request_id: Option<String>,
    /// Steps done and steps in all, for bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<(u64, u64)>,
}

impl Event {
    /// An event without a place.
    pub fn new(ts: Timestamp, kind: EventKind, op: impl Into<String>, state: impl Into<String>) -> Self {
        let (op, state) = (op.into(), state.into());
        Self {
            ts,
            run_id: None,
            kind,
            op,
            region: None,
            resource: None,
            state,
            opc_request_id: None,
            steps: None,
        }
    }

    /// About that resource.
    #[must_use]
    pub fn about(mut self, resource: impl ToString) -> Self {
        self.resource = Some(resource.to_string());
        self
    }

    /// In that region.
    #[must_use]
    pub fn at(mut self, region: impl ToString) -> Self {
        self.region = Some(region.to_string());
        self
    }
}

/// Somebody who wants to know.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// Takes note of an event. Must not block.
    fn note(&self, event: Event);
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn note(&self, _: Event) {}
}
