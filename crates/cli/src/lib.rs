//! Keyferry's command line: arguments, settings, commands, printing, exit codes.

mod app;
mod commands;
mod exit;
mod failure;
mod hooks;
mod invocation;
mod panic;
mod printer;
mod progress;
mod settings;
mod stores;
mod trust;
mod world;

use std::ffi::OsString;
use std::sync::{Arc, Mutex};

use clap::Parser as _;
use keyferry_report::{ErrorShown, Style};

pub use panic::hush_panics;
pub use world::{Terminal, World};

use app::{App, Output, When};
use exit::Outcome;
use failure::{CliError, Failure};
use invocation::Invocation;
use printer::Printer;
use progress::Progress;
use settings::Own;

/// Runs one command line (the program's name first) and returns its exit code.
pub async fn run(args: Vec<OsString>, world: World) -> u8 {
    let streams = (world.stdout, world.stderr);
    let app = match App::try_parse_from(&args) {
        Ok(app) => app,
        Err(error) => return refuse(&error, wants_json(&args), streams, world.terminal),
    };
    let merged = match app.command.needs_settings() {
        true => settings::merge(&app.globals, &world.env, world.disk.as_ref()),
        false => Ok((app.globals.clone(), Own::default())),
    };
    let (globals, own, broken) = match merged {
        Ok((globals, own)) => (globals, own, None),
        Err(error) => (app.globals.clone(), Own::default(), Some(error)),
    };
    let styles = (
        style(globals.color, world.terminal.stdout, &world.env, world.terminal.width),
        style(globals.color, world.terminal.stderr, &world.env, world.terminal.width),
    );
    let printer = Arc::new(Printer::new(streams, globals.output, globals.quiet, styles));
    let has_bar = world.terminal.stderr && !globals.quiet && globals.output != Output::Jsonl;
    let progress = Progress::new(Arc::clone(&printer), Arc::clone(&world.clock), has_bar, globals.verbose);
    let progress = match own.log_file.clone() {
        Some(path) => progress.logging(Arc::clone(&world.disk), path),
        None => progress,
    };
    let on = Invocation {
        can_ask: world.terminal.stdin && world.terminal.stderr && !globals.no_input,
        globals,
        own,
        printer,
        progress: Arc::new(progress),
        clock: world.clock,
        disk: world.disk,
        seed: world.seed,
        env: world.env,
        http: world.http,
        interrupt: world.interrupt.clone(),
        stdin: Mutex::new(world.stdin),
    };
    let work = async {
        match broken {
            Some(error) => Err(error.into()),
            None => commands::run(&app.command, &on).await,
        }
    };
    let result = tokio::select! {
        // What is finished counts, even if somebody lost patience at the same moment.
        biased;
        result = work => result,
        () = world.interrupt, if !app.command.ends_by_itself() => Err(interrupted(&on).into()),
    };
    on.progress.finish(app.command.name(), &result);
    match result {
        Ok(outcome) => {
            on.printer.outcome(outcome);
            outcome.exit()
        }
        Err(failure) => {
            on.printer.failure(&ErrorShown::new(failure.explain()));
            exit::of(failure.code().class())
        }
    }
}

fn interrupted(on: &Invocation) -> CliError {
    let journal = on.progress.run_id().zip(on.state().ok());
    let journal = journal.map(|(run, state)| state.join("runs").join(run).join("journal.jsonl"));
    CliError::Interrupted { journal }
}

fn style(
    colour: When,
    is_terminal: bool,
    env: &std::collections::BTreeMap<String, String>,
    width: Option<u16>,
) -> Style {
    let wants_none = env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = match colour {
        When::Auto => is_terminal && !wants_none,
        When::Always => true,
        When::Never => false,
    };
    Style { colour, width: width.filter(|_| is_terminal).unwrap_or(Style::PLAIN.width) }
}

/// Help is a result; anything else that clap says is about a wrong command line.
fn refuse(
    error: &clap::Error,
    as_json: bool,
    streams: (Box<dyn std::io::Write + Send>, Box<dyn std::io::Write + Send>),
    terminal: Terminal,
) -> u8 {
    let output = if as_json { Output::Json } else { Output::Text };
    let printer = Printer::new(streams, output, false, (Style::PLAIN, Style::PLAIN));
    let text = error.render();
    let shown = |is_terminal: bool| if is_terminal { text.ansi().to_string() } else { text.to_string() };
    if !error.use_stderr() {
        return match printer.raw(&shown(terminal.stdout)) {
            Ok(()) => Outcome::Done.exit(),
            Err(error) => exit::of(Failure::from(error).code().class()),
        };
    }
    let plain = text.to_string();
    let first = plain.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
    let usage = CliError::Usage(first.split_whitespace().collect::<Vec<_>>().join(" "));
    if as_json {
        printer.failure(&ErrorShown::new(&usage));
    } else {
        printer.ask(&shown(terminal.stderr));
    }
    exit::of(Failure::from(usage).code().class())
}

/// Whether a line that could not be understood asked for JSON.
fn wants_json(args: &[OsString]) -> bool {
    let is_json = |text: &OsString| text == "json" || text == "jsonl";
    let pairs = args.windows(2).any(|pair| (pair[0] == "-o" || pair[0] == "--output") && is_json(&pair[1]));
    pairs || args.iter().any(|arg| arg == "-ojson" || arg == "--output=json" || arg == "--output=jsonl")
}
