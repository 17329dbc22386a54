//! The general work request service, which follows backups and restores of vaults.

use keyferry_core::model::WorkRequest;
use keyferry_ids::Region;
use keyferry_wire::ops;
use keyferry_wire::work_requests::WorkRequestError;

use crate::client::{Call, Client, Place};
use crate::convert;
use crate::error::{Error, shown};

impl Client {
    /// Where a job stands.
    ///
    /// # Errors
    /// If it can't be read, which by OCI's documents does not mean that the job failed.
    pub async fn work_request(&self, region: Region, id: &str) -> Result<WorkRequest, Error> {
        let call = Call { names: &[id], ..Call::new(Place::Region(region), &()) };
        let reply = self.call::<ops::GetWorkRequest>(call).await?;
        Ok(convert::work_request(&reply.body.0))
    }

    /// Why a job failed, in OCI's words.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn work_request_errors(&self, region: Region, id: &str) -> Result<Vec<String>, Error> {
        let place = Place::Region(region);
        let listed = self.pages::<ops::ListWorkRequestErrors, WorkRequestError>(place, &[id], &[]).await?;
        Ok(listed.items.iter().map(|e| shown(&format!("{}: {}", e.code, e.message))).collect())
    }
}
