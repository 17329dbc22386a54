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
    /// Steps that were started and never answered for: look before doing them again.
    pub in_doubt: Vec<StepId>,
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
        match serde_json::from_slice(raw) {
            Ok(line) => lines.push(line),
            Err(_) if !raw.ends_with(b"\n") => break,
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
            Entry::RunStarted { run_id, .. } if progress.run_id.is_none() => {
                progress.run_id = Some(run_id.clone());
                progress.started_at = Some(line.ts);
            }
            Entry::StepStarted { step, .. } if knows(step) && !progress.outputs.contains_key(step) => {
                progress.in_doubt.retain(|s| s != step);
                progress.in_doubt.push(step.clone());
            }
            Entry::StepSucceeded { step, output } if progress.in_doubt.contains(step) => {
                progress.in_doubt.retain(|s| s != step);
                progress.outputs.insert(step.clone(), output.clone());
            }
            Entry::StepFailed { step, .. } if progress.in_doubt.contains(step) => {
                progress.in_doubt.retain(|s| s != step);
            }
            Entry::RunFinished { state } if progress.run_id.is_some() => {
                progress.state = Some(*state);
                progress.finished_at = Some(line.ts);
            }
            _ => return Err(bad),
        }
    }
    Ok(progress)
}
