//! Why a drill could not be run. A drill that ran and found something wrong is a result.

use keyferry_core::{Code, Explain, Site};

/// A drill that did not come to a result.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The scenario.
    #[error("the scenario can't be played")]
    Scenario(#[from] crate::ScenarioError),
    /// The realm.
    #[error("the embedded realm can't be set up")]
    Realm(#[from] keyferry_realm::RealmError),
    /// No randomness.
    #[error("the system gives no random numbers")]
    Chance(#[from] std::io::Error),
    /// Something of the realm can't be used by the client.
    #[error("the embedded realm and the client do not fit: {0}")]
    Misfit(String),
    /// The world could not be made.
    #[error("the scenario's world could not be made")]
    World(#[source] Box<keyferry_oci::Error>),
    /// The evidence has no bytes.
    #[error("the evidence can't be written")]
    Unwritable(#[from] keyferry_core::canonical::CanonicalError),
}

impl From<keyferry_oci::Error> for DrillError {
    fn from(error: keyferry_oci::Error) -> Self {
        Self::World(Box::new(error))
    }
}

impl Explain for DrillError {
    fn code(&self) -> Code {
        match self {
            Self::Scenario(error) => error.code(),
            Self::World(error) => error.code(),
            Self::Realm(_) | Self::Chance(_) | Self::Misfit(_) | Self::Unwritable(_) => Code::Internal,
        }
    }

    fn site(&self) -> Option<Site> {
        match self {
            Self::World(error) => error.site(),
            _ => None,
        }
    }
}
