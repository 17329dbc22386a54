//! Why a step or a run failed.

use keyferry_core::journal::JournalError;
use keyferry_core::plan::StepId;
use keyferry_core::{Code, Explain, Site};
use keyferry_seams::DiskError;

/// A step that did not work.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The service.
    #[error("the service could not be asked")]
    Cloud(#[source] Box<keyferry_oci::Error>),
    /// A work request ended badly.
    #[error("work request {id} ended as {status}: {}", errors.join("; "))]
    WorkRequest {
        /// Its id.
        id: String,
        /// Its last state.
        status: String,
        /// What the service says.
        errors: Vec<String>,
    },
    /// Waited long enough.
    #[error("{what} had not ended after {seconds} s")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long, in seconds.
        seconds: u64,
    },
    /// An object of that name is already there.
    #[error("{0} exists already; nothing was written")]
    ObjectExists(String),
    /// An object that must be there is not.
    #[error("{0} is missing")]
    ObjectMissing(String),
    /// An object has other bytes.
    #[error("{object} holds {found}, not {expected}")]
    ObjectDiffers {
        /// The object.
        object: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A restored vault can't be found.
    #[error("no vault in {region} was restored from {vault_id}")]
    NotRestored {
        /// The target region.
        region: String,
        /// The vault in the backup.
        vault_id: String,
    },
    /// A step needs a result that the journal does not have.
    #[error("the result of an earlier step is missing")]
    NoResult,
    /// The journal.
    #[error("the journal can't be written; nothing more is done")]
    Disk(#[from] DiskError),
    /// The journal's content.
    #[error("the journal can't be read")]
    Journal(#[from] JournalError),
}

impl From<keyferry_oci::Error> for EngineError {
    fn from(error: keyferry_oci::Error) -> Self {
        Self::Cloud(Box::new(error))
    }
}

impl Explain for EngineError {
    fn code(&self) -> Code {
        match self {
            Self::Cloud(error) => error.code(),
            Self::WorkRequest { .. } => Code::WorkRequestFailed,
            Self::TimedOut { .. } => Code::TimedOut,
            Self::ObjectExists(_) => Code::BackupNotProven,
            Self::ObjectMissing(_) => Code::ObjectMissing,
            Self::ObjectDiffers { .. } => Code::ObjectDiffers,
            Self::NotRestored { .. } => Code::NotFound,
            Self::NoResult => Code::Internal,
            Self::Disk(_) => Code::Disk,
            Self::Journal(error) => error.code(),
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::Cloud(error) => error.site(),
            _ => None,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Cloud(error) => error.help(),
            other => vec![other.code().help().to_owned()],
        }
    }
}

/// A run that stopped at a step.
#[derive(Debug, thiserror::Error)]
#[error("step {step} ({action}) of run {run_id} failed")]
pub struct Failure {
    /// The run.
    pub run_id: String,
    /// The step.
    pub step: StepId,
    /// What it would have done.
    pub action: &'static str,
    /// Why not.
    #[source]
    pub source: EngineError,
}

impl Explain for Failure {
    fn code(&self) -> Code {
        self.source.code()
    }

    fn site(&self) -> Option<Site> {
        self.source.site()
    }

    fn help(&self) -> Vec<String> {
        self.source.help()
    }
}
