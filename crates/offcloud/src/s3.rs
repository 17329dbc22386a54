//! A store in a bucket of a service that speaks S3.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use keyferry_core::model::ListedObject;
use keyferry_seams::{HttpSend, NoAnswer};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore as _, ObjectStoreExt as _, PutMode, RetryConfig};

use crate::exchange::Exchange;
use crate::name::{checked, checked_folder, is_name};
use crate::{MOST_LISTED, OffCloudError, Put, Trouble, environment};

/// Longest answer besides an object: a page of a listing holds 1000 names of up to 1024 bytes.
const LONGEST_REPLY: usize = 4 << 20;
/// How often a write is repeated that the service could not decide against others under way.
const CONFLICTS: usize = 5;
/// A refusal may be longer than the object that was asked for.
const LONGEST_REFUSAL: usize = 64 << 10;

pub(crate) struct S3 {
    http: Arc<dyn HttpSend>,
    builder: AmazonS3Builder,
    prefix: String,
    /// As the user writes it: `s3://BUCKET/PREFIX`.
    pub(crate) shown: String,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3").field(&self.shown).finish()
    }
}

impl S3 {
    pub(crate) fn new(
        http: Arc<dyn HttpSend>,
        bucket: &str,
        prefix: &str,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, OffCloudError> {
        let prefix = checked_folder(prefix)?.to_owned();
        let shown =
            if prefix.is_empty() { format!("s3://{bucket}") } else { format!("s3://{bucket}/{prefix}") };
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        };
        let retry = RetryConfig { backoff, max_retries: 4, retry_timeout: Duration::from_secs(60) };
        let builder = environment::builder(bucket, environment)?.with_retry(retry);
        Ok(Self { http, builder, prefix, shown })
    }

    pub(crate) async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, OffCloudError> {
        let (place, call) = (self.place(checked(name)?)?, self.call(format!("write {name}"), LONGEST_REPLY)?);
        for _ in 0..CONFLICTS {
            let put = call.bucket.put_opts(&place, bytes.clone().into(), PutMode::Create.into()).await;
            match (put, call.exchange.trouble()) {
                (Ok(_), _) => return Ok(Put::Written),
                (Err(_), Trouble::Refused { status: 412, .. }) => return Ok(Put::Exists),
                // Another write of that name was under way, and may have failed.
                (Err(_), Trouble::Refused { status: 409, .. }) => {}
                (Err(_), trouble) => return Err(call.failed(trouble)),
            }
        }
        Err(call.failed(call.exchange.trouble()))
    }

    pub(crate) async fn get(&self, name: &str, limit: usize) -> Result<Option<Bytes>, OffCloudError> {
        let longest = limit.max(LONGEST_REFUSAL);
        let (place, call) = (self.place(checked(name)?)?, self.call(format!("read {name}"), longest)?);
        let read = async { call.bucket.get(&place).await?.bytes().await };
        match (read.await, call.exchange.trouble()) {
            (Ok(bytes), _) if bytes.len() > limit => Err(call.failed(NoAnswer::TooLarge { limit }.into())),
            (Ok(bytes), _) => Ok(Some(bytes)),
            (Err(_), trouble) if is_absent(&trouble) => Ok(None),
            (Err(_), trouble) => Err(call.failed(trouble)),
        }
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), OffCloudError> {
        let (place, call) =
            (self.place(checked(name)?)?, self.call(format!("delete {name}"), LONGEST_REPLY)?);
        match (call.bucket.delete(&place).await, call.exchange.trouble()) {
            (Ok(()), _) => Ok(()),
            (Err(_), trouble) if is_absent(&trouble) => Ok(()),
            (Err(_), trouble) => Err(call.failed(trouble)),
        }
    }

    pub(crate) async fn list(&self, below: &str) -> Result<Vec<ListedObject>, OffCloudError> {
        let below = self.place(checked_folder(below)?)?;
        let call = self.call("list objects".to_owned(), LONGEST_REPLY)?;
        let mut objects = call.bucket.list(Some(&below));
        let cut = if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 };
        let mut listed = Vec::new();
        loop {
            let object = match objects.try_next().await {
                Ok(Some(object)) => object,
                Ok(None) => return Ok(listed),
                Err(_) => return Err(call.failed(call.exchange.trouble())),
            };
            // What the service lists need not be what was asked for.
            let is_asked_for = object.location.prefix_matches(&below);
            let Some(name) = object.location.as_ref().get(cut..).filter(|name| is_asked_for && is_name(name))
            else {
                continue;
            };
            if listed.len() == MOST_LISTED {
                return Err(OffCloudError::TooMany { store: self.shown.clone() });
            }
            let modified = Timestamp::from_second(object.last_modified.timestamp()).ok();
            listed.push(ListedObject { name: name.to_owned(), size: object.size, modified });
        }
    }

    fn place(&self, name: &str) -> Result<Path, OffCloudError> {
        let parts: Vec<&str> = [&self.prefix, name].into_iter().filter(|part| !part.is_empty()).collect();
        Path::parse(parts.join("/")).map_err(|_| OffCloudError::Name(name.to_owned()))
    }

    /// Each call has a client of its own, which costs nothing, knows its limit and keeps its failure.
    fn call(&self, doing: String, max_reply: usize) -> Result<Call, OffCloudError> {
        let exchange = Exchange::new(self.http.clone(), max_reply);
        let built = self.builder.clone().with_http_connector(exchange.clone()).build();
        let failed = |_| OffCloudError::Bucket(self.shown.clone());
        Ok(Call { bucket: built.map_err(failed)?, exchange, doing, store: self.shown.clone() })
    }
}

struct Call {
    bucket: AmazonS3,
    exchange: Exchange,
    doing: String,
    store: String,
}

impl Call {
    fn failed(&self, source: Trouble) -> OffCloudError {
        OffCloudError::Service { doing: self.doing.clone(), store: self.store.clone(), source }
    }
}

/// A bucket that is missing is no missing object.
fn is_absent(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused { status: 404, code } if code != "NoSuchBucket")
}

#[cfg(test)]
mod tests;
