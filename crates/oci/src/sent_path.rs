//! The path of a request as it may be shown.

use std::fmt;

/// A path as sent, but for what may be secret: the token of a pre-authenticated request and the values of a query.
/// They are not even held.
#[derive(Clone, PartialEq, Eq)]
pub struct SentPath(String);

impl SentPath {
    /// What may be shown of a URL: neither its host nor its secrets.
    pub fn of(uri: &http::Uri) -> Self {
        let mut shown = String::with_capacity(uri.path().len());
        let mut last = "";
        for (number, segment) in uri.path().split('/').enumerate() {
            if number > 0 {
                shown.push('/');
            }
            // `/p/TOKEN/n/…`; the id of such a request in `/n/…/p/ID` is not needed either.
            shown.push_str(if last == "p" && !segment.is_empty() { "…" } else { segment });
            // Doubled slashes are sent by some of Oracle's tools.
            last = if segment.is_empty() { last } else { segment };
        }
        for (number, pair) in uri.query().iter().flat_map(|query| query.split('&')).enumerate() {
            shown.push(if number == 0 { '?' } else { '&' });
            match pair.split_once('=') {
                Some((name, _)) => shown.extend([name, "=…"]),
                None => shown.push('…'),
            }
        }
        Self(shown)
    }
}

impl fmt::Display for SentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_values_are_left_out_and_all_else_is_as_sent() {
        let shown = |url: &str| SentPath::of(&url.parse().expect("a URL"));
        let par = shown("https://objectstorage.us-ashburn-1.oraclecloud.com/p/s3cr3t%2D/n/ns/b/b/o/a%2Fb");
        assert_eq!(par.to_string(), "/p/…/n/ns/b/b/o/a%2Fb");
        assert_eq!(format!("{par:?}"), par.to_string());
        assert_eq!(shown("http://127.0.0.1:1/iad/p/s3cr3t").to_string(), "/iad/p/…");
        assert_eq!(shown("http://127.0.0.1:1/p//s3cr3t").to_string(), "/p//…");
        let listed =
            shown("https://h.oraclecloud.com/20180608/keys?compartmentId=ocid1..x&page=s3cr3t&s3cr3t");
        assert_eq!(listed.to_string(), "/20180608/keys?compartmentId=…&page=…&…");
        assert_eq!(shown("https://h.oraclecloud.com/").to_string(), "/");
    }
}
