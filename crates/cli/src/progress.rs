//! Progress as it happens: a bar on a terminal, one line per change elsewhere, events for machines.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressDrawTarget, ProgressStyle};
use keyferry_core::{Event, EventKind, Observer};
use keyferry_ids::short;
use keyferry_oci::{CallRecord, Observe};
use keyferry_report::{Line, event_line};
use keyferry_seams::Clock;

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
    is_verbose: bool,
    run_id: Mutex<Option<String>>,
}

impl Progress {
    /// With a bar if somebody sees it.
    pub(crate) fn new(printer: Arc<Printer>, clock: Arc<dyn Clock>, has_bar: bool, is_verbose: bool) -> Self {
        if has_bar {
            let style = ProgressStyle::with_template("{spinner:.green} {prefix} {wide_msg}");
            printer.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        }
        Self { printer, clock, has_bar, is_verbose, run_id: Mutex::new(None) }
    }

    /// The run that events last spoke of.
    pub(crate) fn run_id(&self) -> Option<String> {
        self.run_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last word: the bar goes, and machines get their summary.
    pub(crate) fn finish(&self, command: &str, result: &Result<Outcome, Failure>) {
        self.printer.bar.finish_and_clear();
        if self.printer.output() != Output::Jsonl {
            return;
        }
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

    /// A small step: passes by, unless somebody wants every line.
    pub(crate) fn detail(&self, event: Event) {
        if self.printer.output() == Output::Jsonl || self.is_verbose || self.has_bar {
            self.note(event);
        }
    }

    fn event(&self, mut event: Event) {
        event.run_id = event.run_id.or_else(|| self.run_id());
        // An unwritable standard output is reported when the result is written.
        let _ = self.printer.raw(&event_line(&event));
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
        if self.printer.output() == Output::Jsonl {
            self.event(event);
        } else if self.has_bar {
            self.bar(&event);
        } else if is_change(&event) || self.is_verbose {
            let steps = event.steps.map(|(done, all)| format!("[{done}/{all}] ")).unwrap_or_default();
            self.printer.note(&format!("{steps}{}", line(&event)));
        }
    }
}

impl Observe for Progress {
    fn called(&self, record: &CallRecord) {
        if self.is_verbose {
            let status = record.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let again =
                if record.attempt > 1 { format!(", attempt {}", record.attempt) } else { String::new() };
            let id = record.opc_request_id.as_deref().unwrap_or("-");
            let (method, operation, region) = (&record.method, record.operation, record.region);
            self.printer
                .note(&format!("{method} {operation} in {region}: {status}{again}, opc-request-id {id}"));
        }
        if record.attempt > 1 {
            let mut event =
                Event::new(record.time, EventKind::Retry, record.operation.to_string(), "tried again");
            event.opc_request_id.clone_from(&record.opc_request_id);
            Observer::note(self, event.at(record.region));
        }
    }
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
    use super::*;

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
