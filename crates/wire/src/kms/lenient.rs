//! Hand-written JSON sends numbers and booleans as strings, and OCI takes them; so do we.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de::Error};

use crate::Time;

#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<T> {
    Exact(T),
    Text(String),
}

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Exact(value) => Ok(value),
        Loose::Text(text) => text.parse().map_err(|_| D::Error::custom("expected a whole number")),
    }
}

pub(super) fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Option::<Loose<u32>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Exact(value)) => Ok(Some(value)),
        Some(Loose::Text(text)) => {
            text.parse().map(Some).map_err(|_| D::Error::custom("expected a whole number"))
        }
    }
}

pub(super) fn bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    optional_bool(deserializer)?.ok_or_else(|| D::Error::custom("expected true or false"))
}

/// A time, or a day without one, which is the day's beginning.
pub(super) fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let day = || text.parse().ok().and_then(midnight);
    let time = text.parse().ok().or_else(day).ok_or_else(|| D::Error::custom("expected a time or a day"))?;
    Ok(Some(Time(time)))
}

pub(super) fn optional_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<Loose<bool>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Exact(value)) => Ok(Some(value)),
        Some(Loose::Text(text)) => {
            text.parse().map(Some).map_err(|_| D::Error::custom("expected true or false"))
        }
    }
}
