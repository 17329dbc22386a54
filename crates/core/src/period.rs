//! Lengths of time as people write them: `30m`, `24h`, `90d`, `1d 12h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};

/// The units that are written, each with its seconds. Months and years are left out: they differ in length.
const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
/// A hundred years, so that a sum with any time of today stays in the calendar.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// A length of time in whole seconds, never zero. A day has 24 hours, a week 7 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(u64);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write for example 30m, 24h or 90d")]
pub struct PeriodError(String);

impl Period {
    /// As the standard library counts.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let shown = || PeriodError(text.chars().take(40).collect::<String>().escape_debug().to_string());
        let span: Span = text.trim().parse().map_err(|_| shown())?;
        let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| shown())?;
        let duration = Duration::try_from(signed).map_err(|_| shown())?;
        let is_fine = duration.subsec_nanos() == 0 && (Duration::from_secs(1)..=LONGEST).contains(&duration);
        if is_fine { Ok(Self(duration.as_secs())) } else { Err(shown()) }
    }
}

impl fmt::Display for Period {
    /// In one unit: the largest that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hours up to two days: `24h` is what people write.
        let fits = |seconds: u64| self.0.is_multiple_of(seconds) && (seconds != 86_400 || self.0 > 86_400);
        let (seconds, unit) = UNITS.into_iter().find(|(seconds, _)| fits(*seconds)).unwrap_or((1, "s"));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;
    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them_and_shown_in_one_unit() {
        for (text, shown, seconds) in [
            ("45s", "45s", 45),
            ("30m", "30m", 1_800),
            ("4h", "4h", 14_400),
            ("24h", "24h", 86_400),
            ("90d", "90d", 7_776_000),
            ("2w", "14d", 1_209_600),
            ("1d 12h", "36h", 129_600),
            (" 2h30m ", "150m", 9_000),
        ] {
            let period: Period = text.parse().expect(text);
            assert_eq!(
                (period.to_string().as_str(), period.duration().as_secs()),
                (shown, seconds),
                "{text}"
            );
            assert_eq!(shown.parse::<Period>(), Ok(period));
        }
    }

    #[test]
    fn what_is_no_length_or_differs_from_month_to_month_is_refused() {
        for text in ["", "soon", "30", "-10m", "0s", "1.5s", "3mo", "1y", "99999d", &"9".repeat(500)] {
            let error = text.parse::<Period>().expect_err(text).to_string();
            assert!(error.contains("30m, 24h or 90d") && error.len() < 150, "{error}");
        }
    }
}
