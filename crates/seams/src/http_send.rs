//! One HTTP exchange: the only way a request leaves the process.

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// Sends one request and returns the whole answer. Implementations follow no redirects and stop
/// reading at `max_reply` bytes.
pub trait HttpSend: Send + Sync + std::fmt::Debug {
    /// `request` carries an absolute URI and is already signed.
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>>;
}

/// Why no usable answer arrived. Never holds the URI: it may contain a pre-authenticated request's token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing listens there: the region is down or the endpoint is wrong.
    #[error("connection refused or host unreachable")]
    Unreachable,
    /// Connected or connecting, but no answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke while the request or the answer was under way.
    #[error("connection broke: {0}")]
    Broken(String),
    /// The answer is longer than the caller allows.
    #[error("answer longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl NoAnswer {
    /// True if the request certainly did not reach the service.
    pub fn was_not_received(&self) -> bool {
        matches!(self, Self::Unreachable)
    }
}
