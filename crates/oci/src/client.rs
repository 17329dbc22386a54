//! Calls one operation: builds, signs, sends, tries again, and reads the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, DATE, HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::{Clock, HttpSend, Seed};
use keyferry_wire::{
    Operation, OperationName, Payload, Plane, ServiceError, Spec, encode_query, fill, headers, http_date,
    parse_http_date,
};

use crate::credentials::Credentials;
use crate::endpoint::{Base, Endpoints};
use crate::error::{CallSite, Error, NotSent, shown};
use crate::pace::{Pace, Queues, Turn};
use crate::retry::{Attempt, Decision, Outcome, RetryPolicy, decide};
use crate::sent_path::SentPath;
use crate::signing;

/// The longest JSON answer that is read.
const LONGEST_JSON: usize = 4 << 20;
/// OCI refuses requests whose date is further off.
const SKEW_SECONDS: i64 = 300;
const CLIENT_INFO: &str = concat!("Keyferry/", env!("CARGO_PKG_VERSION"));

/// Everything that a client is made of.
#[derive(Debug)]
pub struct ClientConfig {
    /// Sends requests.
    pub http: Arc<dyn HttpSend>,
    /// Dates requests and waits between attempts.
    pub clock: Arc<dyn Clock>,
    /// Gives request ids, retry tokens and jitter.
    pub seed: Seed,
    /// Signs.
    pub credentials: Credentials,
    /// The hosts that may be called.
    pub endpoints: Endpoints,
    /// How patient to be.
    pub retry: RetryPolicy,
    /// How fast to call.
    pub pace: Pace,
    /// Is told of every attempt.
    pub observer: Option<Arc<dyn Observe>>,
}

/// Somebody who keeps a record of calls, such as evidence.
pub trait Observe: Send + Sync + std::fmt::Debug {
    /// An attempt has ended. Must not block.
    fn called(&self, record: &CallRecord);
}

/// One attempt as it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The operation.
    pub operation: OperationName,
    /// The region called.
    pub region: Region,
    /// HTTP method.
    pub method: Method,
    /// HTTP status; none if there was no answer.
    pub status: Option<u16>,
    /// The service's id of the call; none if it gave none.
    pub opc_request_id: Option<String>,
    /// When it ended.
    pub time: Timestamp,
    /// 1 for the first.
    pub attempt: u32,
    /// The path as sent.
    pub path: SentPath,
    /// From sending to the answer.
    pub took: Duration,
    /// In the queue before it was sent.
    pub waited: Duration,
}

/// Where a call goes.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The operation's own plane in that region.
    Region(Region),
    /// A vault's management or crypto endpoint, as the service named it.
    Vault {
        /// The vault's region.
        region: Region,
        /// The URL, not trusted yet.
        endpoint: &'a str,
    },
}

impl Place<'_> {
    fn region(&self) -> Region {
        match self {
            Self::Region(region) | Self::Vault { region, .. } => *region,
        }
    }
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a, B> {
    /// Where to.
    pub place: Place<'a>,
    /// For the placeholders of the path, in order.
    pub names: &'a [&'a str],
    /// In the order sent.
    pub query: &'a [(&'a str, String)],
    /// Such as `if-match`.
    pub headers: &'a [(HeaderName, &'a str)],
    /// The body.
    pub body: &'a B,
    /// For operations that take one; a call without it gets one that protects its own attempts only.
    pub retry_token: Option<&'a str>,
    /// What it is about, for messages; the last name if left out.
    pub subject: Option<&'a str>,
    /// The longest answer that is read.
    pub max_reply: usize,
}

impl<'a, B> Call<'a, B> {
    /// A call without names, query, headers and token, for an answer of JSON.
    pub fn new(place: Place<'a>, body: &'a B) -> Self {
        Self {
            place,
            names: &[],
            query: &[],
            headers: &[],
            body,
            retry_token: None,
            subject: None,
            max_reply: LONGEST_JSON,
        }
    }
}

