//! Progress as it happens: a bar on a terminal, one line per change elsewhere, events for machines.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressDrawTarget, ProgressStyle};
use keyferry_core::{Code, Event, EventKind, Observer};
use keyferry_ids::short;
use keyferry_oci::{CallRecord, Observe, without_tokens};
use keyferry_report::{Line, event_line};
use keyferry_seams::{Clock, Disk};

use crate::app::Output;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::printer::Printer;

/// Who is told of events and calls.
#[derive(Debug)]
pub(crate) struct Progress {
    printer: Arc<Printer>,
    clock: Arc<dyn Clock>,
    has_bar: bool,
    verbosity: u8,
    run_id: Mutex<Option<String>>,
    log: Option<Log>,
}

/// A file that gets every event, for whoever asks later. Opened anew for each, so that it can be rotated.
#[derive(Debug)]
struct Log {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    is_lost: AtomicBool,
}

impl Progress {
    /// With a bar if somebody sees it. `verbosity` 1 shows each call, 2 all about it.
    pub(crate) fn new(printer: Arc<Printer>, clock: Arc<dyn Clock>, has_bar: bool, verbosity: u8) -> Self {
        if has_bar {
            let style = ProgressStyle::with_template("{spinner:.green} {prefix} {wide_msg}");
            printer.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        }
        Self { printer, clock, has_bar, verbosity, run_id: Mutex::new(None), log: None }
    }

    /// Also writes every event to this file.
    pub(crate) fn logging(self, disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        Self { log: Some(Log { disk, path, is_lost: AtomicBool::new(false) }), ..self }
    }

    /// The run that events last spoke of.
    pub(crate) fn run_id(&self) -> Option<String> {
        self.run_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last word: the bar goes, and machines get their summary.
    pub(crate) fn finish(&self, command: &str, result: &Result<Outcome, Failure>) {
        self.printer.bar.finish_and_clear();
        let now = self.clock.now();
        let state = match result {
            Ok(outcome) => outcome.word().to_owned(),
            Err(failure) => {
                let text = format!("{}: {}", failure.code(), failure.explain());
                self.event(Event::new(now, EventKind::Error, command, text));
                "failed".to_owned()
            }
        };
        self.event(Event::new(now, EventKind::Summary, command, state));
    }

    /// A part of a story: stays on the screen, with its time.
    pub(crate) fn chapter(&self, event: Event) {
        if self.printer.output() == Output::Jsonl {
            self.event(event);
        } else {
            self.printer.note(&format!("{}  {}", event.ts.strftime("%Y-%m-%d %H:%M"), event.state));
        }
    }

    /// Whether the steps of many vaults at once are of use to whoever reads.
    fn wants_steps(&self) -> bool {
        self.printer.output() == Output::Jsonl || self.verbosity > 0 || self.log.is_some()
    }

    /// A small step: passes by, unless somebody wants every line.
    pub(crate) fn detail(&self, event: Event) {
        if self.printer.output() == Output::Jsonl || self.verbosity > 0 || self.has_bar {
            self.note(event);
        }
    }

    /// Into the log if there is one, and onto standard output if that is where events go.
    fn event(&self, mut event: Event) {
        event.run_id = event.run_id.or_else(|| self.run_id());
        let line = without_tokens(&event_line(&event));
        if let Some(log) = &self.log {
            self.log(log, &line);
        }
        if self.printer.output() == Output::Jsonl {
            // An unwritable standard output is reported when the result is written.
            let _ = self.printer.raw(&line);
        }
    }

    /// A log that can't be written is no reason to leave a vault unsaved. It is told once.
    fn log(&self, log: &Log, line: &str) {
        let Err(error) = log.disk.append(&log.path, line.as_bytes()) else { return };
        if !log.is_lost.swap(true, Ordering::Relaxed) {
            self.printer.warn(Code::Disk, &format!("{error}: {}", error.source), Code::Disk.help());
        }
    }

    fn bar(&self, event: &Event) {
        let bar = &self.printer.bar;
        if bar.is_hidden() && !bar.is_finished() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        if let Some((done, all)) = event.steps {
            bar.set_prefix(format!("{done}/{all}"));
        }
        bar.set_message(line(event));
    }
}

impl Observer for Progress {
    fn note(&self, event: Event) {
        if event.run_id.is_some() {
            self.run_id.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&event.run_id);
        }
        if self.log.is_some() || self.printer.output() == Output::Jsonl {
            self.event(event.clone());
        }
        if self.printer.output() == Output::Jsonl {
            // Said already.
        } else if self.has_bar {
            self.bar(&event);
        } else if is_change(&event) || self.verbosity > 0 {
            let steps = event.steps.map(|(done, all)| format!("[{done}/{all}] ")).unwrap_or_default();
            self.printer.note(&format!("{steps}{}", line(&event)));
        }
    }
}

