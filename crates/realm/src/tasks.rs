//! Work that is due later: what requests leave behind when they answer before they are done.

use keyferry_ids::Region;
use keyferry_wire::OperationName;
use serde::{Deserialize, Serialize};

use crate::call::Moment;
use crate::faults::Disturbed;
use crate::refusal::Refusal;
use crate::services::backups::Backup;
use crate::services::compartment_work::CompartmentWork;
use crate::services::copies::Copy;
use crate::services::encryption::Reencryption;
use crate::services::replicas::Replication;
use crate::services::restores::Restore;
use crate::services::{auto_rotation, identity, key_deletion, keys, secret_states, vault_deletion, vaults};
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
    /// Delete a key that is pending deletion.
    DeleteKey { region: Region, id: String },
    /// Delete a key version that is pending deletion.
    DeleteKeyVersion { region: Region, id: String },
    /// Rotate a key that rotates by itself.
    RotateKey { region: Region, id: String },
    /// Write a vault's backup file.
    FinishBackup(Backup),
    /// Delete or move a compartment.
    FinishCompartment(CompartmentWork),
    /// End the making of a subscription, which is identity's and so the home region's.
    FinishSubscription { region: Region, to: Region },
    /// End a secret's state of transition.
    SettleSecret { region: Region, id: String },
    /// Delete a secret that is pending deletion.
    DeleteSecret { region: Region, id: String },
    /// Encrypt a bucket's objects with its key of now.
    FinishReencryption(Reencryption),
    /// Bring back what a backup file holds.
    FinishRestore(Restore),
    /// Make or delete a vault's replica.
    FinishReplication(Replication),
    /// Do another task, but not well.
    Disturbed(Disturbed),
}

impl Task {
    /// Where it is done. It dies with that region.
    pub(crate) fn region(&self) -> Region {
        match self {
            Self::FinishCopy(copy) => copy.region,
            Self::FinishCompartment(work) => work.region,
            Self::FinishBackup(backup) => backup.region,
            Self::FinishRestore(restore) => restore.region,
            Self::FinishReplication(replication) => replication.region,
            Self::FinishReencryption(reencryption) => reencryption.region,
            Self::Disturbed(disturbed) => disturbed.task.region(),
            Self::ForgetRetry { region, .. }
            | Self::FinishSubscription { region, .. }
            | Self::SettleSecret { region, .. }
            | Self::DeleteSecret { region, .. }
            | Self::SettleVault { region, .. }
            | Self::DeleteVault { region, .. }
            | Self::SettleKey { region, .. }
            | Self::DeleteKey { region, .. }
            | Self::DeleteKeyVersion { region, .. }
            | Self::RotateKey { region, .. } => *region,
        }
    }

    /// Whether it is about the tenancy, which does not die with a region.
    pub(crate) fn is_of_tenancy(&self) -> bool {
        matches!(self, Self::FinishCompartment(_) | Self::FinishSubscription { .. })
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
            Self::DeleteKey { id, .. } => key_deletion::carry_out(moment, id),
            Self::DeleteKeyVersion { id, .. } => key_deletion::carry_out_version(moment, id),
            Self::RotateKey { id, .. } => auto_rotation::rotate(moment, id),
            Self::FinishCompartment(work) => work.finish(moment),
            Self::FinishSubscription { to, .. } => identity::subscribed(*to),
            Self::SettleSecret { id, .. } => secret_states::settle(moment, id),
            Self::DeleteSecret { id, .. } => secret_states::carry_out(moment, id),
            Self::FinishBackup(backup) => backup.finish(moment),
            Self::FinishRestore(restore) => restore.finish(moment),
            Self::FinishReplication(replication) => replication.finish(moment),
            Self::FinishReencryption(reencryption) => reencryption.finish(moment),
            Self::Disturbed(disturbed) => disturbed.perform(moment),
        }
    }

    /// Whether a work request follows it, which faults can let fail.
    pub(crate) fn is_work(&self) -> bool {
        self.is_backup()
            || self.is_restore()
            || matches!(self, Self::FinishCopy(_) | Self::FinishReencryption(_))
    }

    pub(crate) fn is_backup(&self) -> bool {
        matches!(self, Self::FinishBackup(_))
    }

    pub(crate) fn is_restore(&self) -> bool {
        matches!(self, Self::FinishRestore(_))
    }

    /// What it changes if it fails for a reason that lies outside.
    pub(crate) fn fail(&self, moment: &Moment<'_>, refusal: &Refusal) -> Vec<Change> {
        match self {
            Self::FinishCopy(copy) => copy.fail(moment, refusal),
            Self::FinishReencryption(reencryption) => reencryption.fail(moment, refusal),
            Self::FinishBackup(backup) => backup.fail(moment, refusal),
            Self::FinishRestore(restore) => restore.fail(moment, refusal),
            other => other.perform(moment),
        }
    }
}