/// A good answer.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    /// What was asked for.
    pub body: T,
    /// Version tag, exactly as received.
    pub etag: Option<String>,
    /// The service's id of the call.
    pub opc_request_id: Option<String>,
    /// The job that the call started.
    pub work_request_id: Option<String>,
    /// There is another page.
    pub next_page: Option<String>,
    /// All headers.
    pub headers: HeaderMap,
    pub(crate) site: Box<CallSite>,
}

/// Speaks to OCI. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    queues: Queues,
    counter: AtomicU64,
}

impl Client {
    /// A client. Nothing is sent yet.
    pub fn new(config: ClientConfig) -> Self {
        let queues = Queues::new(config.pace);
        Self(Arc::new(Inner { config, queues, counter: AtomicU64::new(0) }))
    }

    /// The account that is called.
    pub fn tenancy_id(&self) -> &keyferry_ids::TenancyId {
        &self.0.config.credentials.tenancy_id
    }

    /// What sends.
    pub(crate) fn http(&self) -> &dyn HttpSend {
        self.0.config.http.as_ref()
    }

    /// The hosts that may be called.
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.config.endpoints
    }

    /// Calls an operation, again if that may help.
    ///
    /// # Errors
    /// If the request could not be sent, was not answered, or was refused; or if the answer can't be read.
    pub async fn call<O: Operation>(&self, call: Call<'_, O::Body>) -> Result<Reply<O::Reply>, Error> {
        let config = &self.0.config;
        let request = Prepared::new::<O>(self, &call)?;
        let started = config.clock.now();
        let mut queued = Duration::ZERO;
        let mut in_doubt = None;
        let mut number = 1;
        loop {
            let turn = self.0.queues.turn(request.site.region, &request.spec, config.clock.as_ref()).await;
            queued += turn.waited;
            let (error, retry_after) = match self.attempt(&request, number, call.max_reply, &turn).await {
                Ok(Answer { response, site }) if response.status().is_success() => {
                    return read::<O>(response, site);
                }
                Ok(Answer { response, site }) => (self.refusal(&response, site), retry_after(&response)),
                Err(error) => (error, None),
            };
            if error.is_throttled() {
                let asked = retry_after.map(|asked| asked.min(config.retry.longest_retry_after));
                turn.refused(config.clock.now(), asked);
            }
            let outcome = match &error {
                Error::Refused { status, code, .. } => Outcome::Answer { status: *status, code, retry_after },
                Error::NoAnswer { source, .. } => Outcome::NoAnswer(source),
                _ => return Err(error),
            };
            // A long queue is no fault of the service.
            let spent = since(started, config.clock.now()).saturating_sub(queued);
            let (repeatable, jitter) = (is_repeatable(&request.spec), self.jitter());
            match decide(&config.retry, Attempt { number, spent, repeatable, outcome, jitter }) {
                Decision::Wait(wait) => {
                    if error.is_in_doubt() {
                        in_doubt = Some(error);
                    }
                    config.clock.sleep(wait).await;
                    number += 1;
                }
                // "Nobody listens" after an attempt that may have been carried out must not sound like "not
                // done".
                Decision::GiveUp if error.is_unreachable() => return Err(in_doubt.unwrap_or(error)),
                Decision::GiveUp => return Err(error),
            }
        }
    }

    /// Signs afresh, because a date is only good for five minutes, and sends.
    async fn attempt(
        &self,
        prepared: &Prepared,
        number: u32,
        max_reply: usize,
        turn: &Turn,
    ) -> Result<Answer, Error> {
        let config = &self.0.config;
        let id = self.drawn::<16>("request").to_ascii_uppercase();
        let mut site = prepared.site.clone();
        let request = self.signed(prepared, &id).map_err(|source| not_sent(&site, source))?;
        let sent = config.clock.now();
        let answer = config.http.send(request, max_reply).await;
        let theirs = answer.as_ref().ok().and_then(|response| id_of(response.headers()));
        if let Some(observer) = &config.observer {
            let time = config.clock.now();
            observer.called(&CallRecord {
                operation: prepared.spec.name,
                region: site.region,
                method: prepared.spec.method.clone(),
                status: answer.as_ref().ok().map(|response| response.status().as_u16()),
                opc_request_id: theirs.clone(),
                time,
                attempt: number,
                path: SentPath::of(&prepared.uri),
                took: since(sent, time),
                waited: turn.waited,
            });
        }
        site.opc_request_id = theirs.or(Some(id));
        match answer {
            Ok(response) => Ok(Answer { response, site }),
            Err(source) => Err(Error::NoAnswer { site, source }),
        }
    }

    fn signed(&self, prepared: &Prepared, opc_request_id: &str) -> Result<Request<Bytes>, NotSent> {
        let config = &self.0.config;
        let now = config.clock.now();
        config.credentials.check(now)?;
        let mut request = Request::builder()
            .method(prepared.spec.method.clone())
            .uri(prepared.uri.clone())
            .header(DATE, http_date(now))
            .header(HOST, &prepared.host)
            .header(ACCEPT, "application/json")
            .header("opc-client-info", CLIENT_INFO)
            .header(headers::OPC_REQUEST_ID, opc_request_id);
        for (name, value) in &prepared.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(prepared.body.clone())?;
        signing::describe_body(&mut request, prepared.spec.body, prepared.content_type);
        signing::sign(
            &mut request,
            prepared.spec.body,
            config.credentials.key_id(),
            config.credentials.key(),
        )?;
        Ok(request)
    }

    /// What an answer that is not a success means.
    fn refusal(&self, response: &Response<Bytes>, site: Box<CallSite>) -> Error {
        let status = response.status();
        if status.is_redirection() || status.is_informational() {
            return Error::Unexpected { site, what: format!("status {}", status.as_u16()) };
        }
        let ServiceError { code, message } = service_error(response);
        if status.as_u16() != 401 {
            return Error::Refused { site, status: status.as_u16(), code, message };
        }
        let theirs = text(response.headers(), DATE.as_str()).and_then(|date| parse_http_date(&date));
        match theirs.map(|theirs| self.0.config.clock.now().duration_since(theirs)) {
            Some(by) if by.as_secs().abs() > SKEW_SECONDS => Error::ClockSkew { site, by },
            _ => Error::NotAuthenticated { site, message },
        }
    }

    /// Hexadecimal digits that no other call of this client gets.
    fn drawn<const N: usize>(&self, purpose: &str) -> String {
        let number = self.0.counter.fetch_add(1, Ordering::Relaxed);
        hex::encode(self.0.config.seed.bytes::<N>(&format!("{purpose} {number}")))
    }

    /// 0 to 1.
    fn jitter(&self) -> f64 {
        let number = self.0.counter.fetch_add(1, Ordering::Relaxed);
        f64::from(u32::from_be_bytes(self.0.config.seed.bytes(&format!("jitter {number}"))))
            / f64::from(u32::MAX)
    }
}

