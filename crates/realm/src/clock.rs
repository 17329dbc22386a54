//! The realm's clock: the machine's, moved or stopped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keyferry_seams::Clock;
use serde::{Deserialize, Serialize};

/// Ten years: enough for any drill, and the calendar does not end there.
const FARTHEST: i64 = 10 * 366 * 24 * 60 * 60;

/// Where the clock stands, relative to the machine's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClockSetting {
    offset_seconds: i64,
    /// When it was stopped, by the machine's time.
    frozen: Option<Timestamp>,
}

impl ClockSetting {
    /// Moves it, but not beyond where it makes sense.
    pub(crate) fn advanced(self, seconds: i64) -> Self {
        let offset_seconds = self.offset_seconds.saturating_add(seconds).clamp(-FARTHEST, FARTHEST);
        Self { offset_seconds, ..self }
    }

    /// Stops it where it is.
    pub(crate) fn frozen(self, machine: Timestamp) -> Self {
        Self { frozen: self.frozen.or(Some(machine)), ..self }
    }

    /// Lets it go on from where it stopped.
    pub(crate) fn thawed(self, machine: Timestamp) -> Self {
        let stood = self.frozen.map_or(0, |frozen| machine.duration_since(frozen).as_secs());
        Self { frozen: None, ..self.advanced(-stood) }
    }

    pub(crate) fn is_frozen(self) -> bool {
        self.frozen.is_some()
    }

    pub(crate) fn time(self, machine: Timestamp) -> Timestamp {
        let machine = self.frozen.unwrap_or(machine);
        machine.checked_add(SignedDuration::from_secs(self.offset_seconds)).unwrap_or(machine)
    }
}

/// The clock of a realm that runs.
#[derive(Debug)]
pub(crate) struct RealmClock {
    machine: Arc<dyn Clock>,
    setting: Mutex<ClockSetting>,
}

impl RealmClock {
    pub(crate) fn new(machine: Arc<dyn Clock>, setting: ClockSetting) -> Self {
        Self { machine, setting: Mutex::new(setting) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.setting().time(self.machine.now())
    }

    /// The machine's time.
    pub(crate) fn machine(&self) -> Timestamp {
        self.machine.now()
    }

    /// Waits in the machine's time: this clock may stand still.
    pub(crate) async fn wait(&self, duration: Duration) {
        self.machine.sleep(duration).await;
    }

    pub(crate) fn setting(&self) -> ClockSetting {
        *self.setting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, setting: ClockSetting) {
        *self.setting.lock().unwrap_or_else(PoisonError::into_inner) = setting;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_goes_on_from_where_it_stood() {
        let start: Timestamp = "2026-08-01T12:00:00Z".parse().expect("a time");
        let later = |seconds| start + SignedDuration::from_secs(seconds);
        let clock = ClockSetting::default().advanced(60).frozen(later(10));
        assert_eq!(clock.time(later(500)), later(70));
        assert_eq!(clock.frozen(later(400)), clock, "it can't be stopped twice");
        assert_eq!(clock.advanced(5).time(later(500)), later(75), "it can still be moved");
        let thawed = clock.thawed(later(110));
        assert_eq!((thawed.time(later(110)), thawed.time(later(120))), (later(70), later(80)));
    }
}
