//! What goes where: results, messages, questions, events, and an end before the end.

use std::io::{self, Cursor, Write};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use keyferry_cli::Terminal;
use keyferry_seams::{BoxFuture, HttpSend, NoAnswer};
use serde_json::Value;

use crate::stage::{Stage, fra};

#[tokio::test]
async fn results_go_to_standard_output_and_messages_to_standard_error() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let ran = stage.run("backup payments --bucket saves").await.exits(0);
    assert!(ran.out.starts_with("Backup\n"), "{}", ran.out);
    assert!(
        ran.err.contains("ssh-ed25519 AAAA"),
        "the public half of a new signing key is told: {}",
        ran.err
    );
    assert!(ran.err.contains("[10/10] publish bundle"), "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "no colour without a terminal");
    let quiet = stage.run("backup payments --bucket saves -q").await.exits(0);
    assert_eq!(quiet.err, "");
    let coloured = stage.run("inventory --color always").await.exits(0);
    assert!(coloured.out.contains('\u{1b}'));
}

#[tokio::test]
async fn events_end_with_a_summary_even_after_a_failure() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let events = |out: &str| -> Vec<Value> {
        out.lines().map(|line| serde_json::from_str(line).expect("one document a line")).collect()
    };
    let good = events(&stage.run("backup payments --bucket saves -o jsonl").await.exits(0).out);
    let last = good.last().expect("a summary");
    assert_eq!((&last["type"], &last["state"]), (&"summary".into(), &"done".into()));
    assert!(last["run_id"].is_string());
    assert!(good.iter().all(|event| event["schema"] == "keyferry.event"));
    let bad = events(&stage.run("backup nothing --bucket saves -o jsonl").await.exits(10).out);
    let kinds: Vec<_> = bad.iter().rev().take(2).map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["summary", "error"]);
}

#[tokio::test]
async fn a_person_at_a_terminal_is_asked_and_can_say_no() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let copies = stage.store("copies", fra());
    stage.run(&format!("backup payments --bucket saves --copy-to {copies}")).await.exits(0);
    stage.run(&format!("--store {copies} restore plan latest --into fra --out /plan")).await.exits(0);
    let terminal = Terminal { stdin: true, stderr: true, ..Terminal::default() };
    let answer = |text: &'static str| {
        move |world: &mut keyferry_cli::World| {
            world.terminal = terminal;
            world.stdin = Box::new(Cursor::new(text));
        }
    };
    let declined = stage.run_with("restore apply /plan -q", answer("n\n")).await.exits(130);
    assert!(declined.err.contains("into eu-frankfurt-1? Plan "), "{}", declined.err);
    stage.run_with("restore apply /plan -q --no-input", answer("y\n")).await.exits(2);
    stage.run_with("restore apply /plan -q", answer("y\n")).await.exits(0);
}

/// A reader that has seen enough.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file system without room.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
    let stage = Stage::new().await;
    let closed = stage.run_with("explain KF-1001", |world| world.stdout = Box::new(Closed)).await.exits(0);
    assert_eq!(closed.err, "");
    let full = stage.run_with("explain KF-1001", |world| world.stdout = Box::new(Full)).await.exits(1);
    assert!(full.err.contains("KF-1002"), "{}", full.err);
}

/// Lets everything through but the backup itself, which is never answered.
#[derive(Debug)]
struct NeverBacksUp(Arc<dyn HttpSend>);

impl HttpSend for NeverBacksUp {
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, NoAnswer>> {
        if request.uri().path().ends_with("/actions/backup") {
            return Box::pin(std::future::pending());
        }
        self.0.send(request, max_reply)
    }
}

#[tokio::test]
async fn an_interrupted_run_says_where_its_journal_is() {
    let stage = Stage::new().await;
    stage.vault("payments").await;
    let http = Arc::new(NeverBacksUp(Arc::clone(&stage.http) as Arc<dyn HttpSend>));
    let interrupt = |world: &mut keyferry_cli::World| {
        world.http = Some(http);
        world.interrupt = std::future::ready(()).boxed().shared();
    };
    let ran = stage.run_with("backup payments --bucket saves -o jsonl", interrupt).await.exits(130);
    let last = ran.out.lines().last().expect("a summary");
    assert!(last.contains("\"type\":\"summary\""), "{last}");
    let journal = format!(
        "/state/runs/{}/journal.jsonl",
        serde_json::from_str::<Value>(last).expect("JSON")["run_id"].as_str().expect("a run")
    );
    assert!(ran.err.contains(&journal), "{}", ran.err);
    assert!(keyferry_seams::Disk::read(stage.disk.as_ref(), journal.as_ref(), 1 << 20).is_ok());
}

#[tokio::test]
async fn wrong_lines_are_explained_in_the_form_asked_for() {
    let stage = Stage::new().await;
    let plain = stage.run("backup").await.exits(2);
    assert!(plain.err.contains("--bucket"), "{}", plain.err);
    let json = stage.run("backup -o json").await.exits(2);
    assert_eq!(json.error()["code"], "KF-1001");
    assert_eq!(stage.run("list -o csv").await.exits(2).out, "");
    assert!(stage.run("--help").await.exits(0).out.contains("130  interrupted"));
    let without = stage.run("list").await.exits(2);
    assert!(without.err.contains("--store"), "{}", without.err);
}
