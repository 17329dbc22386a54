//! JSON of a key's automatic rotation.

use serde::{Deserialize, Serialize};

use super::lenient;
use crate::Time;
use keyferry_ids::open_enum;

open_enum! {
    /// How the latest automatic rotation went.
    RotationStatus { Success = "SUCCESS", Failed = "FAILED", InProgress = "IN_PROGRESS" }
}

/// When a key rotates by itself. A caller sets the interval and the start, the service answers the rest. Times
/// are days: their time of day counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "OCI's field names")]
pub struct AutoKeyRotationDetails {
    /// 60 to 365.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub rotation_interval_in_days: Option<u32>,
    #[serde(default, deserialize_with = "lenient::optional_day")]
    pub time_of_schedule_start: Option<Time>,
    #[serde(default, deserialize_with = "lenient::optional_day")]
    pub time_of_next_rotation: Option<Time>,
    #[serde(default, deserialize_with = "lenient::optional_day")]
    pub time_of_last_rotation: Option<Time>,
    #[serde(default)]
    pub last_rotation_status: Option<RotationStatus>,
    #[serde(default)]
    pub last_rotation_message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_with_days_as_well_as_times_and_numbers_as_text() {
        let text = r#"{"rotationIntervalInDays":"90","timeOfScheduleStart":"2026-08-01",
            "timeOfNextRotation":"2026-10-30T00:00:00.000Z","lastRotationStatus":"SUCCESS"}"#;
        let details: AutoKeyRotationDetails = serde_json::from_str(text).expect("a schedule");
        assert_eq!(details.rotation_interval_in_days, Some(90));
        let start = details.time_of_schedule_start.expect("a start");
        assert_eq!(start.to_string(), "2026-08-01T00:00:00.000Z");
        assert_eq!(details.time_of_next_rotation.map(|t| (t.0 - start.0).as_hours()), Some(90 * 24));
        assert_eq!(details.last_rotation_status, Some(RotationStatus::Success));
        let wrong = r#"{"timeOfScheduleStart":"tomorrow"}"#;
        serde_json::from_str::<AutoKeyRotationDetails>(wrong).expect_err("no day");
    }
}
