//! Backups of single keys, and states of many vaults in one call.

use keyferry_core::model::{KeyState, ObjectPlace, Vault, VaultState};
use keyferry_ids::{CompartmentId, KeyId, Region, VaultId};
use keyferry_wire::kms::{KeyBackupDetails, VaultSummary};
use keyferry_wire::{Json, ops};

use super::vaults::location;
use crate::client::{Call, Client, Place};
use crate::convert;
use crate::error::Error;
use crate::par::ParUrl;

fn management(vault: &Vault) -> Place<'_> {
    Place::Vault { region: vault.region, endpoint: &vault.management_endpoint }
}

impl Client {
    /// Starts a backup of one key into an object of a bucket in the vault's own region, through a pre-authenticated
    /// request if one is given. Returns the id of the work request, which OCI does not promise to give.
    ///
    /// # Errors
    /// If the bucket is elsewhere or the backup is refused.
    pub async fn backup_key(
        &self,
        vault: &Vault,
        key: &KeyId,
        (to, par): (&ObjectPlace, Option<&ParUrl>),
        retry_token: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let location = location::<ops::BackupKey>(vault.region, (to, par), key.as_str())?;
        let body = Json(KeyBackupDetails { backup_location: Some(location) });
        let call = Call { names: &[key.as_str()], retry_token, ..Call::new(management(vault), &body) };
        Ok(self.call::<ops::BackupKey>(call).await?.work_request_id)
    }

    /// The state of one key.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn key_state(&self, vault: &Vault, key: &KeyId) -> Result<KeyState, Error> {
        let call = Call { names: &[key.as_str()], ..Call::new(management(vault), &()) };
        let reply = self.call::<ops::GetKey>(call).await?;
        Ok(KeyState::from(reply.body.0.lifecycle_state.as_str()))
    }

    /// The states of all vaults of a compartment, in one list.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn vault_states(
        &self,
        region: Region,
        compartment: &CompartmentId,
    ) -> Result<Vec<(VaultId, VaultState)>, Error> {
        let query = [("compartmentId", compartment.to_string())];
        let listed = self.pages::<ops::ListVaults, VaultSummary>(Place::Region(region), &[], &query).await?;
        let state = |vault: &VaultSummary| {
            let id = convert::id(&listed.site, "id", &vault.id)?;
            Ok((id, VaultState::from(vault.lifecycle_state.as_str())))
        };
        listed.items.iter().map(state).collect()
    }
}
