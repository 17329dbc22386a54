//! Waiting for the service: when to look again, when to give up. Pure, so that drills run it in virtual time.

use std::time::Duration;

/// How long to wait and how often to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first pause; each later one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// After this much waiting the command ends; the service's work goes on.
    pub limit: Duration,
}

impl Default for Patience {
    /// The cadence of Oracle's own waiters: one second doubling to thirty, twenty minutes in all.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            limit: Duration::from_secs(20 * 60),
        }
    }
}

impl Patience {
    /// The pause before look number `look` (from 0), or `None` if `waited` is enough.
    pub fn pause(&self, look: u32, waited: Duration) -> Option<Duration> {
        if waited >= self.limit {
            return None;
        }
        let pause = self.first.saturating_mul(1 << look.min(16)).min(self.longest);
        Some(pause.min(self.limit.saturating_sub(waited)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end_at_the_limit() {
        let patience = Patience { limit: Duration::from_secs(60), ..Patience::default() };
        let (mut waited, mut pauses) = (Duration::ZERO, Vec::new());
        while let Some(pause) = patience.pause(pauses.len() as u32, waited) {
            pauses.push(pause.as_secs());
            waited += pause;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 29]);
    }
}
