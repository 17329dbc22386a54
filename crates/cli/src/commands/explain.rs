//! `explain`: what a code means and what to do.

use keyferry_core::Code;
use keyferry_report::{Cell, Document};
use serde_json::json;

use crate::exit;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A code, such as KF-2104
    #[arg(value_name = "CODE", value_parser = code)]
    code: Code,
}

pub(crate) fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let code = args.code;
    let (exit_code, meaning) = (exit::of(code.class()), exit::meaning(code.class()));
    let data = json!({
        "code": code, "summary": code.summary(), "help": code.help(), "exit_code": exit_code, "meaning": meaning,
    });
    on.printer.show("explain", &data, || {
        let mut document = Document::new(format!("{code}: {}", code.summary()));
        document.facts([
            ("What to do", Cell::words(code.help())),
            ("Exit code", Cell::words(format!("{exit_code}, {meaning}"))),
        ]);
        document
    })?;
    Ok(Outcome::Done)
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
