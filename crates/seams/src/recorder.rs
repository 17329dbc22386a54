//! An `HttpSend` that notes what passes through it, for asserting on calls.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::{HttpSend, NoAnswer};

/// One exchange as seen on the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// HTTP method.
    pub method: http::Method,
    /// `host:port` the request went to.
    pub authority: String,
    /// Path and query exactly as sent; tokens of pre-authenticated requests are cut out.
    pub target: String,
    /// Status of the answer, `None` if there was none.
    pub status: Option<u16>,
    /// The answer's `opc-request-id`.
    pub opc_request_id: Option<String>,
}

/// Wraps another sender and keeps a list of all exchanges.
#[derive(Debug)]
pub struct Recorder {
    inner: Arc<dyn HttpSend>,
    sent: Mutex<Vec<Sent>>,
}

impl Recorder {
    /// Records everything that goes to `inner`.
    pub fn new(inner: Arc<dyn HttpSend>) -> Self {
        Self { inner, sent: Mutex::default() }
    }

    /// All exchanges so far, in the order in which they ended.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl HttpSend for Recorder {
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>> {
        let method = request.method().clone();
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let target = without_par_token(request.uri().path_and_query().map_or("/", |p| p.as_str()));
        Box::pin(async move {
            let answer = self.inner.send(request, max_reply).await;
            let header = |r: &http::Response<Bytes>| {
                r.headers().get("opc-request-id").and_then(|v| v.to_str().ok()).map(String::from)
            };
            let sent = Sent {
                method,
                authority,
                target,
                status: answer.as_ref().ok().map(|r| r.status().as_u16()),
                opc_request_id: answer.as_ref().ok().and_then(header),
            };
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
            answer
        })
    }
}

/// A pre-authenticated request's path is `/p/TOKEN/n/...`: the token alone grants access.
fn without_par_token(target: &str) -> String {
    match target.strip_prefix("/p/").and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => format!("/p/REDACTED/{rest}"),
        None => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_par_token;

    #[test]
    fn the_token_of_a_pre_authenticated_request_is_cut_out() {
        assert_eq!(without_par_token("/p/s3cr3t/n/ns/b/b/o/x"), "/p/REDACTED/n/ns/b/b/o/x");
        assert_eq!(without_par_token("/n/ns/b/p/o/x"), "/n/ns/b/p/o/x");
    }
}
