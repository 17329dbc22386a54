//! Data with a schema, for machines.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// One document: `{"schema":"keyferry.<kind>","version":1, ...}` with the fields of `data`, or its `items` if it
/// is a list.
///
/// # Panics
/// If `data` has no JSON form, which only a map with keys other than strings lacks.
pub fn envelope(kind: &str, data: &impl Serialize) -> Value {
    let mut document = Map::from_iter([
        ("schema".to_owned(), Value::from(format!("keyferry.{kind}"))),
        ("version".to_owned(), json!(1)),
    ]);
    match serde_json::to_value(data).expect("what is shown has only strings as keys") {
        // Signed documents bring the two themselves; what is printed is a view of them with its own name.
        Value::Object(fields) => {
            document.extend(fields.into_iter().filter(|(name, _)| name != "schema" && name != "version"));
        }
        other => {
            document.insert("items".to_owned(), other);
        }
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_one_envelope() {
        let plan = json!({"schema": "keyferry.plan", "version": 7, "steps": []});
        assert_eq!(envelope("plan", &plan), json!({"schema": "keyferry.plan", "version": 1, "steps": []}));
        assert_eq!(envelope("list", &[1]), json!({"schema": "keyferry.list", "version": 1, "items": [1]}));
    }
}
