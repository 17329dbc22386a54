//! Restoring: a bundle and a target become a plan, a run, a map and a proof.

mod drift;
mod error;
mod fold;
pub mod plan;
mod run;
mod target;

pub use drift::still_fits;
pub use error::RestoreError;
pub use fold::{mapping_of, proof_of};
pub use plan::{BlobRequest, Existing, RestoreRequest, plan, plan_blob, plan_proof};
pub use run::{Restored, resume, run};
pub use target::{Target, look};
