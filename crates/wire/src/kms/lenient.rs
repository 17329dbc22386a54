//! Hand-written JSON sends numbers and booleans as strings, and OCI takes them; so do we.

use serde::{Deserialize, Deserializer, de::Error};

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

pub(super) fn optional_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<Loose<bool>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Exact(value)) => Ok(Some(value)),
        Some(Loose::Text(text)) => {
            text.parse().map(Some).map_err(|_| D::Error::custom("expected true or false"))
        }
    }
}
