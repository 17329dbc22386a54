//! Retention: which backups may go, and their deletion.

mod plan;
mod run;

pub use plan::{Candidate, Choice, Decision, Kept, Reason, Refused, plan};
pub use run::{Doomed, Performed, run};
