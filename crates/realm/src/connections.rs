//! Connections: who listens where, and how answers go out, also when they shall not arrive.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use keyferry_seams::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::realm::LARGEST_BODY;
use crate::tls::Tls;

/// A body that goes on longer than this is not even read to its end before the answer.
const LONGEST_DRAIN: usize = 16 * LARGEST_BODY;

/// What answers on a port. Boxed, because answering may open another port, on which there is an answer too.
pub(crate) trait Service: Send + Sync + fmt::Debug {
    /// `None` closes the connection without an answer.
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> BoxFuture<'static, Option<Response<Outgoing>>>;

    /// A connection has ended.
    fn ended(&self) {}
}

/// The body of an answer, which may break off in the middle.
#[derive(Debug)]
pub(crate) struct Outgoing {
    rest: Option<Bytes>,
    is_broken: bool,
    /// So that the first half is on its way before the connection breaks.
    is_flushed: bool,
}

impl From<Bytes> for Outgoing {
    fn from(bytes: Bytes) -> Self {
        Self { rest: Some(bytes).filter(|bytes| !bytes.is_empty()), is_broken: false, is_flushed: false }
    }
}

impl Outgoing {
    /// Half of a body.
    pub(crate) fn broken(mut bytes: Bytes) -> Self {
        bytes.truncate(bytes.len() / 2);
        Self { is_broken: true, ..bytes.into() }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Silence;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Silence>>> {
        if let Some(bytes) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.is_broken {
            return Poll::Ready(None);
        }
        if !self.is_flushed {
            self.is_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Silence)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && !self.is_broken
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            _ if self.is_broken => SizeHint::default(),
            rest => SizeHint::with_exact(rest.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}

/// Ends a connection without an answer, or before the end of one.
#[derive(Debug, thiserror::Error)]
#[error("no answer is given")]
pub(crate) struct Silence;

/// Listens on a port of the loopback interface; 0 for a free one.
pub(crate) async fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// Takes connections until aborted, and takes them along then: a lost region does not finish sentences.
pub(crate) async fn accept(listener: TcpListener, tls: Option<Tls>, service: Arc<dyn Service>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (tls, service) = (tls.clone(), service.clone());
                    connections.spawn(async move {
                        match tls {
                            None => converse(stream, service).await,
                            // Who does not speak TLS is not spoken to.
                            Some(tls) => if let Ok(stream) = tls.0.accept(stream).await {
                                converse(stream, service).await;
                            },
                        }
                    });
                }
                // Out of descriptors, most likely: some may be free after another connection has ended.
                Err(_) => drop(connections.join_next().await),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse<S>(stream: S, service: Arc<dyn Service>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let answer = service_fn(|request| async { service.clone().answer(request).await.ok_or(Silence) });
    // A connection that breaks is the client's business.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await);
    service.ended();
}

/// Reads a whole body before anything is answered: clients that are answered early fail on their own write.
/// Of one that is too long, one byte more than allowed is kept, so that it will be refused.
pub(crate) async fn whole(body: Incoming, limit: usize) -> Option<Bytes> {
    let (mut kept, mut seen, mut body) = (BytesMut::new(), 0_usize, body);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            seen = seen.saturating_add(data.len());
            if seen > LONGEST_DRAIN.max(limit) {
                return None;
            }
            let room = (limit + 1).saturating_sub(kept.len());
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Some(kept.freeze())
}

/// The base URL of a loopback port. Clients refuse IPv6 literals, and a slash at the end.
pub(crate) fn url(is_tls: bool, port: u16) -> String {
    format!("{}://127.0.0.1:{port}", if is_tls { "https" } else { "http" })
}
