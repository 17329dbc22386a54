//! The program with a network that breaks at one call and has all of it on its lips: `panic` dies quoting the request,
//! `quote` answers with an error that repeats it. What comes of that may not be printed.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use keyferry_oci::Reqwest;
use keyferry_seams::{BoxFuture, HttpSend, NoAnswer};
use keyferry_tests::block_on;

#[derive(Debug)]
struct Talkative {
    network: Reqwest,
    /// In the path of the call.
    at: String,
    dies: bool,
}

impl HttpSend for Talkative {
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>> {
        if !request.uri().path().contains(&self.at) {
            return self.network.send(request, max_reply);
        }
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let quoted = format!("{body} {} {:?}", request.uri(), request.headers());
        assert!(!self.dies, "could not send {quoted}");
        let body = serde_json::json!({"code": "InvalidParameter", "message": format!("can't read {quoted}")});
        let answer = http::Response::builder().status(400).body(Bytes::from(body.to_string()));
        Box::pin(async move { Ok(answer.expect("an answer")) })
    }
}

/// `crash panic|loud-panic|quote PATH ARGUMENTS...`; only `loud-panic` is without the program's own manners.
fn main() -> ExitCode {
    let mut arguments = env::args_os();
    let (program, manner, at) = (arguments.next(), arguments.next(), arguments.next());
    let manner = manner.and_then(|word| word.into_string().ok()).expect("how to break");
    let at = at.and_then(|word| word.into_string().ok()).expect("where to break");
    if manner != "loud-panic" {
        keyferry_cli::hush_panics();
    }
    let http = Talkative { network: Reqwest::new(), at, dies: manner != "quote" };
    let world =
        keyferry_cli::World { http: Some(Arc::new(http)), ..keyferry_cli::World::real().expect("a machine") };
    ExitCode::from(block_on(keyferry_cli::run(program.into_iter().chain(arguments).collect(), world)))
}
