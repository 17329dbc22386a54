//! A rule: when something goes wrong, and what.

use keyferry_ids::Region;
use keyferry_wire::OperationName;
use serde::{Deserialize, Serialize};

use super::effects::Effect;

const LONGEST_CODE: usize = 100;

/// What shall go wrong, where, and how often. Everything left out stands for "any" or "always".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only in this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Only for this operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationName>,
    /// Only for what has this OCID: a vault, whose endpoints count too, or whatever path or query name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The first so many requests that would be hit are spared.
    #[serde(default)]
    pub after: u64,
    /// At most so many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The chance that a request is hit, from 0 to 1; it follows from the realm's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What goes wrong.
    pub effect: Effect,
}

impl Fault {
    /// Goes wrong always and everywhere.
    pub fn new(effect: Effect) -> Self {
        Self {
            region: None,
            operation: None,
            resource: None,
            after: 0,
            times: None,
            probability: None,
            effect,
        }
    }

    /// A sentence about what is wrong with the rule itself, if anything.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        match (&self.probability, &self.effect) {
            (Some(chance), _) if !(0.0..=1.0).contains(chance) => Some("a probability is from 0 to 1"),
            (_, Effect::Status { status, .. }) if !(400..=599).contains(status) => {
                Some("the status of an error is from 400 to 599")
            }
            (_, Effect::Status { code: Some(code), .. }) if !is_code(code) => {
                Some("the code of an error is one word")
            }
            _ => None,
        }
    }
}

fn is_code(text: &str) -> bool {
    (1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A rule of the realm, with what has become of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// Its number.
    pub id: u64,
    /// The rule.
    pub fault: Fault,
    /// Requests that it could have hit.
    pub seen: u64,
    /// Those that it has hit.
    pub hit: u64,
}
