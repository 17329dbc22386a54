//! Findings: coded observations with a remedy. An error means we could not judge; a finding is a judgement.

use serde::{Deserialize, Serialize};

use crate::Code;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Goes on, but somebody should look.
    Warning,
    /// Nothing may be done.
    Error,
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// The thing it is about: an OCID, a store, a region.
    pub subject: String,
    /// What was seen.
    pub because: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    /// A finding with the code's own remedy.
    pub fn new(code: Code, severity: Severity, subject: impl ToString, because: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            subject: subject.to_string(),
            because: because.into(),
            remedy: code.help().to_owned(),
        }
    }
}
