//! The signature scheme (draft-cavage 08): the string that is signed and the header that carries it.
//!
//! Mechanics only. Which headers to sign is the client's decision, what to accept is the realm's.

/// Headers signed on every request.
pub const GENERIC: &[&str] = &["date", "(request-target)", "host"];
/// Headers signed as well when the body is.
pub const BODY: &[&str] = &["content-length", "content-type", "x-content-sha256"];

/// Builds the signing string: one `name: value` line per listed name, no newline at the end. `target` is the
/// raw path and query as sent, prefix and double slashes included. `None` if a listed header is absent.
pub fn signing_string<'v>(
    names: &[&str],
    method: &http::Method,
    target: &str,
    value_of: impl Fn(&str) -> Option<std::borrow::Cow<'v, str>>,
) -> Option<String> {
    let mut text = String::with_capacity(target.len() + 512);
    for (at, name) in names.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        text.push_str(if at == 0 { "" } else { "\n" });
        if name == "(request-target)" {
            text.extend(["(request-target): ", &method.as_str().to_ascii_lowercase(), " ", target]);
        } else {
            text.extend([&name, ": ", value_of(&name)?.trim()]);
        }
    }
    Some(text)
}

/// The `Authorization` header's parts. Clients order them differently, so it is parsed, never compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// `<tenancy>/<user>/<fingerprint>`, or `ST$<token>`.
    pub key_id: String,
    /// `rsa-sha256`.
    pub algorithm: String,
    /// Names of the signed headers, in the order signed.
    pub headers: Vec<String>,
    /// Base64.
    pub signature: String,
    /// `1` if present.
    pub version: Option<String>,
}

// A key id may hold a session token, which is a credential.
impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").field("headers", &self.headers).finish_non_exhaustive()
    }
}

impl Authorization {
    /// The header's text in the Python SDK's order.
    pub fn to_header(&self) -> String {
        format!(
            "Signature algorithm=\"{}\",headers=\"{}\",keyId=\"{}\",signature=\"{}\",version=\"{}\"",
            self.algorithm,
            self.headers.join(" "),
            self.key_id,
            self.signature,
            self.version.as_deref().unwrap_or("1"),
        )
    }

    /// Reads the header; `None` if it is not of this scheme or a part is missing or doubled.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix("Signature ")?.trim();
        let (mut key_id, mut algorithm, mut headers, mut signature, mut version) =
            (None, None, None, None, None);
        while !rest.is_empty() {
            let (name, after) = rest.split_once("=\"")?;
            let (value, after) = after.split_once('"')?;
            let slot = match name.trim() {
                "keyId" => &mut key_id,
                "algorithm" => &mut algorithm,
                "headers" => &mut headers,
                "signature" => &mut signature,
                "version" => &mut version,
                _ => return None,
            };
            if slot.replace(value.to_owned()).is_some() {
                return None;
            }
            rest = after.trim();
            if !rest.is_empty() {
                rest = rest.strip_prefix(',')?.trim();
            }
        }
        let headers = headers?.split(' ').filter(|n| !n.is_empty()).map(str::to_ascii_lowercase).collect();
        Some(Self { key_id: key_id?, algorithm: algorithm?, headers, signature: signature?, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_any_order_and_names_in_any_case() {
        let node = r#"Signature version="1",keyId="t/u/f",algorithm="rsa-sha256",headers="x-date (request-target) host Content-Type",signature="c2ln""#;
        let read = Authorization::parse(node).expect("Node's order");
        assert_eq!(read.headers, ["x-date", "(request-target)", "host", "content-type"]);
        assert_eq!(Authorization::parse(&read.to_header()), Some(read));
    }

    #[test]
    fn doubled_missing_and_foreign_parameters_are_refused() {
        for bad in [
            "Bearer x",
            r#"Signature keyId="a",keyId="b",algorithm="x",headers="date",signature="s""#,
            r#"Signature keyId="a",algorithm="x",headers="date""#,
            r#"Signature keyId="a",algorithm="x",headers="date",signature="s",extra="1""#,
            r#"Signature keyId="a" algorithm="x""#,
        ] {
            assert_eq!(Authorization::parse(bad), None, "{bad}");
        }
    }
}
