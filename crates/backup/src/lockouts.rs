//! Who encrypts whom, looked at as a whole before the first vault is saved: vaults that lock each other in are only
//! seen together.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use keyferry_core::Finding;
use keyferry_core::lockout::Lockouts;
use keyferry_core::model::{OciStore, StoreUrl, Vault};
use keyferry_ids::{KeyId, VaultId, short};

use crate::{BackupError, Fleet};

impl Fleet<'_> {
    /// Looks at every bucket in which the fleet's backups will lie, and follows the keys that encrypt them to their
    /// vaults, and to where those are saved. A bucket that can't be looked at is left to whoever needs it.
    ///
    /// # Errors
    /// If what this machine has seen before can't be read.
    pub async fn look_around(&self) -> Result<(), BackupError> {
        let mut open: Vec<OciStore> = self.stores.clone();
        let mut followed = BTreeSet::new();
        while let Some(store) = open.pop() {
            let Ok(Some(bucket)) = self.bucket(&store).await else { continue };
            let key = bucket.kms_key_id.as_deref();
            self.lockouts().bucket(&store.to_string(), key);
            let Some((key, vault)) = key.and_then(|key| Some((key, self.owner(key)?))) else { continue };
            let name = self.key_name(vault, key).await;
            self.lockouts().key(key, &name, &vault.id, &vault.name);
            if !followed.insert(&vault.id) {
                continue;
            }
            for place in self.memory.places(&vault.id)? {
                if let Some(store) = place.oci() {
                    // What was in a bucket that is gone is gone as well.
                    if matches!(self.bucket(store).await, Ok(None)) {
                        continue;
                    }
                    open.push(store.clone());
                }
                self.lockouts().backup_lies_in(&vault.id, &place.to_string());
            }
        }
        Ok(())
    }

    /// What speaks against those places for backups of that vault.
    pub(crate) fn locked_in<'s>(
        &self,
        vault: &VaultId,
        places: impl Iterator<Item = &'s OciStore>,
    ) -> Vec<Finding> {
        let places: Vec<String> = places.map(ToString::to_string).collect();
        self.lockouts().findings(vault, &places)
    }

    fn lockouts(&self) -> MutexGuard<'_, Lockouts> {
        self.lockouts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key's OCID holds a part of its vault's, so no list of keys is needed to know whose it is.
    fn owner(&self, key: &str) -> Option<&Vault> {
        let part = |ocid: &str| ocid.split('.').nth(4).map(str::to_owned);
        let mut of_key = self.vaults.iter().filter(|vault| part(vault.id.as_str()) == part(key));
        // Of one with replicas, the primary.
        of_key.clone().find(|vault| vault.is_primary).or_else(|| of_key.next())
    }

    async fn key_name(&self, vault: &Vault, key: &str) -> String {
        let Ok(id) = KeyId::parse(key) else { return short(key) };
        let read = self.context.client.key_without_versions(vault, &id).await;
        read.map_or_else(|_| short(key), |key| key.name)
    }
}

/// The stores that are buckets, each once.
pub(crate) fn buckets<'a>(places: impl Iterator<Item = &'a StoreUrl>) -> Vec<OciStore> {
    let mut seen = BTreeSet::new();
    places.filter_map(StoreUrl::oci).filter(|store| seen.insert(store.to_string())).cloned().collect()
}
