//! The loop: start a step in the journal, do it, write down what came of it.

use std::ops::Range;

use futures_util::future::join_all;
use keyferry_core::journal::{Entry, InDoubt, Progress, RunState};
use keyferry_core::plan::{Action, Plan, Step};
use keyferry_core::{Event, EventKind, Explain};

use crate::perform::Doing;
use crate::{Context, EngineError, Failure, JournalFile, perform};

/// Keys asked at the same time for one run: a vault with many keys is then not as slow as its keys are far.
const SIDE_BY_SIDE: usize = 16;

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
    let started = Entry::RunStarted { run_id: run_id.to_owned(), plan_sha256: journal.plan_sha256() };
    let begun = journal.record(started).map_err(|error| failure(run_id, "s000", "begin", error.into()))?;
    let progress =
        Progress { run_id: Some(run_id.to_owned()), started_at: Some(begun), ..Progress::default() };
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
    let (mut at, mut leave) = (0, None);
    while let Some(group) = next_group(plan, &progress, at) {
        at = group.end;
        let is_sealing =
            |step: &Step| matches!(step.details, Action::SealManifest { .. } | Action::PublishBundle { .. });
        if leave.is_none() && is_sealing(&plan.steps[group.start]) {
            leave = context.waits.seal().await;
        }
        let run = Run { context, plan, run_id, first: group.start };
        if let Err((step, source)) = run.perform(&plan.steps[group], &mut progress, journal).await {
            // The failure itself is what the user has to hear of, even if it can't be written down.
            let _ = journal.record(Entry::RunFinished { state: RunState::Failed });
            return Err(failure(run_id, &step.id, step.details.name(), source));
        }
    }
    let finished = journal.record(Entry::RunFinished { state: RunState::Succeeded });
    let finished = finished.map_err(|error| failure(run_id, "end", "finish", error.into()))?;
    progress.finished_at = Some(finished);
    progress.state = Some(RunState::Succeeded);
    Ok(progress)
}

/// The next steps to be done from there on: one, or as many as may be done side by side.
fn next_group(plan: &Plan, progress: &Progress, from: usize) -> Option<Range<usize>> {
    let is_open = |step: &Step| !progress.outputs.contains_key(&step.id);
    let start = from + plan.steps.get(from..)?.iter().position(is_open)?;
    let is_asking = |step: &&Step| step.details.only_asks_a_key() && is_open(step);
    let length = plan.steps[start..].iter().take(SIDE_BY_SIDE).take_while(is_asking).count();
    Some(start..start + length.max(1))
}

fn failure(run_id: &str, step: &str, action: &'static str, source: EngineError) -> Failure {
    Failure { run_id: run_id.to_owned(), step: step.to_owned(), action, source }
}

/// What is the same for all steps of a group.
struct Run<'a> {
    context: &'a Context,
    plan: &'a Plan,
    run_id: &'a str,
    /// The place of the group's first step in the plan.
    first: usize,
}

impl Run<'_> {
    /// All of them at the same time. Their beginning is one write to the journal and their end another: a sync each
    /// would cost more than the calls. If some fail, the others' results are still kept, and the first failure is told.
    async fn perform<'s>(
        &self,
        steps: &'s [Step],
        progress: &mut Progress,
        journal: &mut JournalFile,
    ) -> Result<(), (&'s Step, EngineError)> {
        let begun: Vec<_> = steps.iter().map(|step| self.begin(step, progress, journal.lines())).collect();
        let started = steps.iter().zip(&begun).map(|(step, (_, retry_token))| Entry::StepStarted {
            step: step.id.clone(),
            retry_token: retry_token.clone(),
        });
        journal.record_all(started).map_err(|error| (&steps[0], error.into()))?;
        for (index, step) in steps.iter().enumerate() {
            self.tell(step, EventKind::Progress, "started", index);
        }
        let calls = steps.iter().zip(&begun).map(|(step, (doubt, retry_token))| {
            let (plan, run_id, doubt) = (self.plan, self.run_id, doubt.as_ref());
            perform::perform(self.context, Doing { plan, run_id, step, retry_token, doubt, progress })
        });
        let results: Vec<_> = join_all(calls).await;
        let ended = steps.iter().zip(&results).map(|(step, result)| match result {
            Ok(output) => Entry::StepSucceeded { step: step.id.clone(), output: output.clone() },
            Err(error) => {
                Entry::StepFailed { step: step.id.clone(), code: error.code(), because: error.to_string() }
            }
        });
        let written = journal.record_all(ended);
        // Nothing is told as done that is not written down; a step's own failure says more than the disk's.
        if let Err(error) = written
            && results.iter().all(Result::is_ok)
        {
            return Err((&steps[0], error.into()));
        }
        let mut failed = None;
        for ((index, step), result) in steps.iter().enumerate().zip(results) {
            match result {
                Ok(output) => {
                    self.tell(step, EventKind::Item, "done", index + 1);
                    progress.in_doubt.retain(|doubt| doubt.step != step.id);
                    progress.outputs.insert(step.id.clone(), output);
                }
                Err(error) => {
                    self.tell(step, EventKind::Error, &error.to_string(), index);
                    failed = failed.or(Some((step, error)));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// What is known of an earlier attempt, and the retry token.
    fn begin(&self, step: &Step, progress: &Progress, lines: u64) -> (Option<InDoubt>, String) {
        let doubt = progress.in_doubt.iter().find(|doubt| doubt.step == step.id).cloned();
        // A call that may have arrived is repeated with its own token, by which the service knows it.
        let retry_token = match &doubt {
            Some(doubt) if !doubt.has_failed => doubt.retry_token.clone(),
            _ => {
                let purpose = format!("retry token {} {} {lines}", self.run_id, step.id);
                hex::encode(self.context.seed.bytes::<16>(&purpose))
            }
        };
        (doubt, retry_token)
    }

    fn tell(&self, step: &Step, kind: EventKind, state: &str, done: usize) {
        let (context, action) = (self.context, &step.details);
        let mut event = Event::new(context.clock.now(), kind, action.name(), state).about(action.subject());
        event.region = action.region().map(|region| region.to_string());
        event.run_id = Some(self.run_id.to_owned());
        event.steps = Some(((self.first + done) as u64, self.plan.steps.len() as u64));
        context.observer.note(event);
    }
}
