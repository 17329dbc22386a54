//! Signed requests to send later: whatever Keyferry's client would have sent, caught on its way out.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, Uri};
use keyferry_oci::{Client, RetryPolicy};
use keyferry_realm::ReadyLine;
use keyferry_seams::{BoxFuture, HttpSend, NoAnswer};
use keyferry_tests::{block_on, client};

#[derive(Debug, Default)]
struct Caught(Mutex<Vec<Request<Bytes>>>);

impl HttpSend for Caught {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<Response<Bytes>, NoAnswer>> {
        self.0.lock().expect("nobody panicked here").push(request);
        Box::pin(async { Err(NoAnswer::Unreachable) })
    }
}

/// What the client sends in `calls`, in the form that goes over a connection, and where to.
pub(crate) fn caught(
    ready: &ReadyLine,
    calls: impl AsyncFnOnce(Client),
) -> (SocketAddr, Vec<Request<Bytes>>) {
    let caught = Arc::new(Caught::default());
    block_on(calls(client(ready, caught.clone(), RetryPolicy::never())));
    let mut requests = std::mem::take(&mut *caught.0.lock().expect("nobody panicked here"));
    let authority = requests.first().and_then(|request| request.uri().authority().cloned());
    let address = authority.and_then(|authority| authority.as_str().parse().ok()).expect("an address");
    for request in &mut requests {
        let target = request.uri().path_and_query().cloned().expect("a target");
        *request.uri_mut() = Uri::from(target);
    }
    (address, requests)
}
