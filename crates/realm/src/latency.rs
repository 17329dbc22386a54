//! How long the realm takes for what it does in the background.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

/// Durations of asynchronous work. In a file they are TOML, such as `backup = "20s"`; those left out take a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// A backup, until its object is written.
    #[serde(deserialize_with = "duration")]
    pub backup: Duration,
    /// A restore, until the vault is active.
    #[serde(deserialize_with = "duration")]
    pub restore: Duration,
    /// A copy of an object.
    #[serde(deserialize_with = "duration")]
    pub copy: Duration,
    /// Making, enabling, disabling and rotating things, and scheduling their deletion.
    #[serde(deserialize_with = "duration")]
    pub create: Duration,
}

impl Latency {
    /// Just long enough for states of transition to be seen.
    pub fn none() -> Self {
        let moment = Duration::from_millis(50);
        Self { backup: moment, restore: moment, copy: moment, create: moment }
    }

    /// About what one waits in the cloud.
    pub fn realistic() -> Self {
        let seconds = Duration::from_secs;
        Self { backup: seconds(20), restore: seconds(40), copy: seconds(8), create: seconds(5) }
    }

    /// Reads a file of latencies.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, LatencyError> {
        toml::from_str(text).map_err(LatencyError)
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::none()
    }
}

/// Not a file of latencies.
#[derive(Debug, thiserror::Error)]
#[error("latencies are `backup`, `restore`, `copy` and `create`, each a text such as \"20s\"")]
pub struct LatencyError(#[source] toml::de::Error);

/// `20s`, `2m 30s`, `150ms`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    use serde::de::Error;
    let duration = SignedDuration::deserialize(deserializer)?;
    Duration::try_from(duration).map_err(|_| D::Error::custom("a duration is not negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_takes_a_moment() {
        let read = Latency::parse("backup = \"1m 30s\"\ncreate = \"0s\"").expect("latencies");
        let moment = Latency::none().copy;
        assert_eq!((read.backup, read.create), (Duration::from_secs(90), Duration::ZERO));
        assert_eq!((read.restore, read.copy), (moment, moment));
        for wrong in ["backup = 3", "backup = \"-3s\"", "breakfast = \"3s\"", "backup ="] {
            assert!(Latency::parse(wrong).is_err(), "{wrong}");
        }
    }
}
