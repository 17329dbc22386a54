//! The address of a watcher that expects a call after each backup. Its path is often the only secret it has.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Longest address that is taken.
const LONGEST: usize = 2_048;

/// An address. Shown with scheme and host only, also by `Debug` and when written as JSON.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Heartbeat(String);

/// A text that can't be called. It is not repeated: it may hold a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a heartbeat is an https:// address without user name (http:// on loopback only)")]
pub struct HeartbeatError;

impl Heartbeat {
    /// The address to call when all is well. A secret.
    pub fn success(&self) -> &str {
        &self.0
    }

    /// The address to call when it is not: `/fail` behind the path, as such services have it. A secret.
    pub fn failure(&self) -> String {
        let (path, query) = match self.0.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (self.0.as_str(), String::new()),
        };
        format!("{}/fail{query}", path.trim_end_matches('/'))
    }
}

impl TryFrom<String> for Heartbeat {
    type Error = HeartbeatError;

    fn try_from(text: String) -> Result<Self, HeartbeatError> {
        let (scheme, rest) = text.split_once("://").ok_or(HeartbeatError)?;
        let authority = authority(rest);
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        let is_safe = match scheme {
            "https" => !host.is_empty(),
            "http" => is_loopback(host),
            _ => false,
        };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('#');
        let is_fine = is_safe && is_plain && !authority.contains('@') && text.len() <= LONGEST;
        if is_fine { Ok(Self(text)) } else { Err(HeartbeatError) }
    }
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl fmt::Display for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        write!(f, "{scheme}://{}/…", authority(rest))
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Heartbeat({self})")
    }
}

impl Serialize for Heartbeat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Heartbeat, HeartbeatError> {
        Heartbeat::try_from(text.to_owned())
    }

    #[test]
    fn a_failure_has_an_address_of_its_own() {
        for (text, failure) in [
            ("https://hc.example/t0k3n", "https://hc.example/t0k3n/fail"),
            ("https://hc.example:8443/t0k3n/?rid=1", "https://hc.example:8443/t0k3n/fail?rid=1"),
            ("http://127.0.0.1:9/p", "http://127.0.0.1:9/p/fail"),
            ("http://[::1]:9/p", "http://[::1]:9/p/fail"),
        ] {
            let heartbeat = parse(text).expect(text);
            assert_eq!((heartbeat.success(), heartbeat.failure().as_str()), (text, failure));
        }
    }

    #[test]
    fn nothing_behind_the_host_is_ever_shown() {
        let heartbeat = parse("https://hc.example:8443/t0k3n?key=t0k3n").expect("good");
        let shown = [
            heartbeat.to_string(),
            format!("{heartbeat:?}"),
            serde_json::to_string(&heartbeat).expect("a text"),
        ];
        assert_eq!(shown[0], "https://hc.example:8443/…");
        assert!(shown.iter().all(|text| text.contains("hc.example") && !text.contains("t0k3n")), "{shown:?}");
    }

    #[test]
    fn what_would_travel_in_the_clear_or_carry_a_password_is_refused_without_being_repeated() {
        for text in [
            "http://hc.example/t0k3n",
            "http://127.0.0.1.example/t0k3n",
            "http://localhost@hc.example/t0k3n",
            "https://me:t0k3n@hc.example/",
            "https:///t0k3n",
            "https://hc.example/a b",
            "https://hc.example/t0k3n#top",
            "ftp://hc.example/t0k3n",
            "t0k3n",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!error.to_string().contains("t0k3n"));
        }
    }
}
