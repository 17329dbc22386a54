//! Keys of one vault, asked at its management endpoint.

use keyferry_core::model::{Key, KeyShape, KeyState, KeyVersion, ProtectionMode, Vault, VersionState};
use keyferry_ids::{CompartmentId, KeyId, KeyVersionId};
use keyferry_wire::identity::FreeformTags;
use keyferry_wire::kms::{CreateKeyDetails, KeySummary, KeyVersionSummary};
use keyferry_wire::{Json, kms, ops};

use crate::client::{Call, Client, Place};
use crate::convert;
use crate::error::Error;

/// What a new key needs.
#[derive(Debug, Clone)]
pub struct NewKey<'a> {
    /// Where it shall live.
    pub compartment_id: &'a CompartmentId,
    /// Display name.
    pub name: &'a str,
    /// Algorithm and size.
    pub shape: KeyShape,
    /// Where its material shall live.
    pub protection_mode: ProtectionMode,
    /// Free-form tags.
    pub tags: FreeformTags,
}

/// A key as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// Its OCID.
    pub id: KeyId,
    /// Display name.
    pub name: String,
    /// Where its material lives.
    pub protection_mode: ProtectionMode,
    /// State when listed.
    pub lifecycle_state: KeyState,
}

fn management(vault: &Vault) -> Place<'_> {
    Place::Vault { region: vault.region, endpoint: &vault.management_endpoint }
}

impl Client {
    /// The keys of a vault that lie in one compartment, as the list shows them.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn listed_keys(
        &self,
        vault: &Vault,
        compartment: &CompartmentId,
    ) -> Result<Vec<ListedKey>, Error> {
        let query = [("compartmentId", compartment.to_string())];
        let listed = self.pages::<ops::ListKeys, KeySummary>(management(vault), &[], &query).await?;
        listed.items.iter().map(|key| convert::listed_key(&listed.site, key)).collect()
    }

    /// The ids of these keys.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn key_ids(&self, vault: &Vault, compartment: &CompartmentId) -> Result<Vec<KeyId>, Error> {
        let listed = self.listed_keys(vault, compartment).await?;
        Ok(listed.into_iter().map(|key| key.id).collect())
    }

    /// The keys of a vault that lie in one compartment, with all their versions.
    ///
    /// # Errors
    /// If the list or one of the keys can't be read.
    pub async fn list_keys(&self, vault: &Vault, compartment: &CompartmentId) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        for id in self.key_ids(vault, compartment).await? {
            keys.push(self.key(vault, &id).await?);
        }
        Ok(keys)
    }

    /// One key with all its versions that are not deleted, oldest first. A version is read on its own only if
    /// the list leaves out something of it.
    ///
    /// # Errors
    /// If the key or one of its versions can't be read.
    pub async fn key(&self, vault: &Vault, id: &KeyId) -> Result<Key, Error> {
        let mut key = self.key_without_versions(vault, id).await?;
        for version in self.listed_versions(vault, id).await? {
            let is_whole = !key.has_unlisted_details();
            let version = if is_whole { version } else { self.key_version(vault, id, &version.id).await? };
            key.versions.push(version);
        }
        Ok(key)
    }

    /// One key; its versions are left out.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn key_without_versions(&self, vault: &Vault, id: &KeyId) -> Result<Key, Error> {
        let call = Call { names: &[id.as_str()], ..Call::new(management(vault), &()) };
        let reply = self.call::<ops::GetKey>(call).await?;
        convert::key(&reply.site, reply.body.0)
    }

    /// The versions of a key that are not deleted, oldest first, as the list shows them: without public keys and
    /// lineage.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn listed_versions(&self, vault: &Vault, key: &KeyId) -> Result<Vec<KeyVersion>, Error> {
        let (place, names) = (management(vault), [key.as_str()]);
        let listed = self.pages::<ops::ListKeyVersions, KeyVersionSummary>(place, &names, &[]).await?;
        let versions = listed.items.iter().map(|version| convert::listed_version(&listed.site, version));
        let mut versions = versions.collect::<Result<Vec<_>, _>>()?;
        versions.retain(|version| version.lifecycle_state != VersionState::Deleted);
        versions.sort_by(|a, b| (a.time_created, &a.id).cmp(&(b.time_created, &b.id)));
        Ok(versions)
    }

    /// One version of a key.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn key_version(
        &self,
        vault: &Vault,
        key: &KeyId,
        id: &KeyVersionId,
    ) -> Result<KeyVersion, Error> {
        let names = [key.as_str(), id.as_str()];
        let call = Call { names: &names, ..Call::new(management(vault), &()) };
        let reply = self.call::<ops::GetKeyVersion>(call).await?;
        convert::version(&reply.site, reply.body.0)
    }

    /// Creates a key; it is CREATING at first.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn create_key(
        &self,
        vault: &Vault,
        new: NewKey<'_>,
        retry_token: Option<&str>,
    ) -> Result<KeyId, Error> {
        let body = Json(CreateKeyDetails {
            compartment_id: new.compartment_id.to_string(),
            display_name: new.name.to_owned(),
            key_shape: kms::KeyShape {
                algorithm: new.shape.algorithm.as_str().into(),
                length: new.shape.length,
                curve_id: new.shape.curve.as_deref().map(Into::into),
            },
            protection_mode: Some(new.protection_mode.as_str().into()),
            freeform_tags: Some(new.tags).filter(|tags| !tags.is_empty()),
            defined_tags: None,
            is_auto_rotation_enabled: None,
            auto_key_rotation_details: None,
        });
        let call = Call { subject: Some(new.name), retry_token, ..Call::new(management(vault), &body) };
        let reply = self.call::<ops::CreateKey>(call).await?;
        convert::id(&reply.site, "id", &reply.body.0.id)
    }

    /// Gives a key a new current version.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn rotate_key(
        &self,
        vault: &Vault,
        id: &KeyId,
        retry_token: Option<&str>,
    ) -> Result<KeyVersionId, Error> {
        // The body is for keys of external key managers; Oracle's clients send none either.
        let call = Call { names: &[id.as_str()], retry_token, ..Call::new(management(vault), &None) };
        let reply = self.call::<ops::CreateKeyVersion>(call).await?;
        convert::id(&reply.site, "id", &reply.body.0.id)
    }

    /// Disables a key: nothing can be encrypted or decrypted with it.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn disable_key(
        &self,
        vault: &Vault,
        id: &KeyId,
        retry_token: Option<&str>,
    ) -> Result<(), Error> {
        let call = Call { names: &[id.as_str()], retry_token, ..Call::new(management(vault), &()) };
        self.call::<ops::DisableKey>(call).await.map(drop)
    }
}
