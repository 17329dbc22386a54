//! The rules, as users of restic know them: a backup is kept if any rule keeps it. Days are those of UTC.

use jiff::Timestamp;
use keyferry_core::policy::Retention;

use super::{Candidate, Reason, Reasons};

/// The newest of each of so many stretches of time.
struct Stretches {
    left: u32,
    last: Option<String>,
    /// Names the stretch, as `strftime` does.
    name: &'static str,
    reason: fn(String) -> Reason,
}

/// Why each is kept, newest first.
pub(super) fn apply(of_vault: &[&Candidate], rules: &Retention) -> Reasons {
    let stretches =
        |left: Option<u32>, name, reason| Stretches { left: left.unwrap_or(0), last: None, name, reason };
    let mut all = [
        stretches(rules.keep_daily, "%Y-%m-%d", Reason::Daily),
        // Weeks as ISO counts them: the last days of December may be of the next year's first.
        stretches(rules.keep_weekly, "%G-W%V", Reason::Weekly),
        stretches(rules.keep_monthly, "%Y-%m", Reason::Monthly),
        stretches(rules.keep_yearly, "%Y", Reason::Yearly),
    ];
    let newest = of_vault.first().map(|candidate| candidate.made_at);
    let kept = of_vault.iter().enumerate().map(|(at, candidate)| {
        let mut reasons = Vec::new();
        if u32::try_from(at).is_ok_and(|at| at < rules.keep_last.unwrap_or(0)) {
            reasons.push(Reason::Last);
        }
        // From the newest on, not from now: when backups stop, those that there are do not wither away.
        if let (Some(within), Some(newest)) = (rules.keep_within, newest)
            && newest.duration_since(candidate.made_at).unsigned_abs() < within.duration()
        {
            reasons.push(Reason::Within(within));
        }
        reasons.extend(all.iter_mut().filter_map(|stretches| stretches.keeps(candidate.made_at)));
        (!reasons.is_empty()).then_some(reasons)
    });
    kept.collect()
}

impl Stretches {
    fn keeps(&mut self, made_at: Timestamp) -> Option<Reason> {
        let name = made_at.strftime(self.name).to_string();
        if self.left == 0 || self.last.as_ref() == Some(&name) {
            return None;
        }
        self.left -= 1;
        self.last = Some(name.clone());
        Some((self.reason)(name))
    }
}
