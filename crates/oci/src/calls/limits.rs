//! Service limits: how much of them is left.

use keyferry_ids::Region;
use keyferry_wire::ops;

use crate::client::{Call, Client, Place};
use crate::error::Error;

/// How much of a service limit is used. The service may leave out either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// How much is used.
    pub used: Option<u64>,
    /// How much more is allowed.
    pub available: Option<u64>,
}

impl Client {
    /// How much of a service's limit the tenancy uses in a region. It takes the permission to read
    /// `resource-availability`.
    ///
    /// # Errors
    /// If the service does not say.
    pub async fn availability(
        &self,
        region: Region,
        service: &str,
        limit: &str,
    ) -> Result<Availability, Error> {
        // Limits are the tenancy's, whatever quotas compartments have.
        let query = [("compartmentId", self.tenancy_id().to_string())];
        let names = [service, limit];
        let call = Call { names: &names, query: &query, ..Call::new(Place::Region(region), &()) };
        let shown = self.call::<ops::GetResourceAvailability>(call).await?.body.0;
        Ok(Availability { used: shown.used, available: shown.available })
    }
}
