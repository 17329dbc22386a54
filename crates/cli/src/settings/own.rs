//! Our own settings in force, each with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use keyferry_core::model::StoreUrl;
use keyferry_core::policy::{Objectives, Policy};
use serde::Serialize;
use serde_json::Value;

use crate::failure::CliError;

/// Vaults that are worked on at once, unless something else is said. Nearly all of them only wait for the service's
/// work, and each region reads on meanwhile: a lane too few is a rate that is not made use of.
pub(super) const CONCURRENCY: u16 = 64;

/// What the flags have no place for. Flags, and what stands in for them, are in [`crate::app::Globals`].
#[derive(Debug)]
pub(crate) struct Own {
    /// The file that was read.
    pub(crate) source: Option<PathBuf>,
    /// What recovery has to reach.
    pub(crate) objectives: Objectives,
    /// Calls a second for each class and region; none for what Oracle documents.
    pub(crate) rate: Option<f64>,
    /// Vaults at once.
    pub(crate) concurrency: usize,
    /// How long the service is waited for; none for the usual time.
    pub(crate) timeout: Option<Duration>,
    /// Gets every event, a line each.
    pub(crate) log_file: Option<PathBuf>,
    /// All of the above and more, for people.
    pub(crate) shown: Vec<Shown>,
    pub(super) stores: BTreeMap<String, StoreUrl>,
    pub(super) policies: BTreeMap<String, Policy>,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            source: None,
            objectives: Objectives::default(),
            rate: None,
            concurrency: CONCURRENCY.into(),
            timeout: None,
            log_file: None,
            shown: Vec::new(),
            stores: BTreeMap::new(),
            policies: BTreeMap::new(),
        }
    }
}

impl Own {
    /// The store of that name or address. Names have no colon, addresses have one.
    pub(crate) fn store(&self, text: &str) -> Result<StoreUrl, CliError> {
        if text.contains(':') {
            return text.parse().map_err(|error| CliError::Usage(format!("{error}")));
        }
        let named = self.stores.get(text).cloned();
        named.ok_or_else(|| CliError::Usage(self.unknown("store", text, self.stores.keys())))
    }

    /// The policy of that name.
    pub(crate) fn policy(&self, name: &str) -> Result<&Policy, CliError> {
        let named = self.policies.get(name);
        named.ok_or_else(|| CliError::Usage(self.unknown("policy", name, self.policies.keys())))
    }

    /// All policies.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values()
    }

    /// All stores that have a name.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &StoreUrl> {
        self.stores.values()
    }

    fn unknown<'a>(&self, kind: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
        let name: String = name.chars().take(60).collect();
        let known: Vec<_> = known.map(String::as_str).collect();
        let place = match (&self.source, known.is_empty()) {
            (None, _) => "no keyferry.toml was found".to_owned(),
            (Some(path), true) => format!("{} names none", path.display()),
            (Some(path), false) => format!("{} has {}", path.display(), known.join(", ")),
        };
        format!("there is no {kind} `{}`: {place}", name.escape_debug())
    }
}

/// Where a value is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "origin", content = "name", rename_all = "lowercase")]
pub(crate) enum Origin {
    /// Typed.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// The settings file, perhaps one profile of it.
    File(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::File(name) => f.write_str(name),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting as it may be printed: nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Shown {
    pub(crate) key: String,
    pub(crate) value: Value,
    #[serde(flatten)]
    pub(crate) origin: Origin,
}
