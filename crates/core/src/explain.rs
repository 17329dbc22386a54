//! What every top error can say about itself.

use serde::Serialize;

use crate::Code;

/// Where in the cloud something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Region name.
    pub region: Option<String>,
    /// Operation as Oracle's API reference writes it.
    pub operation: Option<String>,
    /// Identifies the call in Oracle's logs.
    pub opc_request_id: Option<String>,
}

/// An error with a code, a place and advice.
pub trait Explain: std::error::Error {
    /// The code, from which the exit code follows.
    fn code(&self) -> Code;
    /// Region, operation, request id.
    fn site(&self) -> Option<Site> {
        None
    }
    /// One to three imperative lines.
    fn help(&self) -> Vec<String> {
        vec![self.code().help().to_owned()]
    }
}
