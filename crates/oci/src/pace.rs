//! The pace of calls: a token bucket for each class of key management in each region, which yields to refusals.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::Clock;
use keyferry_wire::{OperationName, Plane, Spec};

/// Calls that may follow at once after a rest, as a part of a second's. The service allows all of them; the
/// rest is for requests that overtake each other on their way.
const BURST: f64 = 0.8;
/// What a refusal leaves of the rate.
const KEPT: f64 = 0.7;
/// What comes back in each second, as a part of the full rate: slowly, since each try at more than others leave
/// us ends in a refusal.
const REGAINED: f64 = 0.0075;
/// The rate never falls below this part of the full one.
const FLOOR: f64 = 0.05;
/// No rate is lower, in calls a second.
const SLOWEST: f64 = 0.01;
/// A refusal that names no time pauses for this long.
const PAUSE: Duration = Duration::from_secs(1);
/// Sums of fractions are not exact.
const SLACK: f64 = 1e-6;

/// How fast to call key management. Oracle states figures for it, per tenancy and region; for cryptography and
/// other services it states none, so they are not paced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Calls a second, for each class in each region; none for no limit.
    pub per_second: Option<f64>,
    /// Our part of it: one of `n` workers takes 1/`n`.
    pub share: f64,
}

impl Pace {
    /// Oracle's 10 a second, less a little, as no two clocks run alike.
    pub const DOCUMENTED: Self = Self { per_second: Some(9.9), share: 1.0 };
    /// As fast as it goes.
    pub const UNLIMITED: Self = Self { per_second: None, share: 1.0 };
}

impl Default for Pace {
    fn default() -> Self {
        Self::DOCUMENTED
    }
}

/// What Oracle counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    ProvisioningRead,
    ProvisioningWrite,
    ManagementRead,
    ManagementWrite,
}

impl Class {
    /// Provisioning is all that is done with vaults, and what moves or deletes keys.
    fn of(spec: &Spec) -> Option<Self> {
        use OperationName as Name;
        let is_provisioning = match spec.plane {
            Plane::Vault => true,
            Plane::Management => matches!(
                spec.name,
                Name::ChangeKeyCompartment
                    | Name::ScheduleKeyDeletion
                    | Name::CancelKeyDeletion
                    | Name::ScheduleKeyVersionDeletion
                    | Name::CancelKeyVersionDeletion
            ),
            _ => return None,
        };
        Some(match (is_provisioning, spec.method == Method::GET) {
            (true, true) => Self::ProvisioningRead,
            (true, false) => Self::ProvisioningWrite,
            (false, true) => Self::ManagementRead,
            (false, false) => Self::ManagementWrite,
        })
    }
}

/// All queues of a client.
#[derive(Debug)]
pub(crate) struct Queues {
    full: Option<f64>,
    queues: Mutex<BTreeMap<(Region, Class), Arc<Queue>>>,
}

/// Callers in order of arrival. Only the first one looks at the bucket, so that a refusal holds up all of them.
#[derive(Debug)]
struct Queue {
    first: tokio::sync::Mutex<()>,
    bucket: Mutex<Bucket>,
}

/// Leave to send one request.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    queue: Option<(Arc<Queue>, u32)>,
    /// How long it took to come.
    pub(crate) waited: Duration,
}

impl Queues {
    /// Nobody waits yet.
    pub(crate) fn new(pace: Pace) -> Self {
        let full = pace.per_second.map(|rate| (rate * pace.share).max(SLOWEST));
        Self { full, queues: Mutex::default() }
    }

    /// Waits for leave to send one request. Whoever stops waiting leaves the queue without a trace.
    pub(crate) async fn turn(&self, region: Region, spec: &Spec, clock: &dyn Clock) -> Turn {
        let arrived = clock.now();
        let Some(queue) = self.queue(region, spec, arrived) else { return Turn::default() };
        let first = queue.first.lock().await;
        let era = loop {
            let taken = queue.bucket().take(clock.now());
            match taken {
                Ok(era) => break era,
                Err(wait) => clock.sleep(wait).await,
            }
        };
        drop(first);
        let waited = clock.now().duration_since(arrived).try_into().unwrap_or_default();
        Turn { queue: Some((queue, era)), waited }
    }

    fn queue(&self, region: Region, spec: &Spec, now: Timestamp) -> Option<Arc<Queue>> {
        let (full, class) = self.full.zip(Class::of(spec))?;
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Queue { first: tokio::sync::Mutex::default(), bucket: Bucket::new(full, now).into() })
        };
        Some(Arc::clone(queues.entry((region, class)).or_insert_with(new)))
    }
}

impl Queue {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The request was one too many.
    pub(crate) fn refused(&self, now: Timestamp, retry_after: Option<Duration>) {
        if let Some((queue, era)) = &self.queue {
            queue.bucket().refused(now, *era, retry_after.unwrap_or(PAUSE));
        }
    }
}

/// How many requests may be sent at a time. Pure: knows no clock.
#[derive(Debug)]
struct Bucket {
    full: f64,
    /// Tokens a second, at most `full`.
    rate: f64,
    tokens: f64,
    /// Seconds until tokens come again. Not a point in time: a clock that is turned back must not stretch it.
    pause: f64,
    since: Timestamp,
    /// Counts the times the rate was lowered.
    era: u32,
}

impl Bucket {
    /// Begins at the full rate: working up to it would waste what the service grants.
    fn new(full: f64, now: Timestamp) -> Self {
        Self { full, rate: full, tokens: burst(full), pause: 0.0, since: now, era: 0 }
    }

    /// Leave for one request, in the era that it belongs to; or the time after which to ask again.
    fn take(&mut self, now: Timestamp) -> Result<u32, Duration> {
        self.pass(now);
        if self.pause <= SLACK && self.tokens >= 1.0 - SLACK {
            self.tokens -= 1.0;
            return Ok(self.era);
        }
        let wait = self.pause + (1.0 - self.tokens).max(0.0) / self.rate;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX))
    }

    /// A request of `era` was refused: the service's bucket is empty. Others that were under way by then say the
    /// same once more, and lower the rate no further.
    fn refused(&mut self, now: Timestamp, era: u32, retry_after: Duration) {
        self.pass(now);
        self.pause = self.pause.max(retry_after.as_secs_f64());
        self.tokens = 0.0;
        if era == self.era {
            self.era = self.era.wrapping_add(1);
            self.rate = (self.rate * KEPT).max(self.full * FLOOR);
        }
    }

    fn pass(&mut self, now: Timestamp) {
        // Time that was turned back earns nothing.
        let gone = now.duration_since(self.since).as_secs_f64().max(0.0);
        self.since = now;
        let paused = gone.min(self.pause);
        self.pause -= paused;
        let regained = (self.rate + REGAINED * self.full * (gone - paused)).min(self.full);
        self.tokens += (self.rate + regained) / 2.0 * (gone - paused);
        self.tokens = self.tokens.min(burst(self.full));
        self.rate = regained;
    }
}

fn burst(full: f64) -> f64 {
    (BURST * full).max(1.0)
}

#[cfg(test)]
mod tests;
