//! Work requests.

use keyferry_core::model::WorkRequest;
use keyferry_wire::work_requests;

pub(crate) fn work_request(work: &work_requests::WorkRequest) -> WorkRequest {
    WorkRequest {
        id: work.id.clone(),
        status: work.status.as_str().into(),
        // The cast saturates; a NaN becomes 0.
        percent: work.percent_complete.clamp(0.0, 100.0) as u8,
    }
}
