//! A service that speaks just enough S3 to be well-behaved or not, without a socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response};
use keyferry_seams::{BoxFuture, HttpSend, NoAnswer};

use crate::OffCloud;

/// How it differs from a service that does all it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Temper {
    #[default]
    Honest,
    /// Accepts If-None-Match and overwrites all the same.
    IgnoresConditions,
    /// Looks whether there is one, and then writes: of writers at the same time all win.
    LooksThenWrites,
    /// Says "written" and keeps other bytes.
    Spoils,
    /// Lists nothing.
    ListsNothing,
    /// Answers every request with that.
    Answers(u16, String),
    /// Gives pages without an end.
    EndlessPages,
    /// Gives no answer.
    Silent(NoAnswer),
}

/// The objects of one bucket, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) temper: Temper,
    pub(crate) objects: Mutex<BTreeMap<String, Bytes>>,
    pub(crate) asked: Mutex<Vec<Request<Bytes>>>,
}

impl Shelf {
    pub(crate) fn new(temper: Temper) -> Arc<Self> {
        Arc::new(Self { temper, ..Self::default() })
    }

    /// The store at `s3://bucket/PREFIX` on this shelf.
    pub(crate) fn store(self: &Arc<Self>, prefix: &str) -> OffCloud {
        let environment = [
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "s3cr3t"),
            ("AWS_SESSION_TOKEN", "t0ken"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        OffCloud::s3(self.clone(), "bucket", prefix, &environment).expect("a store")
    }

    /// Whether the condition of a request forbids it.
    fn is_forbidden(&self, request: &Request<Bytes>) -> bool {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let is_conditional = request.headers().contains_key("if-none-match");
        is_conditional && self.temper != Temper::IgnoresConditions && objects.contains_key(&key(request))
    }

    fn answer(&self, request: &Request<Bytes>, is_forbidden: bool) -> Response<Bytes> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(request);
        match (&self.temper, request.method()) {
            (Temper::Answers(status, body), _) => answered(*status, body.clone()),
            _ if is_forbidden => answered(412, "<Error><Code>PreconditionFailed</Code></Error>"),
            (_, &Method::PUT) => {
                let spoilt = Bytes::from_static(b"other bytes");
                let kept = if self.temper == Temper::Spoils { spoilt } else { request.body().clone() };
                objects.insert(key, kept);
                answered(200, "")
            }
            (_, &Method::DELETE) => {
                objects.remove(&key);
                answered(204, "")
            }
            _ if key.is_empty() => {
                answered(200, self.page(&objects, request.uri().query().unwrap_or_default()))
            }
            _ => match objects.get(&key) {
                Some(bytes) => answered(200, bytes.clone()),
                None => answered(404, "<Error><Code>NoSuchKey</Code></Error>"),
            },
        }
    }

    fn page(&self, objects: &BTreeMap<String, Bytes>, query: &str) -> String {
        let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or_default();
        let prefix = prefix.replace("%2F", "/");
        let entry = |(key, bytes): (&String, &Bytes)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-24T00:00:00Z</LastModified><ETag>x</ETag>\
                 <Size>{}</Size></Contents>",
                bytes.len()
            )
        };
        let entries: String = match self.temper {
            Temper::ListsNothing | Temper::EndlessPages => String::new(),
            _ => objects.iter().filter(|(key, _)| key.starts_with(&prefix)).map(entry).collect(),
        };
        let more = "<NextContinuationToken>again</NextContinuationToken>";
        let more = if self.temper == Temper::EndlessPages { more } else { "" };
        format!("<ListBucketResult>{entries}{more}</ListBucketResult>")
    }
}

fn key(request: &Request<Bytes>) -> String {
    request.uri().path().trim_start_matches("/bucket").trim_start_matches('/').to_owned()
}

fn answered(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let body = body.into();
    Response::builder()
        .status(status)
        .header("content-length", body.len())
        .header("last-modified", "Tue, 24 Nov 2026 00:00:00 GMT")
        .header("etag", "x")
        .body(body)
        .expect("a response")
}

impl HttpSend for Shelf {
    fn send(
        &self,
        request: Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<Response<Bytes>, NoAnswer>> {
        Box::pin(async move {
            let is_forbidden = self.is_forbidden(&request);
            if self.temper == Temper::LooksThenWrites {
                tokio::task::yield_now().await;
            }
            let answer = match &self.temper {
                Temper::Silent(no_answer) => Err(no_answer.clone()),
                _ => Ok(self.answer(&request, is_forbidden)),
            };
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            match answer {
                Ok(answer) if answer.body().len() > max_reply => Err(NoAnswer::TooLarge { limit: max_reply }),
                answer => answer,
            }
        })
    }
}
