//! After a backup by policy: programs are run and a watcher is told, so that nobody has to look.

mod heartbeat;
mod program;

use std::collections::BTreeMap;
use std::time::Duration;

use keyferry_core::policy::Policy;
use keyferry_core::{Class, Code};
use keyferry_report::{ErrorShown, envelope};

use crate::exit::{self, Outcome};
use crate::failure::Failure;
use crate::invocation::Invocation;

/// A program that takes longer is stopped.
const LIMIT: Duration = Duration::from_secs(60);
/// What a program gets of our surroundings. Anything else may hold a secret of ours.
const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// Tells what came of a backup by that policy; `document` is its result as JSON. A hook that fails makes a good
/// backup a partial one, and leaves any other as it is. A watcher that can't be reached changes nothing: it will
/// notice by itself.
pub(crate) async fn after(
    on: &Invocation,
    name: &str,
    policy: &Policy,
    result: Result<Outcome, Failure>,
    document: &[u8],
) -> Result<Outcome, Failure> {
    let code = exit_code(&result);
    let error = result
        .as_ref()
        .err()
        .and_then(|failure| serde_json::to_vec(&envelope("error", &ErrorShown::new(failure.explain()))).ok());
    let input = error.as_deref().unwrap_or(document);
    let mut variables: BTreeMap<&str, String> = INHERITED
        .into_iter()
        .filter_map(|variable| Some((variable, on.env.get(variable)?.clone())))
        .collect();
    variables.extend([
        ("KEYFERRY_OUTCOME", word(code).to_owned()),
        ("KEYFERRY_EXIT_CODE", code.to_string()),
        ("KEYFERRY_POLICY", name.to_owned()),
        ("KEYFERRY_RUN_ID", on.progress.run_id().unwrap_or_default()),
    ]);
    let hooks = &policy.hooks;
    let (when, first) = if code == 0 { ("success", &hooks.success) } else { ("failure", &hooks.failure) };
    let mut all_ran = true;
    for (when, argv) in [(when, first), ("always", &hooks.always)] {
        let Some((program, arguments)) = argv.split_first() else { continue };
        let ran = program::run(program, arguments, &variables, input, LIMIT).await;
        for line in ran.said.lines() {
            on.printer.note(&format!("{when} hook: {line}"));
        }
        if let Some(trouble) = ran.trouble {
            all_ran = false;
            let text = format!("the {when} hook of policy {name} ({program}) {trouble}");
            on.printer.warn(Code::HookFailed, &text, Code::HookFailed.help());
        }
    }
    let result = match result {
        Ok(Outcome::Done) if !all_ran => Ok(Outcome::Partly),
        other => other,
    };
    if let Some(watcher) = &policy.heartbeat {
        let is_well = exit_code(&result) == 0;
        if let Err(trouble) =
            heartbeat::beat(on.http(None).as_ref(), on.clock.as_ref(), watcher, is_well).await
        {
            let text = format!("the heartbeat of policy {name} at {watcher} {trouble}");
            on.printer.warn(Code::HookFailed, &text, Code::HookFailed.help());
        }
    }
    result
}

fn exit_code(result: &Result<Outcome, Failure>) -> u8 {
    match result {
        Ok(outcome) => outcome.exit(),
        Err(failure) => exit::of(failure.code().class()),
    }
}

/// In a word, for programs that care no further.
fn word(exit_code: u8) -> &'static str {
    match exit_code {
        0 => "ok",
        code if code == exit::of(Class::Partial) => "partial",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests;
