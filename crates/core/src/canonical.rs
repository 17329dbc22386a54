//! The one form in which signed documents are written: sorted keys, two spaces, one newline at the end.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longest document that is read.
pub const LONGEST: usize = 16 << 20;

/// Why bytes are not the document they should be.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// Over [`LONGEST`].
    #[error("longer than {LONGEST} bytes")]
    TooLong,
    /// Not JSON, or not of the expected shape. serde_json refuses more than 128 levels by itself.
    #[error("not a document of the expected form")]
    Form(#[from] serde_json::Error),
    /// Same content in other bytes: somebody has rewritten it.
    #[error("not in canonical form")]
    NotCanonical,
}

/// Writes a value in canonical form.
///
/// # Errors
/// If the value has no JSON form, such as a map with keys that are not strings.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut value = serde_json::to_value(value)?;
    sort(&mut value);
    let mut bytes = serde_json::to_vec_pretty(&value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a value and insists on its canonical form.
///
/// # Errors
/// If the bytes are too long, of another shape or not canonical.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    if bytes.len() > LONGEST {
        return Err(CanonicalError::TooLong);
    }
    let value: Value = serde_json::from_slice(bytes)?;
    if to_bytes(&value)? != bytes {
        return Err(CanonicalError::NotCanonical);
    }
    Ok(serde_json::from_value(value)?)
}

// A map keeps insertion order if any crate of the build asks serde_json to; else it is in order already.
fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort),
        Value::Object(map) => {
            if !map.keys().is_sorted() {
                let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                map.extend(entries);
            }
            map.values_mut().for_each(sort);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_read() {
        let value = serde_json::json!({"b": [1, {"d": 2, "c": 3}], "a": "x"});
        let bytes = to_bytes(&value).expect("json");
        assert_eq!(from_bytes::<Value>(&bytes).expect("canonical"), value);
        assert!(bytes.starts_with(b"{\n  \"a\""));
        assert!(matches!(from_bytes::<Value>(br#"{"a":"x"}"#), Err(CanonicalError::NotCanonical)));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(matches!(from_bytes::<Value>(deep.as_bytes()), Err(CanonicalError::Form(_))));
    }
}
