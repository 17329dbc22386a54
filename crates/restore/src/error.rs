//! Why a restore was not done.

use keyferry_core::{Code, Explain, Finding, Site};
use keyferry_engine::{Failure, RunsError};

/// A restore that failed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The plan forbids it.
    #[error("{}", findings.iter().map(|f| format!("{}: {}", f.code.summary(), f.because)).collect::<Vec<_>>().join("; "))]
    Refused {
        /// Why.
        findings: Vec<Finding>,
    },
    /// The plan was made for another account.
    #[error("the plan was made for tenancy {0}")]
    OtherTenancy(String),
    /// The target has changed since the plan was made.
    #[error("the target is no longer as the plan expects: {}", because.join("; "))]
    Stale {
        /// How.
        because: Vec<String>,
    },
    /// The target region.
    #[error("the target could not be looked at again")]
    Look(#[source] Box<keyferry_oci::Error>),
    /// The state folder.
    #[error("the run can't be begun")]
    Runs(#[from] RunsError),
    /// A step.
    #[error("the restore was not finished")]
    Step(#[from] Failure),
}

impl Explain for RestoreError {
    fn code(&self) -> Code {
        match self {
            Self::Refused { findings } => findings.first().map_or(Code::Internal, |finding| finding.code),
            Self::OtherTenancy(_) => Code::ForeignTenancy,
            Self::Stale { .. } => Code::PlanStale,
            Self::Look(error) => error.code(),
            Self::Runs(error) => error.code(),
            Self::Step(error) => error.code(),
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::Step(error) => error.site(),
            Self::Look(error) => error.site(),
            _ => None,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Refused { findings } => findings.iter().map(|finding| finding.remedy.clone()).collect(),
            Self::OtherTenancy(_) | Self::Stale { .. } => vec![self.code().help().to_owned()],
            Self::Look(error) => error.help(),
            Self::Runs(error) => error.help(),
            Self::Step(error) => error.help(),
        }
    }
}