/// Passes on what goes wrong, and steps only to those who want every line.
#[derive(Debug)]
pub(crate) struct Quieter(pub(crate) Arc<Progress>);

impl Observer for Quieter {
    fn note(&self, event: Event) {
        let is_step = matches!(event.kind, EventKind::Item | EventKind::Progress);
        if !is_step || self.0.wants_steps() {
            self.0.note(event);
        }
    }
}

impl Observe for Progress {
    fn called(&self, record: &CallRecord) {
        if self.verbosity > 0 {
            self.printer.note(&call_line(record, self.verbosity > 1));
        }
        if record.attempt > 1 {
            let mut event =
                Event::new(record.time, EventKind::Retry, record.operation.to_string(), "tried again");
            event.opc_request_id.clone_from(&record.opc_request_id);
            Observer::note(self, event.at(record.region));
        }
    }
}

fn call_line(record: &CallRecord, in_full: bool) -> String {
    let CallRecord { method, operation, region, attempt, path, took, waited, .. } = record;
    let status = record.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
    let id = record.opc_request_id.as_deref().unwrap_or("-");
    let line = format!("{method} {operation} in {region}: {status}{again}, opc-request-id {id}");
    if !in_full {
        return line;
    }
    let queue = match waited.as_millis() {
        0 => String::new(),
        milliseconds => format!(" after {milliseconds} ms in the queue"),
    };
    format!("{line}, {} ms{queue}, {path}", took.as_millis())
}

/// Beginnings and endings of steps: only the latter are changes.
fn is_change(event: &Event) -> bool {
    !(event.kind == EventKind::Progress && event.state == "started")
}

fn line(event: &Event) -> String {
    let mut words = vec![event.op.replace('_', " ")];
    words.extend(event.resource.as_deref().map(|resource| match resource.rsplit_once('/') {
        Some((_, name)) if resource.starts_with("oci://") => name.to_owned(),
        _ => short(resource),
    }));
    words.extend(event.region.as_deref().map(|region| format!("in {region}")));
    Line::from(format!("{}: {}", words.join(" "), event.state)).to_string()
}

#[cfg(test)]
mod tests {
    use keyferry_ids::Region;
    use keyferry_oci::SentPath;

    use super::*;

    #[test]
    fn a_call_is_shown_in_short_and_in_full() {
        let url = "https://kms.us-ashburn-1.oraclecloud.com/20180608/vaults?compartmentId=x";
        let mut record = CallRecord {
            operation: serde_json::from_value("ListVaults".into()).expect("an operation"),
            region: Region::parse("iad").expect("known"),
            method: http::Method::GET,
            status: None,
            opc_request_id: None,
            time: "2026-11-24T23:00:00Z".parse().expect("a time"),
            attempt: 1,
            path: SentPath::of(&url.parse().expect("a URL")),
            took: Duration::from_millis(310),
            waited: Duration::ZERO,
        };
        let short = "GET ListVaults in us-ashburn-1: no answer, opc-request-id -";
        assert_eq!(call_line(&record, false), short);
        let path = "/20180608/vaults?compartmentId=…";
        assert_eq!(call_line(&record, true), format!("{short}, 310 ms, {path}"));
        (record.status, record.attempt, record.waited) = (Some(429), 2, Duration::from_millis(1050));
        record.opc_request_id = Some("A1".to_owned());
        let line = call_line(&record, true);
        let status = "GET ListVaults in us-ashburn-1: 429, attempt 2, opc-request-id A1";
        assert_eq!(line, format!("{status}, 310 ms after 1050 ms in the queue, {path}"));
    }

    #[test]
    fn a_line_names_action_thing_place_and_state() {
        let now = "2026-11-24T23:00:00Z".parse().expect("a time");
        let event = Event::new(now, EventKind::Item, "backup_vault", "done")
            .about("ocid1.vault.oc1.iad.ext.abcdefghij")
            .at("us-ashburn-1");
        assert_eq!(line(&event), "backup vault vault…efghij in us-ashburn-1: done");
        assert!(is_change(&event));
        let odd = Event::new(now, EventKind::Item, "x", "\u{1b}[2Jgone");
        assert!(!line(&odd).contains('\u{1b}'), "nothing that steers a terminal");
    }
}
