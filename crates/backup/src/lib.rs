//! Backing up: which vaults and keys, in what order, sealed into which bundle, copied where.

mod destination;
mod error;
mod facts;
pub mod plan;
mod run;
mod seal;

pub use destination::{Destination, look};
pub use error::BackupError;
pub use plan::{BackupPlan, BackupRequest, backup_id, plan};
pub use run::{BackupDone, run};
