//! The only place that prints: results on standard output, everything else on standard error.

use std::io::{self, BufWriter, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use keyferry_core::{Class, Code, Finding, Severity};
use keyferry_oci::without_tokens;
use keyferry_report::{Document, ErrorShown, Line, Style, envelope};
use serde::Serialize;

use crate::app::Output;
use crate::exit::Outcome;
use crate::failure::CliError;

/// Writes for people or for machines, as asked for.
pub(crate) struct Printer {
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    output: Output,
    is_quiet: bool,
    result_style: Style,
    message_style: Style,
    /// Hidden without a terminal; other lines step over it.
    pub(crate) bar: ProgressBar,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").field("output", &self.output).finish_non_exhaustive()
    }
}

impl Printer {
    pub(crate) fn new(
        (stdout, stderr): (Box<dyn Write + Send>, Box<dyn Write + Send>),
        output: Output,
        is_quiet: bool,
        (result_style, message_style): (Style, Style),
    ) -> Self {
        let (stdout, stderr) = (Mutex::new(stdout), Mutex::new(stderr));
        let bar = ProgressBar::hidden();
        Self { stdout, stderr, output, is_quiet, result_style, message_style, bar }
    }

    pub(crate) fn output(&self) -> Output {
        self.output
    }

    /// The result of a command: `data` for machines, the document for people.
    pub(crate) fn show(
        &self,
        kind: &str,
        data: &impl Serialize,
        document: impl FnOnce() -> Document,
    ) -> Result<(), CliError> {
        match self.output {
            Output::Json => self.json(&envelope(kind, data)),
            // The events are the result; whoever wants the data asks for json.
            Output::Jsonl => Ok(()),
            Output::Text => self.raw(&keyferry_report::text(&document(), self.result_style)),
            Output::Md => self.raw(&keyferry_report::markdown(&document())),
            Output::Html => self.raw(&keyferry_report::html(&document())),
            Output::Csv => Err(CliError::Usage("this command has no csv output".into())),
        }
    }

    /// A document for machines.
    pub(crate) fn json(&self, document: &impl Serialize) -> Result<(), CliError> {
        self.bar.finish_and_clear();
        write(&self.stdout, |to| {
            let mut to = BufWriter::new(to);
            serde_json::to_writer_pretty(&mut to, document)?;
            to.write_all(b"\n")?;
            to.flush()
        })
        .map_err(CliError::Output)
    }

    /// Text that is the result as it stands. Whoever reads it needs no bar any more.
    pub(crate) fn raw(&self, text: &str) -> Result<(), CliError> {
        self.bar.finish_and_clear();
        write(&self.stdout, |to| to.write_all(text.as_bytes())).map_err(CliError::Output)
    }

    /// Something worth knowing. Written nowhere if it can't be: there is nobody left to tell.
    pub(crate) fn note(&self, text: &str) {
        if !self.is_quiet {
            self.message(&format!("{}\n", Line::from(text)));
        }
    }

    /// Something that somebody should look at; not silenced by `-q`.
    pub(crate) fn warn(&self, code: Code, text: &str, help: &str) {
        let finding = Finding { remedy: help.to_owned(), ..Finding::new(code, Severity::Warning, "", text) };
        match self.output {
            Output::Json | Output::Jsonl => self.document("warning", &finding),
            _ => {
                let (text, help) = (Line::from(text), Line::from(help));
                self.message(&format!("warning[{code}]: {text}\n  help: {help}\n"));
            }
        }
    }

    /// A part of the cloud that could not be read.
    pub(crate) fn gap(&self, gap: &keyferry_core::Gap) {
        let subject = gap.subject.as_deref().map(|subject| format!(" of {subject}")).unwrap_or_default();
        let text = format!("{}{subject} in {} could not be read: {}", gap.reading, gap.region, gap.because);
        self.warn(Code::InventoryIncomplete, &text, Code::InventoryIncomplete.help());
    }

    /// Why a command failed.
    pub(crate) fn failure(&self, error: &ErrorShown) {
        match self.output {
            Output::Json | Output::Jsonl => self.document("error", error),
            _ => self.message(&error.text(self.message_style)),
        }
    }

    /// Why the exit code is not zero although all was done.
    pub(crate) fn outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Flawed(code) if code.class() == Class::Partial => {
                self.warn(code, code.summary(), code.help());
            }
            Outcome::Flawed(code) => self.failure(&ErrorShown::new(&CliError::Flaw(code))),
            Outcome::Done | Outcome::Pending | Outcome::Partly => {}
        }
    }

    /// A question; never silenced.
    pub(crate) fn ask(&self, text: &str) {
        self.message(text);
    }

    /// A message for machines: with events it is one of many lines, else it may be read by people as well.
    fn document(&self, kind: &str, data: &impl Serialize) {
        let document = envelope(kind, data);
        let text = match self.output {
            Output::Jsonl => serde_json::to_string(&document),
            _ => serde_json::to_string_pretty(&document),
        };
        // Plain data with names as keys always has a JSON form.
        if let Ok(text) = text {
            self.message(&format!("{text}\n"));
        }
    }

    fn message(&self, text: &str) {
        // Somebody may have typed one where it does not belong, or a service may have repeated it.
        let text = without_tokens(text);
        let _ = self.bar.suspend(|| write(&self.stderr, |to| to.write_all(text.as_bytes())));
    }
}

/// A reader that went away early, such as `head`, has seen enough.
fn write(
    to: &Mutex<Box<dyn Write + Send>>,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    match text(&mut *to).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
