//! Work requests: the service's asynchronous jobs.

use keyferry_ids::open_enum;
use serde::{Deserialize, Serialize};

open_enum! {
    /// State of a work request. Object Storage calls success COMPLETED, the general service SUCCEEDED.
    WorkStatus {
        Accepted = "ACCEPTED", InProgress = "IN_PROGRESS", Failed = "FAILED", Succeeded = "SUCCEEDED",
        Completed = "COMPLETED", Canceling = "CANCELING", Canceled = "CANCELED",
    }
}

impl WorkStatus {
    /// True if it ended well.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Completed)
    }

    /// True if it ended without success.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed | Self::Canceled)
    }
}

/// A work request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkRequest {
    /// Its id: an OCID from the general service, opaque from Object Storage.
    pub id: String,
    /// Where it stands.
    pub status: WorkStatus,
    /// Progress from 0 to 100.
    pub percent: u8,
}
