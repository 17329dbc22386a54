//! The network: one exchange over HTTP/1.1, no redirects, bounded in time and size.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use keyferry_seams::{BoxFuture, HttpSend, NoAnswer};
use reqwest::{Certificate, Client, redirect};
use tokio::sync::Semaphore;

/// Time to connect, as Oracle's SDKs have it.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection that was not needed for so long is closed. Keys are asked in bursts, and each leaves many behind.
const IDLE: Duration = Duration::from_secs(10);
/// Time for a whole exchange.
const TOTAL: Duration = Duration::from_secs(60);

/// Exchanges at the same time. Each may need a connection, and many systems allow a process 1,024 open files.
const AT_ONCE: usize = 128;

/// Sends over the network. Clients are built when first needed: without certificate files on the machine the
/// one for https can't be built, but a realm on loopback needs none.
#[derive(Debug)]
pub struct Reqwest {
    authority: Option<Vec<u8>>,
    at_once: Semaphore,
    remote: OnceLock<Option<Client>>,
    loopback: OnceLock<Option<Client>>,
    plain_loopback: OnceLock<Option<Client>>,
}

impl Default for Reqwest {
    fn default() -> Self {
        Self::new()
    }
}

impl Reqwest {
    /// Nothing is opened or read yet.
    pub fn new() -> Self {
        Self {
            authority: None,
            at_once: Semaphore::new(AT_ONCE),
            remote: OnceLock::new(),
            loopback: OnceLock::new(),
            plain_loopback: OnceLock::new(),
        }
    }

    /// Trusts one more authority (PEM), on loopback only: an embedded realm's own.
    #[must_use]
    pub fn trusting(authority: Vec<u8>) -> Self {
        Self { authority: Some(authority), ..Self::new() }
    }

    /// With an authority of its own, nothing of the machine is needed.
    fn loopback(&self) -> reqwest::Result<Client> {
        match &self.authority {
            Some(pem) => builder().no_proxy().tls_certs_only([Certificate::from_pem(pem)?]).build(),
            None => builder().no_proxy().build(),
        }
    }

    fn client_for(&self, uri: &http::Uri) -> Result<&Client, NoAnswer> {
        let is_plain = uri.scheme_str() == Some("http");
        let client = match (is_loopback(uri.host().unwrap_or_default()), is_plain) {
            (true, true) => {
                self.plain_loopback.get_or_init(|| builder().no_proxy().tls_certs_only([]).build().ok())
            }
            (true, false) => self.loopback.get_or_init(|| self.loopback().ok()),
            (false, _) => self.remote.get_or_init(|| builder().https_only(true).build().ok()),
        };
        client
            .as_ref()
            .ok_or_else(|| NoAnswer::Broken("no TLS: the machine has no certificate files".to_owned()))
    }
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("Keyferry/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .timeout(TOTAL)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl HttpSend for Reqwest {
    #[expect(clippy::disallowed_methods, reason = "the one implementation that opens connections")]
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>> {
        Box::pin(async move {
            // It is never closed, so this only ever waits.
            let _permit = self.at_once.acquire().await;
            let client = self.client_for(request.uri())?;
            let request = reqwest::Request::try_from(request).map_err(|e| no_answer(&e))?;
            let mut answer = client.execute(request).await.map_err(|e| no_answer(&e))?;
            let mut body = BytesMut::new();
            while let Some(chunk) = answer.chunk().await.map_err(|e| no_answer(&e))? {
                if body.len().saturating_add(chunk.len()) > max_reply {
                    return Err(NoAnswer::TooLarge { limit: max_reply });
                }
                body.extend_from_slice(&chunk);
            }
            let mut response = http::Response::new(body.freeze());
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response)
        })
    }
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

fn source_of<'a>(cause: &Cause<'a>) -> Option<Cause<'a>> {
    (*cause).source()
}

/// reqwest's own text names the URL, which may be a pre-authenticated request: only the causes are told.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let causes: Vec<_> = std::iter::successors(error.source(), source_of).collect();
    let deepest = causes.last().map(ToString::to_string).unwrap_or_default();
    // rustls wraps its verdicts in this kind; a wrong certificate is not an absent region.
    let is_verdict = |io: &std::io::Error| io.kind() == std::io::ErrorKind::InvalidData;
    let is_tls = causes.iter().any(|cause| cause.downcast_ref().is_some_and(is_verdict));
    if is_tls && error.is_connect() {
        NoAnswer::Broken(format!("TLS: {deepest}"))
    } else if error.is_connect() {
        NoAnswer::Unreachable
    } else if error.is_timeout() {
        NoAnswer::TimedOut
    } else {
        NoAnswer::Broken(deepest)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one connection with the given bytes and returns what it was asked.
    async fn ask(
        answer: &'static str,
        max_reply: usize,
    ) -> (Result<http::Response<Bytes>, NoAnswer>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).expect("a request");
            stream.write_all(answer.as_bytes()).expect("answered");
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let request = http::Request::get(format!("http://127.0.0.1:{port}/p/s3cr3t/n/o%2Fx?a=b%20c"))
            .body(Bytes::new())
            .expect("a request");
        let answer = Reqwest::new().send(request, max_reply).await;
        (answer, server.join().expect("served"))
    }

    #[tokio::test]
    async fn the_request_travels_unchanged_and_a_redirect_is_an_answer() {
        let (answer, asked) =
            ask("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nhi", 2)
                .await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (302, &b"hi"[..]));
        assert!(asked.starts_with("GET /p/s3cr3t/n/o%2Fx?a=b%20c HTTP/1.1\r\n"), "{asked}");
        assert!(asked.to_lowercase().contains("user-agent: keyferry/"), "{asked}");
    }

    #[tokio::test]
    async fn reading_stops_at_the_limit() {
        let (answer, _) = ask("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi!", 2).await;
        assert_eq!(answer.expect_err("too long"), NoAnswer::TooLarge { limit: 2 });
    }

    #[tokio::test]
    async fn a_broken_answer_is_told_without_the_url() {
        let (answer, _) = ask("HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\nhi!", 100).await;
        let error = answer.expect_err("cut off");
        assert!(matches!(error, NoAnswer::Broken(_)), "{error}");
        assert!(!error.to_string().contains("s3cr3t") && !error.to_string().contains("127.0.0.1"), "{error}");
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable_and_plain_http_stays_on_loopback() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let send = |url: String| {
            let request = http::Request::get(url).body(Bytes::new()).expect("a request");
            async move { Reqwest::new().send(request, 10).await.expect_err("no answer") }
        };
        assert_eq!(send(format!("http://127.0.0.1:{port}/")).await, NoAnswer::Unreachable);
        assert!(matches!(send("http://192.0.2.1/".to_owned()).await, NoAnswer::Broken(_)));
    }
}
