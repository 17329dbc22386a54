//! The loop: start a step in the journal, do it, write down what came of it.

use keyferry_core::journal::{Entry, Progress, RunState};
use keyferry_core::plan::{Plan, Step};
use keyferry_core::{Event, EventKind, Explain, Sha256};
use keyferry_seams::DiskError;

use crate::perform::Doing;
use crate::{Context, EngineError, Failure, JournalFile, perform};

/// Performs all steps of a plan in order. Stops at the first that fails; what was done stays in the journal.
///
/// # Errors
/// Names the step that failed and why.
pub async fn apply(
    context: &Context,
    plan: &Plan,
    run_id: &str,
    journal: &mut JournalFile,
) -> Result<Progress, Failure> {
    let begin = |source: EngineError| failure(run_id, "s000", "begin", source);
    let bytes = plan.to_bytes().map_err(|_| begin(EngineError::NoResult))?;
    let started = Entry::RunStarted { run_id: run_id.to_owned(), plan_sha256: Sha256::of(&bytes) };
    let line = journal.record(started).map_err(|error| begin(error.into()))?;
    let progress =
        Progress { run_id: Some(run_id.to_owned()), started_at: Some(line.ts), ..Progress::default() };
    go_on(context, plan, run_id, progress, journal).await
}

/// Takes up a run that stopped: looks what became of the step that was under way, then goes on after it.
///
/// # Errors
/// As [`apply`].
pub async fn resume(
    context: &Context,
    plan: &Plan,
    run_id: &str,
    progress: Progress,
    journal: &mut JournalFile,
) -> Result<Progress, Failure> {
    // Killed before its first line: nothing was done.
    if progress.run_id.is_none() {
        return apply(context, plan, run_id, journal).await;
    }
    let resumed = journal.record(Entry::RunResumed);
    resumed.map_err(|error| failure(run_id, "s000", "resume", error.into()))?;
    go_on(context, plan, run_id, Progress { state: None, finished_at: None, ..progress }, journal).await
}

async fn go_on(
    context: &Context,
    plan: &Plan,
    run_id: &str,
    mut progress: Progress,
    journal: &mut JournalFile,
) -> Result<Progress, Failure> {
    let all = plan.steps.len() as u64;
    for (index, step) in plan.steps.iter().enumerate() {
        if progress.outputs.contains_key(&step.id) {
            continue;
        }
        let done = index as u64;
        tell(context, run_id, step, EventKind::Progress, "started", (done, all));
        match perform_one(context, plan, run_id, step, &mut progress, journal).await {
            Ok(()) => tell(context, run_id, step, EventKind::Item, "done", (done + 1, all)),
            Err(source) => {
                let text = source.to_string();
                tell(context, run_id, step, EventKind::Error, &text, (done, all));
                let failed = Entry::StepFailed { step: step.id.clone(), code: source.code(), because: text };
                // The failure itself is what the user has to hear of, even if it can't be written down.
                let _ = journal.record(failed);
                let _ = journal.record(Entry::RunFinished { state: RunState::Failed });
                return Err(failure(run_id, &step.id, step.details.name(), source));
            }
        }
    }
    let line = journal.record(Entry::RunFinished { state: RunState::Succeeded });
    let line = line.map_err(|error: DiskError| failure(run_id, "end", "finish", error.into()))?;
    progress.finished_at = Some(line.ts);
    progress.state = Some(RunState::Succeeded);
    Ok(progress)
}

fn failure(run_id: &str, step: &str, action: &'static str, source: EngineError) -> Failure {
    Failure { run_id: run_id.to_owned(), step: step.to_owned(), action, source }
}

async fn perform_one(
    context: &Context,
    plan: &Plan,
    run_id: &str,
    step: &Step,
    progress: &mut Progress,
    journal: &mut JournalFile,
) -> Result<(), EngineError> {
    let doubt = progress.in_doubt.iter().find(|doubt| doubt.step == step.id).cloned();
    // A call that may have arrived is repeated with its own token, by which the service knows it.
    let retry_token = match &doubt {
        Some(doubt) if !doubt.has_failed => doubt.retry_token.clone(),
        _ => {
            let purpose = format!("retry token {run_id} {} {}", step.id, journal.lines());
            context.seed.bytes::<16>(&purpose).iter().map(|byte| format!("{byte:02x}")).collect()
        }
    };
    journal.record(Entry::StepStarted { step: step.id.clone(), retry_token: retry_token.clone() })?;
    let (doubt, retry_token) = (doubt.as_ref(), retry_token.as_str());
    let doing = Doing { plan, run_id, step, retry_token, doubt, progress };
    let output = perform::perform(context, doing).await?;
    journal.record(Entry::StepSucceeded { step: step.id.clone(), output: output.clone() })?;
    progress.in_doubt.retain(|doubt| doubt.step != step.id);
    progress.outputs.insert(step.id.clone(), output);
    Ok(())
}

fn tell(context: &Context, run_id: &str, step: &Step, kind: EventKind, state: &str, steps: (u64, u64)) {
    let mut event =
        Event::new(context.clock.now(), kind, step.details.name(), state).about(step.details.subject());
    event.region = step.details.region().map(|region| region.to_string());
    event.run_id = Some(run_id.to_owned());
    event.steps = Some(steps);
    context.observer.note(event);
}
