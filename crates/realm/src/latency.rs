//! How long the realm takes for what it does in the background.

use std::time::Duration;

/// Durations of asynchronous work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// A backup, until its object is written.
    pub backup: Duration,
    /// A restore, until the vault is active.
    pub restore: Duration,
    /// A copy of an object.
    pub copy: Duration,
    /// Making, enabling, disabling and rotating things, and scheduling their deletion.
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
}
