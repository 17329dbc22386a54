//! What happened in a run, line by line; replayed after a crash to know where it stopped.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_ids::VaultId;
use serde::{Deserialize, Serialize};

use crate::canary::Canary;
use crate::model::{ObjectFacts, Vault};
use crate::plan::{ExpectedBytes, Plan, StepId};
use crate::{Code, Mapping, ProvenVersion, Sha256};

/// The schema of each line.
pub const SCHEMA: &str = "keyferry.journal";
/// The version written and read.
pub const VERSION: u32 = 1;

/// What a step gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Output {
    /// A canary was minted.
    Minted {
        /// The canary.
        canary: Canary,
    },
    /// A key version could not seal anything.
    NotMinted {
        /// Why.
        because: String,
    },
    /// A work request ended well.
    Done {
        /// Its id, if the service gave one.
        work_request_id: Option<String>,
        /// When the service was asked.
        asked_at: Timestamp,
        /// The vault that came of it.
        vault_id: Option<VaultId>,
    },
    /// An object was read back.
    Checked {
        /// Size and digest of what was read.
        bytes: ExpectedBytes,
        /// What the service says of it.
        facts: ObjectFacts,
    },
    /// A restored vault was found.
    Mapped {
        /// The restored vault.
        vault: Box<Vault>,
        /// Old to new.
        mapping: Mapping,
    },
    /// Keys and versions were counted again.
    Counted {
        /// What is different, if anything is.
        changed: Option<String>,
    },
    /// A number in the chain was taken.
    Claimed,
    /// The bytes are there and were read back.
    Stored,
    /// The manifest as it was signed.
    Sealed {
        /// Canonical JSON.
        manifest: String,
        /// SSHSIG armour.
        signature: String,
    },
    /// A version was judged.
    Proven {
        /// The judgement.
        version: ProvenVersion,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// All steps succeeded.
    Succeeded,
    /// A step failed.
    Failed,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry {
    /// The run began.
    RunStarted {
        /// Its id.
        run_id: String,
        /// The plan it performs.
        plan_sha256: Sha256,
    },
    /// The run was taken up again after it had stopped.
    RunResumed,
    /// On disk before the call is made.
    StepStarted {
        /// The step.
        step: StepId,
        /// The retry token that will be sent.
        retry_token: String,
    },
    /// The step's result is known.
    StepSucceeded {
        /// The step.
        step: StepId,
        /// What it gave.
        output: Output,
    },
    /// The step did not work.
    StepFailed {
        /// The step.
        step: StepId,
        /// What kind of failure.
        code: Code,
        /// In words.
        because: String,
    },
    /// The run is over.
    RunFinished {
        /// How.
        state: RunState,
    },
}

/// A line of the journal's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// Counts from 1.
    pub seq: u64,
    /// When.
    pub ts: Timestamp,
    /// What.
    pub entry: Entry,
}

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The run's id.
    pub run_id: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub state: Option<RunState>,
    /// Results so far.
    pub outputs: BTreeMap<StepId, Output>,
    /// Steps that were started and are not known to have succeeded: look before doing them again.
    pub in_doubt: Vec<InDoubt>,
    /// Lines so far.
    pub lines: u64,
}

impl Progress {
    /// True if all steps succeeded.
    pub fn is_finished_well(&self) -> bool {
        self.state == Some(RunState::Succeeded)
    }
}

/// A step that was started and is not known to have succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InDoubt {
    /// The step.
    pub step: StepId,
    /// The retry token of its call.
    pub retry_token: String,
    /// When.
    pub since: Timestamp,
    /// It is known to have failed. Asking again with the same token would only repeat the answer.
    pub has_failed: bool,
}

/// Why a journal can't be continued.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A line that is no line of a journal. A torn last line is not one: it was never claimed.
    #[error("line {line} of the journal can't be read")]
    Form {
        /// Counts from 1.
        line: u64,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// Lines missing, out of order, or about steps that the plan does not have.
    #[error("line {line} of the journal does not follow from the plan")]
    Sequence {
        /// Counts from 1.
        line: u64,
    },
}

impl crate::Explain for JournalError {
    fn code(&self) -> Code {
        Code::Settings
    }
}

/// Reads a journal's file. The last line may be torn by a crash; any other damage is refused.
///
/// # Errors
/// If a line other than a torn last one can't be read.
pub fn parse(bytes: &[u8]) -> Result<Vec<Line>, JournalError> {
    let mut lines = Vec::new();
    for (index, raw) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        // Its end is written last, so a line without one was torn, whatever it reads like.
        if !raw.ends_with(b"\n") {
            break;
        }
        match serde_json::from_slice(raw) {
            Ok(line) => lines.push(line),
            Err(source) => return Err(JournalError::Form { line: index as u64 + 1, source }),
        }
    }
    Ok(lines)
}

/// Folds the lines of a run over its plan.
///
/// # Errors
/// If the lines are not a possible history of this plan.
pub fn replay(plan: &Plan, lines: &[Line]) -> Result<Progress, JournalError> {
    let mut progress = Progress::default();
    for (index, line) in lines.iter().enumerate() {
        let number = index as u64 + 1;
        let bad = JournalError::Sequence { line: number };
        let knows = |step: &StepId| plan.steps.iter().any(|s| s.id == *step);
        if line.schema != SCHEMA || line.version != VERSION || line.seq != number {
            return Err(bad);
        }
        match &line.entry {
            // Of another plan: its steps may bear the same names.
            Entry::RunStarted { plan_sha256, .. } if plan.digest().ok() != Some(*plan_sha256) => {
                return Err(bad);
            }
            Entry::RunStarted { run_id, .. } if progress.run_id.is_none() => {
                progress.run_id = Some(run_id.clone());
                progress.started_at = Some(line.ts);
            }
            Entry::StepStarted { step, retry_token }
                if knows(step) && !progress.outputs.contains_key(step) =>
            {
                if let Some(doubt) = progress.in_doubt.iter_mut().find(|doubt| doubt.step == *step) {
                    // The first start's time counts: what it did may still be under way.
                    doubt.retry_token.clone_from(retry_token);
                    doubt.has_failed = false;
                } else {
                    let (step, retry_token) = (step.clone(), retry_token.clone());
                    let doubt = InDoubt { step, retry_token, since: line.ts, has_failed: false };
                    progress.in_doubt.push(doubt);
                }
            }
            Entry::StepSucceeded { step, output } if is_in_doubt(&progress, step) => {
                progress.in_doubt.retain(|doubt| doubt.step != *step);
                progress.outputs.insert(step.clone(), output.clone());
            }
            // It failed for us; what became of it in the cloud has to be looked up all the same.
            Entry::StepFailed { step, .. } if is_in_doubt(&progress, step) => {
                let mut doubts = progress.in_doubt.iter_mut();
                doubts.by_ref().filter(|doubt| doubt.step == *step).for_each(|doubt| doubt.has_failed = true);
            }
            // A run that failed can be taken up again.
            Entry::RunResumed if progress.run_id.is_some() => {
                progress.state = None;
                progress.finished_at = None;
            }
            Entry::RunFinished { state } if progress.run_id.is_some() => {
                progress.state = Some(*state);
                progress.finished_at = Some(line.ts);
            }
            _ => return Err(bad),
        }
        progress.lines = number;
    }
    Ok(progress)
}

fn is_in_doubt(progress: &Progress, step: &StepId) -> bool {
    progress.in_doubt.iter().any(|doubt| doubt.step == *step)
}
