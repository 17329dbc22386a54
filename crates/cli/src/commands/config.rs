//! `config`: the settings in force, each with its origin.

use clap::Subcommand;
use keyferry_report::{Cell, Document};
use serde_json::{Value, json};

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::settings::Origin;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print each setting with its value and where that is from; secrets are masked
    Show,
}

pub(crate) fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let Command::Show = args.command;
    let own = &on.own;
    let data = json!({"settings_file": own.source, "values": own.shown});
    on.printer.show("config", &data, || page(on))?;
    Ok(Outcome::Done)
}

fn page(on: &Invocation) -> Document {
    let own = &on.own;
    let mut document = Document::new("Settings");
    let source = match &own.source {
        Some(path) => Cell::code(path.display().to_string()),
        None => Cell::words("none: neither here nor in ~/.config/keyferry"),
    };
    document.facts([("keyferry.toml", source)]);
    let rows = own.shown.iter().map(|setting| {
        let origin = match &setting.origin {
            Origin::File(name)
                if own.source.as_ref().is_some_and(|path| path.as_os_str() == name.as_str()) =>
            {
                "keyferry.toml".to_owned()
            }
            other => other.to_string(),
        };
        vec![Cell::code(&setting.key), Cell::words(text(&setting.value)), Cell::words(origin)]
    });
    document.table(&["Setting", "Value", "From"], rows);
    document
}

/// As it would be written.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
