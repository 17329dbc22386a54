//! The loop: start a step in the journal, do it, write down what came of it.

use keyferry_core::journal::{Entry, Progress, RunState};
use keyferry_core::plan::{Plan, Step};
use keyferry_core::{Event, EventKind, Explain, Sha256};
use keyferry_seams::DiskError;

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
    let fail = |step: &str, action, source: EngineError| Failure {
        run_id: run_id.to_owned(),
        step: step.to_owned(),
        action,
        source,
    };
    let begin = |error: DiskError| fail("s000", "begin", error.into());
    let bytes = plan.to_bytes().map_err(|_| fail("s000", "begin", EngineError::NoResult))?;
    let started = Entry::RunStarted { run_id: run_id.to_owned(), plan_sha256: Sha256::of(&bytes) };
    let line = journal.record(started).map_err(begin)?;
    let mut progress =
        Progress { run_id: Some(run_id.to_owned()), started_at: Some(line.ts), ..Progress::default() };
    for (index, step) in plan.steps.iter().enumerate() {
        tell(context, run_id, step, EventKind::Progress, "started", (index as u64, plan.steps.len() as u64));
        match perform_one(context, run_id, step, &mut progress, journal).await {
            Ok(()) => {
                tell(
                    context,
                    run_id,
                    step,
                    EventKind::Item,
                    "done",
                    (index as u64 + 1, plan.steps.len() as u64),
                );
            }
            Err(source) => {
                let text = source.to_string();
                tell(context, run_id, step, EventKind::Error, &text, (index as u64, plan.steps.len() as u64));
                let failed = Entry::StepFailed { step: step.id.clone(), code: source.code(), because: text };
                // The failure itself is what the user has to hear of, even if it can't be written down.
                let _ = journal.record(failed);
                let _ = journal.record(Entry::RunFinished { state: RunState::Failed });
                return Err(fail(&step.id, step.details.name(), source));
            }
        }
    }
    let line = journal.record(Entry::RunFinished { state: RunState::Succeeded });
    let line = line.map_err(|error| fail("end", "finish", error.into()))?;
    progress.finished_at = Some(line.ts);
    progress.state = Some(RunState::Succeeded);
    Ok(progress)
}

async fn perform_one(
    context: &Context,
    run_id: &str,
    step: &Step,
    progress: &mut Progress,
    journal: &mut JournalFile,
) -> Result<(), EngineError> {
    // Derived from run and step, so that a repeated call of the same step is recognised by the service.
    let token: [u8; 16] = context.seed.bytes(&format!("retry token {run_id} {}", step.id));
    let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    journal.record(Entry::StepStarted { step: step.id.clone(), retry_token: token.clone() })?;
    let output = perform::perform(context, run_id, step, &token, progress).await?;
    journal.record(Entry::StepSucceeded { step: step.id.clone(), output: output.clone() })?;
    progress.outputs.insert(step.id.clone(), output);
    Ok(())
}

fn tell(context: &Context, run_id: &str, step: &Step, kind: EventKind, state: &str, steps: (u64, u64)) {
    let mut event = Event::new(context.clock.now(), kind, step.details.name(), state)
        .about(step.details.subject())
        .at(step.details.region());
    event.run_id = Some(run_id.to_owned());
    event.steps = Some(steps);
    context.observer.note(event);
}
