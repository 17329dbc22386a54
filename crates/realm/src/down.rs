//! The ways in which a region can be lost.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a region fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Down {
    /// Connections are refused; the region comes back as it was.
    #[serde(rename = "refuse")]
    Refuse,
    /// Connections are taken and never answered.
    #[serde(rename = "hang")]
    Hang,
    /// Every request is answered with 503.
    #[serde(rename = "503")]
    Unavailable,
    /// Connections are refused and everything in the region is gone.
    #[serde(rename = "destroyed")]
    Destroyed,
}

impl Down {
    /// The word for it on the command line and in the admin API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Hang => "hang",
            Self::Unavailable => "503",
            Self::Destroyed => "destroyed",
        }
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Down {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Refuse, Self::Hang, Self::Unavailable, Self::Destroyed]
            .into_iter()
            .find(|how| how.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// Not a way in which a region fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region goes down by `refuse`, `hang`, `503` or `destroyed`")]
pub struct UnknownWord;
