//! Vaults: list, read, count, create, back up, restore, schedule deletion.

use jiff::Timestamp;
use keyferry_core::model::{ObjectPlace, Usage, Vault, VaultType};
use keyferry_ids::{CompartmentId, Region, VaultId};
use keyferry_wire::identity::FreeformTags;
use keyferry_wire::kms::{
    BackupLocation, BackupVaultDetails, CreateVaultDetails, RestoreVaultDetails, ScheduleDeletionDetails,
    VaultSummary,
};
use keyferry_wire::{Json, Operation, Time, kms, ops};

use crate::client::{Call, Client, Place, Reply};
use crate::convert;
use crate::error::{CallSite, Error, NotSent};
use crate::par::ParUrl;

/// What a new vault needs.
#[derive(Debug, Clone)]
pub struct NewVault<'a> {
    /// Where it shall live.
    pub compartment_id: &'a CompartmentId,
    /// Display name.
    pub name: &'a str,
    /// Kind of vault.
    pub vault_type: VaultType,
    /// Free-form tags.
    pub tags: FreeformTags,
}

impl Client {
    /// The ids of the vaults of one compartment, deleted ones included as long as OCI lists them.
    ///
    /// # Errors
    /// If the list can't be read.
    pub async fn vault_ids(
        &self,
        region: Region,
        compartment: &CompartmentId,
    ) -> Result<Vec<VaultId>, Error> {
        let query = [("compartmentId", compartment.to_string())];
        let listed = self.pages::<ops::ListVaults, VaultSummary>(Place::Region(region), &[], &query).await?;
        listed.items.iter().map(|vault| convert::id(&listed.site, "id", &vault.id)).collect()
    }

    /// The vaults of one compartment, each read whole: a list does not say where a vault was restored from.
    ///
    /// # Errors
    /// If the list or one of the vaults can't be read.
    pub async fn list_vaults(
        &self,
        region: Region,
        compartment: &CompartmentId,
    ) -> Result<Vec<Vault>, Error> {
        let mut vaults = Vec::new();
        for id in self.vault_ids(region, compartment).await? {
            vaults.push(self.vault(region, &id).await?);
        }
        Ok(vaults)
    }

    /// One vault.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn vault(&self, region: Region, id: &VaultId) -> Result<Vault, Error> {
        let call = Call { names: &[id.as_str()], ..Call::new(Place::Region(region), &()) };
        vault(region, self.call::<ops::GetVault>(call).await?).map(|(vault, _)| vault)
    }

    /// The service's own count of a vault's keys in all compartments.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn vault_usage(&self, region: Region, id: &VaultId) -> Result<Usage, Error> {
        let call = Call { names: &[id.as_str()], ..Call::new(Place::Region(region), &()) };
        Ok(convert::usage(self.call::<ops::GetVaultUsage>(call).await?.body.0))
    }

    /// Creates a vault; it is CREATING at first.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn create_vault(
        &self,
        region: Region,
        new: NewVault<'_>,
        retry_token: Option<&str>,
    ) -> Result<Vault, Error> {
        let body = Json(CreateVaultDetails {
            compartment_id: new.compartment_id.to_string(),
            display_name: new.name.to_owned(),
            vault_type: new.vault_type.as_str().into(),
            freeform_tags: Some(new.tags).filter(|tags| !tags.is_empty()),
            defined_tags: None,
        });
        let call = Call { subject: Some(new.name), retry_token, ..Call::new(Place::Region(region), &body) };
        vault(region, self.call::<ops::CreateVault>(call).await?).map(|(vault, _)| vault)
    }

    /// Starts a backup into an object of a bucket in the vault's own region, through a pre-authenticated request
    /// if one is given. Returns the vault and the id of the work request, which OCI does not promise to give.
    ///
    /// # Errors
    /// If the bucket is elsewhere or the backup is refused.
    pub async fn backup_vault(
        &self,
        region: Region,
        id: &VaultId,
        (to, par): (&ObjectPlace, Option<&ParUrl>),
        include_keys: bool,
        retry_token: Option<&str>,
    ) -> Result<(Vault, Option<String>), Error> {
        let location = location::<ops::BackupVault>(region, (to, par), id.as_str())?;
        // Left out, `isIncludeKeys` means two different things in Oracle's own texts.
        let body =
            Json(BackupVaultDetails { backup_location: Some(location), is_include_keys: Some(include_keys) });
        let call = Call { names: &[id.as_str()], retry_token, ..Call::new(Place::Region(region), &body) };
        vault(region, self.call::<ops::BackupVault>(call).await?)
    }

    /// Starts a restore from an object of a bucket in the called region, into a compartment.
    ///
    /// # Errors
    /// If the bucket is elsewhere or the restore is refused.
    pub async fn restore_vault(
        &self,
        region: Region,
        compartment: &CompartmentId,
        from: &ObjectPlace,
        retry_token: Option<&str>,
    ) -> Result<(Vault, Option<String>), Error> {
        let location =
            location::<ops::RestoreVaultFromObjectStore>(region, (from, None), compartment.as_str())?;
        let body = Json(RestoreVaultDetails { backup_location: Some(location) });
        let query = [("compartmentId", compartment.to_string())];
        let call = Call { query: &query, retry_token, ..Call::new(Place::Region(region), &body) };
        vault(region, self.call::<ops::RestoreVaultFromObjectStore>(call).await?)
    }

    /// Starts the 7 to 30 days before a vault is deleted; 30 if no time is given.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn schedule_vault_deletion(
        &self,
        region: Region,
        id: &VaultId,
        at: Option<Timestamp>,
        retry_token: Option<&str>,
    ) -> Result<Vault, Error> {
        let body = Json(ScheduleDeletionDetails { time_of_deletion: at.map(Time) });
        let call = Call { names: &[id.as_str()], retry_token, ..Call::new(Place::Region(region), &body) };
        vault(region, self.call::<ops::ScheduleVaultDeletion>(call).await?).map(|(vault, _)| vault)
    }
}

fn vault(region: Region, reply: Reply<Json<kms::Vault>>) -> Result<(Vault, Option<String>), Error> {
    Ok((convert::vault(&reply.site, region, reply.body.0)?, reply.work_request_id))
}

/// A location names no region: the bucket is looked up in the region that is called.
pub(super) fn location<O: Operation>(
    region: Region,
    (object, par): (&ObjectPlace, Option<&ParUrl>),
    subject: &str,
) -> Result<BackupLocation, Error> {
    let not_sent = |source| {
        let (operation, plane) = (O::SPEC.name, O::SPEC.plane);
        let site =
            CallSite { operation, plane, region, subject: Some(subject.to_owned()), opc_request_id: None };
        Error::NotSent { site: Box::new(site), source }
    };
    if object.region != region {
        return Err(not_sent(NotSent::BucketElsewhere { bucket: object.region, called: region }));
    }
    if let Some(par) = par {
        let other = || not_sent(NotSent::OtherPar { par: par.to_string(), object: object.to_string() });
        return par.leading_to(object).map(|uri| BackupLocation::Par { uri }).ok_or_else(other);
    }
    Ok(BackupLocation::Bucket {
        namespace: object.namespace.clone(),
        bucket_name: object.bucket.clone(),
        object_name: object.name.clone(),
    })
}
