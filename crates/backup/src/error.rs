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
    /// The state folder.
    #[error("the run can't be begun")]
    Runs(#[from] RunsError),
    /// A step.
    #[error("the backup was not finished")]
    Step(#[from] Failure),
    /// The store.
    #[error("the bundle can't be published")]
    Catalogue(#[from] keyferry_catalogue::CatalogueError),
    /// The manifest has no bytes.
    #[error("the manifest can't be written")]
    Unwritable(#[from] CanonicalError),
    /// The journal lacks a result that the manifest needs.
    #[error("the run ended without all its results")]
    NoFacts,
}

impl Explain for BackupError {
    fn code(&self) -> Code {
        match self {
            Self::Refused { findings } => findings.first().map_or(Code::Internal, |finding| finding.code),
            Self::Runs(error) => error.code(),
            Self::Step(error) => error.code(),
            Self::Catalogue(error) => error.code(),
            Self::Unwritable(_) | Self::NoFacts => Code::Internal,
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::Step(error) => error.site(),
            Self::Catalogue(error) => error.site(),
            _ => None,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Refused { findings } => findings.iter().map(|finding| finding.remedy.clone()).collect(),
            Self::Runs(error) => error.help(),
            Self::Step(error) => error.help(),
            Self::Catalogue(error) => error.help(),
            other => vec![other.code().help().to_owned()],
        }
    }
}
