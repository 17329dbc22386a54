//! The load: a number of connections, each with one request under way at any time.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::figures::{median, percentile};

pub(crate) const CONNECTIONS: usize = 16;

/// A server, and requests to ask of it in turn, over and over.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Complete, with a host header; targets without scheme and host.
    pub(crate) requests: Rc<[Request<Bytes>]>,
    /// No good answer is shorter than this.
    pub(crate) shortest_answer: usize,
}

/// What came of a round of load, or the medians of several.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Answers per second.
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Load {
    pub(crate) fn median(rounds: &[Self]) -> Self {
        Self {
            rate: median(rounds.iter().map(|round| round.rate)),
            p50: median(rounds.iter().map(|round| round.p50)),
            p99: median(rounds.iter().map(|round| round.p99)),
        }
    }
}

/// A connection that is made again when the server closes it.
struct Connection {
    address: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    async fn ready(&mut self) -> &mut SendRequest<Full<Bytes>> {
        let is_open = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !is_open {
            let stream = TcpStream::connect(self.address).await.expect("the server listens");
            stream.set_nodelay(true).expect("a TCP option");
            let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
            // Its end is seen at the next request.
            tokio::spawn(async { drop(connection.await) });
            self.sender = Some(sender);
        }
        self.sender.as_mut().expect("just made")
    }

    async fn ask(&mut self, request: &Request<Bytes>) -> (u16, Bytes) {
        let sender = self.ready().await;
        let answer = sender.send_request(request.clone().map(Full::new)).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.into_body().collect().await.expect("a whole answer").to_bytes())
    }
}

/// Asks once and gives status and body.
pub(crate) async fn ask(address: SocketAddr, request: &Request<Bytes>) -> (u16, Bytes) {
    Connection { address, sender: None }.ask(request).await
}

/// Asks for as long as that over all connections. Any answer but a good one ends everything.
pub(crate) async fn round(target: &Target, length: Duration) -> Load {
    let started = Instant::now();
    let mut connections = JoinSet::new();
    let local = LocalSet::new();
    for first in 0..CONNECTIONS {
        let target = target.clone();
        connections.spawn_local_on(connection(target, first, started + length), &local);
    }
    let mut times: Vec<Duration> =
        local.run_until(connections.join_all()).await.into_iter().flatten().collect();
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    Load { rate, p50: percentile(&mut times, 0.5), p99: percentile(&mut times, 0.99) }
}

async fn connection(target: Target, first: usize, until: Instant) -> Vec<Duration> {
    let mut connection = Connection { address: target.address, sender: None };
    let mut times = Vec::new();
    for request in target.requests.iter().cycle().skip(first * target.requests.len() / CONNECTIONS) {
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        let (status, body) = connection.ask(request).await;
        times.push(asked.elapsed());
        let is_good = status == 200 && body.len() >= target.shortest_answer;
        assert!(is_good, "{status} {}", String::from_utf8_lossy(&body));
    }
    times
}
