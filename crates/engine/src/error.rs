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
    /// A plan needs a pre-authenticated request, and nothing keeps those.
    #[error("the service is to write through a pre-authenticated request, and none was given")]
    NoPar,
    /// The service does not take a pre-authenticated request. It says the same for all reasons.
    #[error("the service does not take the pre-authenticated request for {to}; nothing was saved")]
    ParRefused {
        /// The object.
        to: String,
        /// What it says.
        #[source]
        source: Box<keyferry_oci::Error>,
    },
    /// The work behind a pre-authenticated request ended badly.
    #[error("work request {id} ended as {status}, nothing was saved: {}", errors.join("; "))]
    ParWork {
        /// Its id.
        id: String,
        /// Its last state.
        status: String,
        /// What the service says.
        errors: Vec<String>,
    },
    /// Written, by what the service says, and not to be seen.
    #[error("the service says that it wrote {0}, but it is not there or may not be read")]
    Unverified(String),
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
    /// Sealing needs a key.
    #[error("there is no key to sign the manifest with")]
    NoKey,
    /// A manifest that has no bytes.
    #[error("the manifest can't be written")]
    Unwritable(#[from] keyferry_core::canonical::CanonicalError),
    /// A store.
    #[error("the store could not be used")]
    Store(#[source] Box<keyferry_catalogue::CatalogueError>),
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

impl From<keyferry_catalogue::CatalogueError> for EngineError {
    fn from(error: keyferry_catalogue::CatalogueError) -> Self {
        Self::Store(Box::new(error))
    }
}

impl EngineError {
    /// True if an object is absent or may not be read.
    pub(crate) fn is_absent_or_forbidden(&self) -> bool {
        match self {
            Self::ObjectMissing(_) => true,
            Self::Cloud(error) => error.is_absent_or_forbidden(),
            _ => false,
        }
    }
}

impl Explain for EngineError {
    fn code(&self) -> Code {
        match self {
            Self::Cloud(error) => error.code(),
            Self::NoPar => Code::Usage,
            Self::ParRefused { .. } => Code::ParRevoked,
            Self::WorkRequest { .. } | Self::ParWork { .. } => Code::WorkRequestFailed,
            Self::Unverified(_) => Code::Unverified,
            Self::TimedOut { .. } => Code::TimedOut,
            Self::ObjectExists(_) => Code::BackupNotProven,
            Self::ObjectMissing(_) => Code::ObjectMissing,
            Self::ObjectDiffers { .. } => Code::ObjectDiffers,
            Self::NotRestored { .. } => Code::NotFound,
            Self::NoResult | Self::NoKey | Self::Unwritable(_) => Code::Internal,
            Self::Store(error) => error.code(),
            Self::Disk(_) => Code::Disk,
            Self::Journal(error) => error.code(),
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::Cloud(error) | Self::ParRefused { source: error, .. } => error.site(),
            Self::Store(error) => error.site(),
            _ => None,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Cloud(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::NoPar => vec!["give the file with its URL again, or that of a new one for the same object: --par-file FILE".to_owned()],
            Self::ParRefused { .. } | Self::ParWork { .. } => vec![
                "the request may have expired, been deleted, or be for another object, or whoever made it lost the right to the bucket".to_owned(),
                "make a new one and begin again, or go on with one for the same object: keyferry resume RUN --par-file FILE".to_owned(),
            ],
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
