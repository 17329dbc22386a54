//! Times on the wire: RFC 3339 in JSON, IMF-fixdate in headers.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time in JSON. Written with exactly three fractional digits and `Z`, because the Python SDK falls to a
/// local-time parser without them; read with any number of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

/// The form of `Date` and `x-date`: `Sat, 01 Aug 2026 12:00:00 GMT`.
pub fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads the form of [`http_date`].
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_on_the_way_out_and_any_precision_on_the_way_in() {
        for text in [
            "\"2026-01-02T03:04:05.678Z\"",
            "\"2026-01-02T03:04:05.678901Z\"",
            "\"2026-01-02T03:04:05.678+00:00\"",
        ] {
            let time: Time = serde_json::from_str(text).expect(text);
            assert_eq!(time.to_string(), "2026-01-02T03:04:05.678Z");
        }
        let whole: Time = serde_json::from_str("\"2026-01-02T03:04:05Z\"").expect("no fraction");
        assert_eq!(whole.to_string(), "2026-01-02T03:04:05.000Z");
    }

    #[test]
    fn http_dates_go_both_ways() {
        let text = "Sat, 01 Aug 2026 12:00:00 GMT";
        assert_eq!(http_date(parse_http_date(text).expect("parses")), text);
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
