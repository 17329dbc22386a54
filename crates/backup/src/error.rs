//! Why a backup was not made, or can't be claimed.

use keyferry_core::canonical::CanonicalError;
use keyferry_core::{Code, Explain, Finding, Site};
use keyferry_engine::{Failure, RunsError};

/// A backup that failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The plan forbids it.
    #[error("{}", findings.iter().map(|f| format!("{}: {}", f.code.summary(), f.because)).collect::<Vec<_>>().join("; "))]
    Refused {
        /// Why.
        findings: Vec<Finding>,
    },
    /// Nothing keeps the URL of a pre-authenticated request.
    #[error("the backup goes through a pre-authenticated request, and none was given")]
    NoPar,
    /// The state folder.
    #[error("the run can't be begun")]
    Runs(#[from] RunsError),
    /// A step.
    #[error("the backup was not finished")]
    Step(#[source] Box<Failure>),
    /// A backup by somebody else is under way.
    #[error("the vault could not be waited for")]
    Busy(#[source] keyferry_engine::EngineError),
    /// A store.
    #[error("a place of the backup could not be used")]
    Catalogue(#[from] keyferry_catalogue::CatalogueError),
    /// A store that did not answer before.
    #[error("{store} can't be looked at: {because}")]
    Silent {
        /// The store.
        store: String,
        /// Why.
        because: String,
    },
    /// What was seen before.
    #[error("what this machine has seen before can't be read or noted")]
    Memory(#[source] keyferry_seams::DiskError),
    /// A fleet's record of another program or version.
    #[error("the run's record was written by another version")]
    OtherRecord,
    /// A manifest that a finished run left is no manifest.
    #[error("the run's manifest can't be read")]
    Manifest(#[from] keyferry_core::manifest::ManifestError),
    /// The manifest has no bytes.
    #[error("the manifest can't be written")]
    Unwritable(#[from] CanonicalError),
    /// The journal lacks a result that the manifest needs.
    #[error("the run ended without all its results")]
    NoFacts,
}

impl From<Failure> for BackupError {
    fn from(failure: Failure) -> Self {
        Self::Step(Box::new(failure))
    }
}

impl BackupError {
    /// True if nobody answers where it was asked.
    pub fn is_unreachable(&self) -> bool {
        use keyferry_catalogue::CatalogueError;
        match self {
            Self::Catalogue(CatalogueError::Cloud { source, .. }) => source.is_unreachable(),
            Self::Silent { .. } => true,
            _ => false,
        }
    }

    /// True for a run that can't be gone on with, whatever happens: another writer took its number.
    pub fn can_begin_anew(&self) -> bool {
        matches!(self, Self::Step(failure) if failure.code() == Code::Locked)
    }
}

impl Explain for BackupError {
    fn code(&self) -> Code {
        match self {
            Self::Refused { findings } => findings.first().map_or(Code::Internal, |finding| finding.code),
            Self::NoPar => Code::Usage,
            Self::Runs(error) => error.code(),
            Self::Step(error) => error.code(),
            Self::Busy(error) => error.code(),
            Self::Catalogue(error) => error.code(),
            Self::Silent { .. } => Code::Unreachable,
            Self::Memory(_) => Code::Disk,
            Self::OtherRecord => Code::Settings,
            Self::Manifest(error) => error.code(),
            Self::Unwritable(_) | Self::NoFacts => Code::Internal,
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::Step(error) => error.site(),
            Self::Busy(error) => error.site(),
            Self::Catalogue(error) => error.site(),
            _ => None,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Refused { findings } => findings.iter().map(|finding| finding.remedy.clone()).collect(),
            Self::NoPar => vec!["give the file with its URL: --par-file FILE".to_owned()],
            Self::Runs(error) => error.help(),
            Self::Step(error) => error.help(),
            Self::Busy(error) => error.help(),
            Self::Catalogue(error) => error.help(),
            other => vec![other.code().help().to_owned()],
        }
    }
}
