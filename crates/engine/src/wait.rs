//! Waiting for the service: when to look again, when to give up.

use std::time::Duration;

use crate::{Context, EngineError};

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
    /// One second doubling to five: what is over is noticed soon, and many waiters share one question. Twenty
    /// minutes in all, as Oracle's own waiters.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(5),
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

/// Looks again and again until there is an answer or patience ends.
pub(crate) async fn until<T>(
    context: &Context,
    what: &str,
    look: impl AsyncFn() -> Result<Option<T>, EngineError>,
) -> Result<T, EngineError> {
    let mut waited = Duration::ZERO;
    for number in 0.. {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        let Some(pause) = context.patience.pause(number, waited) else { break };
        context.clock.sleep(pause).await;
        waited += pause;
    }
    Err(EngineError::TimedOut { what: what.to_owned(), seconds: waited.as_secs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end_at_the_limit() {
        let patience = Patience { limit: Duration::from_secs(20), ..Patience::default() };
        let (mut waited, mut pauses) = (Duration::ZERO, Vec::new());
        while let Some(pause) = patience.pause(pauses.len() as u32, waited) {
            pauses.push(pause.as_secs());
            waited += pause;
        }
        assert_eq!(pauses, [1, 2, 4, 5, 5, 3]);
    }
}
