//! Whether to try again, and when. Pure: the numbers of Oracle's Python SDK.

use std::time::Duration;

use keyferry_seams::NoAnswer;
use keyferry_wire::code;

/// How patient to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// Attempts in all where nobody listens: such a region is more likely lost than busy.
    pub attempts_unreachable: u32,
    /// No attempt starts later than this after the first.
    pub budget: Duration,
    /// The longest wait of our own choosing.
    pub longest_wait: Duration,
    /// The longest wait that a service can ask for with `retry-after`.
    pub longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            attempts_unreachable: 3,
            budget: Duration::from_secs(600),
            longest_wait: Duration::from_secs(30),
            longest_retry_after: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    /// One attempt only.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }
}

/// How an attempt ended, if not well.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome<'a> {
    /// With an answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// OCI's word for it.
        code: &'a str,
        /// What the service asked for.
        retry_after: Option<Duration>,
    },
    /// Without one.
    NoAnswer(&'a NoAnswer),
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Wait, then try again.
    Wait(Duration),
    /// Report the outcome.
    GiveUp,
}

/// One attempt and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// 1 for the first.
    pub(crate) number: u32,
    /// Time since the first one began, but for that in queues.
    pub(crate) spent: Duration,
    /// True if doing it twice does no harm: the method is idempotent, changes nothing, or carries a retry
    /// token.
    pub(crate) repeatable: bool,
    /// How it ended.
    pub(crate) outcome: Outcome<'a>,
    /// 0 to 1, drawn by the caller.
    pub(crate) jitter: f64,
}

/// Decides on the next attempt.
pub(crate) fn decide(policy: &RetryPolicy, attempt: Attempt<'_>) -> Decision {
    let attempts = match attempt.outcome {
        Outcome::NoAnswer(NoAnswer::Unreachable) => policy.attempts_unreachable.min(policy.attempts),
        _ => policy.attempts,
    };
    if attempt.number >= attempts || !may_pass(&attempt) {
        return Decision::GiveUp;
    }
    let doublings = attempt.number.saturating_sub(1).min(16);
    let own = Duration::from_secs(1 << doublings) + Duration::from_secs_f64(attempt.jitter.clamp(0.0, 1.0));
    let own = own.min(policy.longest_wait);
    let asked = match attempt.outcome {
        Outcome::Answer { retry_after: Some(asked), .. } => asked.min(policy.longest_retry_after),
        _ => Duration::ZERO,
    };
    let wait = own.max(asked);
    if attempt.spent.saturating_add(wait) > policy.budget { Decision::GiveUp } else { Decision::Wait(wait) }
}

/// True if the same request may succeed later and can be sent again without harm.
fn may_pass(attempt: &Attempt<'_>) -> bool {
    match attempt.outcome {
        // Turned away before anything was done. `Conflict` is lasting by OCI's own definition,
        // `IncorrectState` is not.
        Outcome::Answer { status: 409, code, .. } => matches!(code, code::INCORRECT_STATE | "LockConflict"),
        Outcome::Answer { status: 429 | 503, .. } => true,
        Outcome::Answer { status: 501, .. } => false,
        Outcome::Answer { status, .. } => status >= 500 && attempt.repeatable,
        Outcome::NoAnswer(NoAnswer::Unreachable) => true,
        Outcome::NoAnswer(NoAnswer::TimedOut | NoAnswer::Broken(_)) => attempt.repeatable,
        Outcome::NoAnswer(NoAnswer::TooLarge { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(number: u32, repeatable: bool, outcome: Outcome<'_>) -> Decision {
        decide(
            &RetryPolicy::default(),
            Attempt { number, spent: Duration::ZERO, repeatable, outcome, jitter: 0.5 },
        )
    }

    fn answer(status: u16, code: &str) -> Outcome<'_> {
        Outcome::Answer { status, code, retry_after: None }
    }

    #[test]
    fn what_passes_is_tried_again_and_what_lasts_is_not() {
        let cases = [
            (429, "TooManyRequests", true, true),
            (500, "InternalServerError", true, false),
            (502, "", true, false),
            (503, "ServiceUnavailable", true, true),
            (504, "", true, false),
            (501, "MethodNotImplemented", false, false),
            (409, "IncorrectState", true, true),
            (409, "LockConflict", true, true),
            (409, "Conflict", false, false),
            (409, "InvalidatedRetryToken", false, false),
            (400, "InvalidParameter", false, false),
            (401, "NotAuthenticated", false, false),
            (404, "NotAuthorizedOrNotFound", false, false),
            (412, "NoEtagMatch", false, false),
        ];
        for (status, code, repeatable, not_repeatable) in cases {
            for (is_repeatable, expected) in [(true, repeatable), (false, not_repeatable)] {
                let decision = after(1, is_repeatable, answer(status, code));
                assert_eq!(
                    matches!(decision, Decision::Wait(_)),
                    expected,
                    "{status} {code} {is_repeatable}"
                );
            }
        }
    }

    #[test]
    fn a_request_that_may_have_arrived_is_only_repeated_if_that_does_no_harm() {
        let waits = |repeatable, error: NoAnswer| {
            matches!(after(1, repeatable, Outcome::NoAnswer(&error)), Decision::Wait(_))
        };
        assert!(waits(false, NoAnswer::Unreachable));
        for error in [NoAnswer::TimedOut, NoAnswer::Broken("reset".to_owned())] {
            assert!(waits(true, error.clone()));
            assert!(!waits(false, error));
        }
        assert!(!waits(true, NoAnswer::TooLarge { limit: 1 }));
    }

    #[test]
    fn waits_double_up_to_half_a_minute_and_end_with_the_eighth_attempt() {
        let waits: Vec<_> = (1..=8).map(|n| after(n, true, answer(500, ""))).collect();
        let expected =
            [1.5, 2.5, 4.5, 8.5, 16.5, 30.0, 30.0].map(Duration::from_secs_f64).map(Decision::Wait);
        assert_eq!(waits[..7], expected);
        assert_eq!(waits[7], Decision::GiveUp);
        assert_eq!(after(3, true, Outcome::NoAnswer(&NoAnswer::Unreachable)), Decision::GiveUp);
    }

    #[test]
    fn the_service_can_ask_for_a_longer_wait_but_not_for_a_shorter_or_endless_one() {
        let asked = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            after(1, true, Outcome::Answer { status: 429, code: "", retry_after })
        };
        assert_eq!(asked(0), Decision::Wait(Duration::from_secs_f64(1.5)));
        assert_eq!(asked(20), Decision::Wait(Duration::from_secs(20)));
        assert_eq!(asked(999_999), Decision::Wait(Duration::from_secs(120)));
    }

    #[test]
    fn no_wait_goes_beyond_the_budget() {
        let policy = RetryPolicy { budget: Duration::from_secs(10), ..RetryPolicy::default() };
        let attempt = |spent| Attempt {
            number: 2,
            spent: Duration::from_secs(spent),
            repeatable: true,
            outcome: answer(429, ""),
            jitter: 0.0,
        };
        assert_eq!(decide(&policy, attempt(8)), Decision::Wait(Duration::from_secs(2)));
        assert_eq!(decide(&policy, attempt(9)), Decision::GiveUp);
    }
}