struct Answer {
    response: Response<Bytes>,
    site: Box<CallSite>,
}

/// The parts of a request that are the same in all attempts.
struct Prepared {
    spec: Spec,
    site: Box<CallSite>,
    uri: http::Uri,
    host: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    content_type: &'static str,
    body: Bytes,
}

impl Prepared {
    fn new<O: Operation>(client: &Client, call: &Call<'_, O::Body>) -> Result<Self, Error> {
        let spec = O::SPEC;
        let region = call.place.region();
        let compartment =
            || call.query.iter().find(|(name, _)| *name == "compartmentId").map(|(_, id)| id.as_str());
        let subject = call.subject.or(call.names.last().copied()).or_else(compartment).map(shown);
        let site =
            CallSite { operation: spec.name, plane: spec.plane, region, subject, opc_request_id: None };
        let site = Box::new(site);
        let fail = |source| not_sent(&site, source);
        let endpoints = client.endpoints();
        let base: Base = match call.place {
            Place::Region(region) => endpoints.regional(spec.plane, region).map_err(fail)?,
            Place::Vault { region, endpoint } => {
                endpoints.check(region).map_err(fail)?;
                endpoints.of_vault(region, endpoint).map_err(|foreign| Error::ForeignHost {
                    site: site.clone(),
                    host: foreign.host,
                    because: foreign.because,
                })?
            }
        };
        let path = fill(spec.path, call.names).map_err(|e| fail(e.into()))?;
        let uri = base.uri(&path, &encode_query(call.query)).map_err(|e| fail(e.into()))?;
        let body = call.body.encode().map_err(|e| fail(NotSent::Body(e)))?;
        let value = |text: &str| HeaderValue::from_str(text).map_err(|e| fail(http::Error::from(e).into()));
        let mut headers = Vec::new();
        for (name, text) in call.headers {
            headers.push((name.clone(), value(text)?));
        }
        if spec.retry_token {
            let token = call.retry_token.map_or_else(|| client.drawn::<15>("retry token"), str::to_owned);
            headers.push((HeaderName::from_static(headers::OPC_RETRY_TOKEN), value(&token)?));
        }
        let (host, content_type) = (base.authority().to_owned(), <O::Body as Payload>::CONTENT_TYPE);
        Ok(Self { spec, uri, host, headers, content_type, body, site })
    }
}

