//! How well a bucket keeps what is in it: versions and retention rules.

use jiff::Timestamp;
use keyferry_core::coverage::Keeping;
use keyferry_core::model::{OciStore, Protection};
use keyferry_wire::ops;

use crate::client::{Call, Client, Place};
use crate::convert;
use crate::error::Error;

impl Client {
    /// Reads a bucket's versioning and retention rules.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn protection(&self, bucket: &OciStore) -> Result<Protection, Error> {
        let names = [bucket.namespace.as_str(), bucket.bucket.as_str()];
        let call = || Call { names: &names, ..Call::new(Place::Region(bucket.region), &()) };
        let rules = self.call::<ops::ListRetentionRules>(call()).await?.body.0.items;
        let versioning = self.call::<ops::GetBucket>(call()).await?.body.0.versioning;
        Ok(Protection { versioning, rules: rules.into_iter().map(convert::retention_rule).collect() })
    }

    /// The same in one word.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn keeping(&self, bucket: &OciStore, now: Timestamp) -> Result<Keeping, Error> {
        Ok(self.protection(bucket).await?.keeping(now))
    }
}
