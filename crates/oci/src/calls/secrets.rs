//! Secrets: listed, never read.

use keyferry_core::model::Secret;
use keyferry_ids::{CompartmentId, Region, VaultId};
use keyferry_wire::ops;
use keyferry_wire::secrets::{SecretState, SecretSummary};

use crate::client::{Client, Place};
use crate::convert;
use crate::error::Error;

impl Client {
    /// The secrets of one compartment that are not deleted, optionally of one vault. A vault's secrets may
    /// lie in any compartment.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn list_secrets(
        &self,
        region: Region,
        compartment: &CompartmentId,
        vault: Option<&VaultId>,
    ) -> Result<Vec<Secret>, Error> {
        let mut query = vec![("compartmentId", compartment.to_string())];
        query.extend(vault.map(|vault| ("vaultId", vault.to_string())));
        let listed =
            self.pages::<ops::ListSecrets, SecretSummary>(Place::Region(region), &[], &query).await?;
        let kept = listed.items.iter().filter(|secret| secret.lifecycle_state != SecretState::Deleted);
        kept.map(|secret| convert::secret(&listed.site, secret)).collect()
    }
}
