//! Data with a schema, for machines.

use serde::Serialize;

/// One document: `{"schema":"keyferry.<kind>","version":1, ...}` with the fields of its data. It is written as it is
/// walked through: a fleet's would not fit into memory as a tree of values.
#[derive(Debug, Clone, Serialize)]
pub struct Envelope<'a, T> {
    schema: String,
    version: u32,
    #[serde(flatten)]
    data: &'a T,
}

/// Puts data into an envelope. It has to be a structure or a map, without a schema and a version of its own.
pub fn envelope<'a, T: Serialize>(kind: &str, data: &'a T) -> Envelope<'a, T> {
    Envelope { schema: format!("keyferry.{kind}"), version: 1, data }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_have_one_envelope() {
        let document = serde_json::to_string(&envelope("plan", &json!({"steps": []}))).expect("json");
        assert_eq!(document, r#"{"schema":"keyferry.plan","version":1,"steps":[]}"#);
    }
}
