//! Work that is due later: what requests leave behind when they answer before they are done.

use keyferry_ids::Region;
use keyferry_wire::OperationName;
use serde::{Deserialize, Serialize};

use crate::call::Moment;
use crate::services::backups::Backup;
use crate::services::copies::Copy;
use crate::services::restores::Restore;
use crate::services::{keys, vault_deletion, vaults};
use crate::world::Change;

/// One piece of work. It reads the world when it is done, not when it was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Write the copy of an object.
    FinishCopy(Copy),
    /// A retry token counts for 24 hours.
    ForgetRetry { region: Region, operation: OperationName, token: String },
    /// End a vault's state of transition.
    SettleVault { region: Region, id: String },
    /// Delete a vault that is pending deletion.
    DeleteVault { region: Region, id: String },
    /// End a key's state of transition, or that of its new version.
    SettleKey { region: Region, id: String },
    /// Write a vault's backup file.
    FinishBackup(Backup),
    /// Bring back what a backup file holds.
    FinishRestore(Restore),
}

impl Task {
    /// Where it is done. It dies with that region.
    pub(crate) fn region(&self) -> Region {
        match self {
            Self::FinishCopy(copy) => copy.region,
            Self::FinishBackup(backup) => backup.region,
            Self::FinishRestore(restore) => restore.region,
            Self::ForgetRetry { region, .. }
            | Self::SettleVault { region, .. }
            | Self::DeleteVault { region, .. }
            | Self::SettleKey { region, .. } => *region,
        }
    }

    /// What doing it changes; `moment.now` is when it is due.
    pub(crate) fn perform(&self, moment: &Moment<'_>) -> Vec<Change> {
        match self {
            Self::FinishCopy(copy) => copy.finish(moment),
            Self::ForgetRetry { region, operation, token } => {
                vec![Change::ForgetRetry(*region, *operation, token.clone())]
            }
            Self::SettleVault { id, .. } => vaults::settle(moment, id),
            Self::DeleteVault { id, .. } => vault_deletion::carry_out(moment, id),
            Self::SettleKey { id, .. } => keys::settle(moment, id),
            Self::FinishBackup(backup) => backup.finish(moment),
            Self::FinishRestore(restore) => restore.finish(moment),
        }
    }
}
