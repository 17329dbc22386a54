//! What settings look like when they are printed: secrets are recognised by their key or by their form.

use serde_json::Value;

const MASK: &str = "***";
/// A key, flag or variable with one of these in its name has a secret for a value.
const SECRET: [&str; 8] =
    ["token", "secret", "password", "passwd", "passphrase", "pass_phrase", "pass-phrase", "credential"];
/// Words of chance are longer than this.
const LONG: usize = 24;

/// A value without what must not be seen.
pub(super) fn masked(key: &str, value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Number(_) if is_secret(last(key)) => MASK.into(),
        Value::String(text) => masked_text(text).into(),
        Value::Array(items) => Value::Array(items.iter().map(|item| masked(key, item)).collect()),
        other => other.clone(),
    }
}

/// The words of a command: people put tokens there, whatever they are told.
pub(super) fn masked_argv<'a>(argv: impl IntoIterator<Item = &'a str>) -> Value {
    let mut follows_flag = false;
    let masked = argv.into_iter().map(|word| {
        let is_value = std::mem::replace(&mut follows_flag, word.starts_with('-') && is_secret(word));
        match word.split_once('=') {
            _ if is_value => MASK.to_owned(),
            Some((name, _)) if is_secret(name) => {
                follows_flag = false;
                format!("{name}={MASK}")
            }
            _ if looks_random(word) => MASK.to_owned(),
            _ => masked_text(word),
        }
    });
    Value::Array(masked.map(Value::String).collect())
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|word| name.contains(word))
}

/// Addresses keep scheme and host: paths and queries of webhooks are their passwords.
fn masked_text(text: &str) -> String {
    if text.contains("-----BEGIN") {
        return MASK.to_owned();
    }
    let Some(start) =
        ["https://", "http://"].iter().find_map(|scheme| text.find(scheme).map(|at| at + scheme.len()))
    else {
        return text.to_owned();
    };
    let (before, rest) = text.split_at(start);
    let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    if behind.trim_matches('/').is_empty() {
        format!("{before}{host}")
    } else {
        format!("{before}{host}/…")
    }
}

/// A long run of letters and digits, both of them: a token. OCIDs are long too, but begin with what they are.
fn looks_random(word: &str) -> bool {
    let runs = word.split(|c: char| !(c.is_ascii_alphanumeric() || "+_=-".contains(c)));
    let is_random = |run: &str| {
        let has = |kind: fn(&u8) -> bool| run.as_bytes().iter().any(kind);
        run.len() >= LONG && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    };
    !word.starts_with("ocid1.") && runs.into_iter().any(is_random)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_known_by_their_key_and_by_their_form() {
        for (key, value, shown) in [
            ("store", "oci://saves@ns/us-ashburn-1/team", "oci://saves@ns/us-ashburn-1/team"),
            ("state", "/var/lib/keyferry", "/var/lib/keyferry"),
            ("api_token", "abc", "***"),
            ("x.Secret_Key", "abc", "***"),
            ("x", "-----BEGIN PRIVATE KEY-----", "***"),
            ("x", "https://hc.example/t0k3n", "https://hc.example/…"),
            ("x", "see https://me:t0k3n@hc.example:8443?t0k3n", "see https://hc.example:8443/…"),
            ("endpoint", "us-ashburn-1=http://127.0.0.1:8000", "us-ashburn-1=http://127.0.0.1:8000"),
        ] {
            assert_eq!(masked(key, &value.into()), shown, "{key} {value}");
        }
        assert_eq!(masked("names", &json!(["pay*", "http://a/b"])), json!(["pay*", "http://a/…"]));
    }

    #[test]
    fn the_words_of_a_hook_are_shown_without_tokens() {
        let argv = [
            "/usr/bin/notify",
            "--token",
            "t0k3n",
            "--password=t0k3n",
            "API_TOKEN=t0k3n",
            "https://hooks.example/services/t0k3n",
            "xoxb1234567890abcdefABCDEFt0k3n",
            "6f1ed002-ab5f-4b1e-8d0a-t0k3n0000000",
            "ocid1.onstopic.oc1.iad.aaaaaaaa7example7example7example",
            "backup of the night; $(all) is well",
        ];
        let shown = masked_argv(argv);
        assert_eq!(
            shown,
            json!([
                argv[0],
                "--token",
                "***",
                "--password=***",
                "API_TOKEN=***",
                "https://hooks.example/…",
                "***",
                "***",
                argv[8],
                argv[9],
            ])
        );
        assert!(argv.iter().filter(|word| word.contains("t0k3n")).count() == 6);
    }
}
