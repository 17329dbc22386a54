//! One call's way through the seam to the network: bounded, and remembering why it failed.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use keyferry_seams::{HttpSend, NoAnswer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};

use crate::Trouble;

/// A listing of [`crate::MOST_LISTED`] objects takes a tenth of that; pages without end take more.
const MOST_REQUESTS: usize = 1_000;
const LONGEST_CODE: usize = 64;

/// The library's errors are texts that quote URLs and replies, so what happened is kept here as data.
#[derive(Debug, Clone)]
pub(crate) struct Exchange(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Arc<dyn HttpSend>,
    max_reply: usize,
    requests: AtomicUsize,
    trouble: Mutex<Option<Trouble>>,
}

impl Exchange {
    pub(crate) fn new(http: Arc<dyn HttpSend>, max_reply: usize) -> Self {
        Self(Arc::new(Inner { http, max_reply, requests: AtomicUsize::new(0), trouble: Mutex::new(None) }))
    }

    /// Why the last request failed; if it did not, the answer was not what the library expects.
    pub(crate) fn trouble(&self) -> Trouble {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or(Trouble::Nonsense)
    }

    fn remember(&self, trouble: Option<Trouble>) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.0.requests.fetch_add(1, Ordering::Relaxed) >= MOST_REQUESTS {
            self.remember(None);
            return Err(HttpError::new(HttpErrorKind::Unknown, Trouble::Nonsense));
        }
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        match self.0.http.send(http::Request::from_parts(head, body), self.0.max_reply).await {
            Ok(answer) => {
                self.remember((!answer.status().is_success()).then(|| refused(&answer)));
                Ok(answer.map(Into::into))
            }
            Err(no_answer) => {
                self.remember(Some(no_answer.clone().into()));
                Err(HttpError::new(kind(&no_answer), no_answer))
            }
        }
    }
}

/// The kind decides whether the library repeats the request: always, if it is safe to, or never.
fn kind(no_answer: &NoAnswer) -> HttpErrorKind {
    match no_answer {
        NoAnswer::Unreachable => HttpErrorKind::Connect,
        NoAnswer::TimedOut => HttpErrorKind::Timeout,
        NoAnswer::Broken(_) => HttpErrorKind::Interrupted,
        NoAnswer::TooLarge { .. } => HttpErrorKind::Decode,
    }
}

fn refused(answer: &http::Response<Bytes>) -> Trouble {
    let text = String::from_utf8_lossy(answer.body());
    let code =
        text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    let is_code = |code: &&str| code.len() <= LONGEST_CODE && code.bytes().all(|b| b.is_ascii_alphanumeric());
    Trouble::Refused {
        status: answer.status().as_u16(),
        code: code.filter(is_code).unwrap_or_default().to_owned(),
    }
}

impl HttpConnector for Exchange {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Exchange {
    fn call<'s, 'a>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>
    where
        's: 'a,
        Self: 'a,
    {
        Box::pin(self.send(request))
    }
}
