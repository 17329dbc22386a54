//! The request log: what was asked and what came of it, without anything secret.

use std::collections::VecDeque;

use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::{OperationName, decode_segment};
use serde::{Deserialize, Serialize};

const LONGEST: usize = 100_000;
const LONGEST_TEXT: usize = 2048;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number since the realm began, from 1.
    pub seq: u64,
    /// When it arrived, by the realm's clock.
    pub time: Timestamp,
    /// Where.
    pub region: Region,
    /// What was asked for; none if there is no such operation.
    pub operation: Option<OperationName>,
    /// HTTP method.
    pub method: String,
    /// Path and query as sent; tokens of pre-authenticated requests are cut out.
    pub target: String,
    /// Status of the answer; none if a lost region gave none.
    pub status: Option<u16>,
    /// The answer's request id.
    pub opc_request_id: Option<String>,
    /// The client.
    pub user_agent: Option<String>,
    /// The key id that signed, if the signature was good.
    pub principal: Option<String>,
    /// The code of a refusal, and what stood behind it.
    pub reason: Option<String>,
    /// What it was about.
    #[serde(flatten)]
    pub touched: Touched,
}

/// What a request was about, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Its compartment.
    pub compartment_id: Option<String>,
    /// Its OCID.
    pub resource_id: Option<String>,
    /// Its name.
    pub resource_name: Option<String>,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Log(VecDeque<LogLine>);

impl Log {
    pub(crate) fn push(&mut self, line: LogLine) {
        if self.0.len() == LONGEST {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &LogLine> {
        self.0.iter()
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.0.iter().cloned().collect()
    }
}

/// A target for the log: `/p/<token>/...` loses its token.
pub(crate) fn redacted(target: &str) -> String {
    let target: String = target.chars().take(LONGEST_TEXT).collect();
    let slashes = target.len() - target.trim_start_matches('/').len();
    match target[slashes..].split_once('/') {
        // However it is spelled: such a request is refused, and its token may be a good one all the same.
        Some((first, rest)) if decode_segment(first).is_some_and(|first| first.eq_ignore_ascii_case("p")) => {
            let rest = rest.find('/').map_or("", |at| &rest[at..]);
            format!("{}p/...{rest}", &target[..slashes])
        }
        _ => target,
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn tokens_of_pre_authenticated_requests_are_cut() {
        assert_eq!(redacted("/p/s3cr3t/n/ns/b/b/o/o"), "/p/.../n/ns/b/b/o/o");
        assert_eq!(redacted("//p/s3cr3t"), "//p/...");
        assert_eq!(redacted("/%70/s3cr3t/n/ns"), "/p/.../n/ns");
        assert_eq!(redacted("/P/s3cr3t/n/ns"), "/p/.../n/ns");
        assert_eq!(redacted("/n/ns/b/p/o/x"), "/n/ns/b/p/o/x");
    }
}
