//! `explain`: what a code means and what to do.

use keyferry_core::Code;
use keyferry_report::{Cell, Document};
use serde_json::{Value, json};

use crate::exit;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A code, such as KF-2104
    #[arg(value_name = "CODE", value_parser = code, required_unless_present = "all")]
    code: Option<Code>,
    /// All codes
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

pub(crate) fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    match args.code {
        Some(code) => on.printer.show("explain", &described(code), || page(code))?,
        None => {
            let all: Vec<Value> = Code::ALL.iter().copied().map(described).collect();
            on.printer.show("explain", &json!({"codes": all}), table)?;
        }
    }
    Ok(Outcome::Done)
}

fn described(code: Code) -> Value {
    let (exit_code, meaning) = (exit::of(code.class()), exit::meaning(code.class()));
    json!({
        "code": code, "summary": code.summary(), "help": code.help(), "exit_code": exit_code, "meaning": meaning,
    })
}

fn page(code: Code) -> Document {
    let (exit_code, meaning) = (exit::of(code.class()), exit::meaning(code.class()));
    let mut document = Document::new(format!("{code}: {}", code.summary()));
    document.facts([
        ("What to do", Cell::words(code.help())),
        ("Exit code", Cell::words(format!("{exit_code}, {meaning}"))),
    ]);
    document
}

fn table() -> Document {
    let mut document = Document::new("Codes");
    let rows = Code::ALL.iter().map(|code| {
        let exit_code = exit::of(code.class()).to_string();
        let texts = [Cell::words(code.summary()), Cell::words(code.help()), Cell::number(exit_code)];
        [Cell::words(code.to_string())].into_iter().chain(texts).collect()
    });
    document.table(&["Code", "What it means", "What to do", "Exit code"], rows);
    document
}

/// With or without the letters.
fn code(text: &str) -> Result<Code, String> {
    let number = text.trim_start_matches(['K', 'k']).trim_start_matches(['F', 'f']).trim_start_matches('-');
    let known = Code::ALL.iter().find(|code| code.number().to_string() == number);
    known.copied().ok_or_else(|| "there is no such code".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for text in ["KF-2104", "kf-2104", "2104", "KF2104"] {
            assert_eq!(code(text), Ok(Code::SecretNotSaved));
        }
        assert!(code("KF-9999").is_err());
    }
}
