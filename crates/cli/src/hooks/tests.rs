//! Real programs in real time, and a watcher that is a listener of this process.

use std::io::{Cursor, Read as _, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use clap::Parser as _;
use futures_util::FutureExt as _;
use keyferry_report::Style;
use keyferry_seams::{BoxFuture, HttpSend, MemoryDisk, NoAnswer, Seed, VirtualClock};
use serde_json::json;

use super::*;
use crate::app::{App, Output};
use crate::failure::CliError;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Own;

#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Stream {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("not poisoned")).into_owned()
    }
}

/// Gives the answers in turn, and notes what was asked.
#[derive(Debug, Default)]
struct Watcher {
    answers: Mutex<Vec<Result<u16, NoAnswer>>>,
    asked: Mutex<Vec<http::Request<Bytes>>>,
}

impl HttpSend for Watcher {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>> {
        self.asked.lock().expect("not poisoned").push(request);
        let answer = self.answers.lock().expect("not poisoned").remove(0);
        let response = answer.map(|status| {
            let mut response = http::Response::new(Bytes::new());
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            response
        });
        Box::pin(std::future::ready(response))
    }
}

impl Watcher {
    fn answering(answers: &[Result<u16, NoAnswer>]) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.to_vec()), asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }
}

fn on(http: Option<Arc<dyn HttpSend>>, err: &Stream) -> Invocation {
    let clock = Arc::new(VirtualClock::new("2026-11-24T06:00:00Z".parse().expect("a time")));
    let streams = (Box::new(Stream::default()) as _, Box::new(err.clone()) as _);
    let printer = Arc::new(Printer::new(streams, Output::Text, false, (Style::PLAIN, Style::PLAIN)));
    let progress = Progress::new(Arc::clone(&printer), clock.clone(), false, 0);
    let env =
        [("PATH", "/usr/bin:/bin"), ("HOME", "/nowhere"), ("LANG", "C"), ("OCI_CLI_PASSPHRASE", "s3cr3t")];
    Invocation {
        globals: App::try_parse_from(["keyferry", "list"]).expect("a good line").globals,
        own: Own::default(),
        printer,
        progress: Arc::new(progress),
        clock,
        disk: Arc::new(MemoryDisk::default()),
        seed: Seed::from_number(1),
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        http,
        interrupt: (Box::pin(std::future::pending()) as BoxFuture<'static, ()>).shared(),
        stdin: Mutex::new(Box::new(Cursor::new(Vec::new()))),
        can_ask: false,
    }
}

fn policy(value: serde_json::Value) -> Policy {
    serde_json::from_value(value).expect("a policy")
}

const DONE: &[u8] = br#"{"backups":[{"vault_name":"; touch pwned; $(id) `id`"}]}"#;

#[tokio::test]
async fn a_hook_gets_its_words_as_they_are_and_the_result_on_its_input() {
    let err = Stream::default();
    let argv = ["printf", "%s|", "; touch pwned", "$(id)", "`id`", "a  b", "*", "$HOME"];
    let policy = policy(json!({"hooks": {"success": argv, "always": ["cat"]}}));
    let ended = after(&on(None, &err), "nightly", &policy, Ok(Outcome::Done), DONE).await;
    assert_eq!(ended.map_err(|failure| failure.code()), Ok(Outcome::Done));
    let said = err.text();
    assert!(said.contains("success hook: ; touch pwned|$(id)|`id`|a  b|*|$HOME|"), "{said}");
    assert!(
        said.contains(r#"always hook: {"backups":[{"vault_name":"; touch pwned; $(id) `id`"}]}"#),
        "{said}"
    );
}

#[tokio::test]
async fn a_hook_knows_what_came_of_the_backup_and_little_else() {
    let declined = || Err(CliError::NoVaults.into());
    for (result, outcome, code) in [
        (Ok(Outcome::Done), "ok", "0"),
        (Ok(Outcome::Partly), "partial", "3"),
        (Ok(Outcome::Flawed(Code::UnsavedParts)), "partial", "3"),
        (Ok(Outcome::Flawed(Code::Lockout)), "failed", "6"),
        (declined(), "failed", "10"),
    ] {
        let err = Stream::default();
        let policy = policy(json!({"hooks": {"always": ["env"]}}));
        let _ = after(&on(None, &err), "nightly", &policy, result, DONE).await;
        let said = err.text();
        let mut told: Vec<_> =
            said.lines().filter_map(|line| line.split_once("always hook: ").map(|(_, told)| told)).collect();
        told.sort_unstable();
        let (outcome, code) = (format!("KEYFERRY_OUTCOME={outcome}"), format!("KEYFERRY_EXIT_CODE={code}"));
        let expected = [
            "HOME=/nowhere",
            code.as_str(),
            outcome.as_str(),
            "KEYFERRY_POLICY=nightly",
            "KEYFERRY_RUN_ID=",
            "LANG=C",
            "PATH=/usr/bin:/bin",
        ];
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn failure_has_a_hook_of_its_own_and_reads_the_error() {
    let err = Stream::default();
    let hooks = json!({"hooks": {"success": ["echo", "all is well"], "failure": ["cat"]}});
    let ended = after(&on(None, &err), "nightly", &policy(hooks), Err(CliError::NoVaults.into()), b"").await;
    assert_eq!(ended.map_err(|failure| failure.code()), Err(Code::NotFound), "as it was");
    let said = err.text();
    assert!(said.contains("failure hook: {") && said.contains("KF-1201"), "{said}");
    assert!(!said.contains("all is well"), "{said}");
}

#[tokio::test]
async fn a_hook_that_fails_makes_a_good_backup_partial_and_leaves_a_bad_one_as_it_is() {
    for program in ["false", "/nowhere/notify"] {
        for (result, expected) in [
            (Ok(Outcome::Done), Ok(Outcome::Partly)),
            (Ok(Outcome::Flawed(Code::Lockout)), Ok(Outcome::Flawed(Code::Lockout))),
            (Err(CliError::NoVaults.into()), Err(Code::NotFound)),
        ] {
            let err = Stream::default();
            let policy = policy(json!({"hooks": {"always": [program]}}));
            let ended = after(&on(None, &err), "nightly", &policy, result, DONE).await;
            assert_eq!(ended.map_err(|failure| failure.code()), expected);
            let said = err.text();
            let expected = format!("warning[KF-2108]: the always hook of policy nightly ({program}) ");
            assert!(said.contains(&expected), "{said}");
        }
    }
}

async fn shell(script: &str, input: &[u8], limit: Duration) -> program::Ran {
    let arguments = ["-c".to_owned(), script.to_owned()];
    program::run("/bin/sh", &arguments, &BTreeMap::new(), input, limit).await
}

#[tokio::test]
async fn a_hook_is_bounded_in_time_and_in_what_it_says() {
    let ran = shell("echo begun; exec sleep 600", b"", Duration::from_millis(300)).await;
    assert!(ran.trouble.is_some_and(|trouble| trouble.contains("was stopped")));
    assert_eq!(ran.said, "begun\n", "what it said is kept");
    // More than any pipe holds, in both directions, and nobody waits for the other.
    let input = vec![b'x'; 1 << 20];
    let ran = shell("head -c 1000000 /dev/zero | tr '\\0' y; echo z >&2", &input, LIMIT).await;
    assert_eq!(ran.trouble, None);
    assert_eq!((ran.said.len(), ran.said.ends_with("yz\n")), ((8 << 10) + 2, true));
    let ran = shell("sleep 600 & echo left something behind; exit 4", b"", LIMIT).await;
    assert_eq!(ran.said, "left something behind\n");
    assert_eq!(ran.trouble.as_deref(), Some("failed: exit status: 4"));
}

#[tokio::test]
async fn a_watcher_hears_of_success_and_failure_under_two_addresses() {
    for (result, asked) in [
        (Ok(Outcome::Done), "GET https://hc.example/t0k3n"),
        (Ok(Outcome::Partly), "GET https://hc.example/t0k3n/fail"),
        (Err(CliError::NoVaults.into()), "GET https://hc.example/t0k3n/fail"),
    ] {
        let (err, watcher) = (Stream::default(), Watcher::answering(&[Ok(200)]));
        let policy = policy(json!({"heartbeat": "https://hc.example/t0k3n"}));
        let _ = after(&on(Some(watcher.clone()), &err), "nightly", &policy, result, DONE).await;
        assert_eq!(watcher.asked(), [asked]);
        assert!(
            watcher.asked.lock().expect("not poisoned")[0].headers().is_empty(),
            "nothing says who we are"
        );
        assert_eq!(err.text(), "");
    }
}

#[tokio::test]
async fn a_watcher_that_does_not_listen_is_a_warning_without_its_address() {
    for (answers, tries, trouble) in [
        (vec![Err(NoAnswer::Unreachable); 3], 3, Some("was not heard: connection refused")),
        (vec![Ok(503), Err(NoAnswer::TimedOut), Ok(204)], 3, None),
        (vec![Ok(404)], 1, Some("was refused: 404")),
        (vec![Ok(302)], 1, Some("was refused: 302")),
    ] {
        let (err, watcher) = (Stream::default(), Watcher::answering(&answers));
        let policy = policy(json!({"heartbeat": "https://hc.example/t0k3n"}));
        let ended =
            after(&on(Some(watcher.clone()), &err), "nightly", &policy, Ok(Outcome::Done), DONE).await;
        assert_eq!(
            ended.map_err(|failure| failure.code()),
            Ok(Outcome::Done),
            "the backup is good all the same"
        );
        assert_eq!(watcher.asked().len(), tries);
        let said = err.text();
        match trouble {
            None => assert_eq!(said, ""),
            Some(trouble) => {
                let expected = format!("the heartbeat of policy nightly at https://hc.example/… {trouble}");
                assert!(said.contains(&expected) && !said.contains("t0k3n"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn a_watcher_on_the_network_sees_one_plain_request() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK").expect("answered");
        String::from_utf8_lossy(&asked[..length]).to_lowercase()
    });
    let err = Stream::default();
    let policy = policy(json!({"heartbeat": format!("http://127.0.0.1:{port}/t0k3n?rid=7")}));
    let ended = after(&on(None, &err), "nightly", &policy, Ok(Outcome::Partly), DONE).await;
    assert_eq!(ended.map_err(|failure| failure.code()), Ok(Outcome::Partly));
    let asked = server.join().expect("served");
    assert!(asked.starts_with("get /t0k3n/fail?rid=7 http/1.1\r\n"), "{asked}");
    assert!(!asked.contains("authorization"), "{asked}");
    assert_eq!(err.text(), "");
}
