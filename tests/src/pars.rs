//! Pre-authenticated requests, as an administrator makes them.

use jiff::Timestamp;
use keyferry_core::model::OciStore;
use keyferry_oci::{Call, Place};
use keyferry_wire::pars::{CreateParDetails, Par, ParAccess};
use keyferry_wire::{Json, Time, ops};

use crate::Account;

impl Account {
    /// A pre-authenticated request to a bucket, for one object or for all that begin with a prefix.
    pub async fn par(
        &self,
        bucket: &OciStore,
        access: ParAccess,
        object: Option<&str>,
        expires: Timestamp,
    ) -> Par {
        let body = Json(CreateParDetails {
            name: "for a backup".to_owned(),
            access_type: access,
            time_expires: Time(expires),
            object_name: object.map(str::to_owned),
            bucket_listing_action: None,
        });
        let names = [bucket.namespace.as_str(), bucket.bucket.as_str()];
        let call = Call { names: &names, ..Call::new(Place::Region(bucket.region), &body) };
        self.client.call::<ops::CreatePreauthenticatedRequest>(call).await.expect("made").body.0
    }

    /// Takes one back.
    pub async fn revoke(&self, bucket: &OciStore, par: &Par) {
        let names = [bucket.namespace.as_str(), bucket.bucket.as_str(), par.id.as_str()];
        let call = Call { names: &names, ..Call::new(Place::Region(bucket.region), &()) };
        self.client.call::<ops::DeletePreauthenticatedRequest>(call).await.expect("revoked");
    }
}