fn not_sent(site: &CallSite, source: NotSent) -> Error {
    Error::NotSent { site: Box::new(site.clone()), source }
}

/// Methods that OCI defines as idempotent, POSTs with a retry token, crypto calls, which change nothing, and copies,
/// which we never let overwrite anything.
fn is_repeatable(spec: &Spec) -> bool {
    let is_harmless = spec.plane == Plane::Crypto || spec.name == OperationName::CopyObject;
    spec.method != Method::POST || spec.retry_token || is_harmless
}

fn read<O: Operation>(response: Response<Bytes>, site: Box<CallSite>) -> Result<Reply<O::Reply>, Error> {
    let body = match O::Reply::decode(response.body()) {
        Ok(body) => body,
        Err(error) => {
            // serde repeats odd values, and those of the crypto plane may be secrets.
            let place = format!("line {} column {}", error.line(), error.column());
            let problem = if site.plane == Plane::Crypto { place } else { shown(&error.to_string()) };
            return Err(Error::Decode { site, field: "body", problem });
        }
    };
    let headers = response.into_parts().0.headers;
    Ok(Reply {
        body,
        etag: text(&headers, headers::ETAG),
        opc_request_id: id_of(&headers),
        work_request_id: text(&headers, headers::OPC_WORK_REQUEST_ID),
        // Oracle's SDKs take an empty one for "more" and loop for ever.
        next_page: text(&headers, headers::OPC_NEXT_PAGE).filter(|page| !page.is_empty()),
        headers,
        site,
    })
}

/// The error document; other bodies become the message, as in Oracle's SDKs.
fn service_error(response: &Response<Bytes>) -> ServiceError {
    match serde_json::from_slice::<ServiceError>(response.body()) {
        Ok(error) => ServiceError { code: shown(&error.code), message: shown(&error.message) },
        Err(_) => {
            let body = shown(&String::from_utf8_lossy(response.body()));
            let reason = response.status().canonical_reason().unwrap_or("no reason given");
            ServiceError {
                code: String::new(),
                message: if body.is_empty() { reason.to_owned() } else { body },
            }
        }
    }
}

/// Nothing if the clock was turned back.
fn since(then: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}

fn retry_after(response: &Response<Bytes>) -> Option<Duration> {
    text(response.headers(), headers::RETRY_AFTER)?.parse().ok().map(Duration::from_secs)
}

/// The service's id of the call, cut to what such an id can be.
fn id_of(headers: &HeaderMap) -> Option<String> {
    text(headers, headers::OPC_REQUEST_ID).map(|id| id.chars().take(200).collect())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
pub(crate) mod tests;
