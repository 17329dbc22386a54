//! Backing up: which vaults and keys, in what order, sealed into which bundle, copied where.

mod destination;
mod drive;
mod error;
mod file_name;
mod fleet;
mod lockouts;
mod memory;
mod par;
pub mod plan;
mod record;
mod run;
mod shard;
mod unchanged;

pub use destination::{Destination, look};
pub use drive::{Finished, Job, Read, drive};
pub use error::BackupError;
pub use file_name::{FileName, FileNameError};
pub use fleet::{Fleet, FleetSetup, Saved, Target};
pub use memory::Memory;
pub use par::Through;
pub use plan::{BackupRequest, Extent, backup_id, plan};
pub use record::{FleetFiles, FleetRecord, FleetResult, FleetVault, SCHEMA, VERSION};
pub use run::{BackupDone, done, resume, run};
pub use shard::{Shard, ShardError};
pub use unchanged::Unchanged;
