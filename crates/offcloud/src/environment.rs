//! Endpoint, region and credentials as AWS's own tools find them in the environment.

use std::collections::BTreeMap;

use object_store::aws::AmazonS3Builder;
use url::{Host, Url};

use crate::OffCloudError;

const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const ENDPOINT: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

/// The bucket by what the environment says. Its own `Debug` is never used: it could show the secret.
pub(crate) fn builder(
    bucket: &str,
    environment: &BTreeMap<String, String>,
) -> Result<AmazonS3Builder, OffCloudError> {
    if !is_bucket(bucket) {
        return Err(OffCloudError::Bucket(bucket.chars().take(64).collect()));
    }
    // An empty variable counts as none.
    let value = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let (Some(key), Some(secret)) = (value(KEY), value(SECRET)) else {
        let missing = [KEY, SECRET].into_iter().filter(|name| value(name).is_none()).collect();
        return Err(OffCloudError::NoCredentials { missing });
    };
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, value(name)?)));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        // Without these two the library would ask the machine's metadata service for others.
        .with_access_key_id(key)
        .with_secret_access_key(secret)
        // Not every service knows how to delete many at once.
        .with_disable_bulk_delete(true);
    if let Some(token) = value(TOKEN) {
        builder = builder.with_token(token);
    }
    if let Some((variable, region)) = first(REGION) {
        let is_region = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_region {
            return Err(OffCloudError::Environment { variable, fault: "is no name of a region" });
        }
        builder = builder.with_region(region);
    }
    let Some((variable, endpoint)) = first(ENDPOINT) else {
        // AWS itself: its certificates cover one label, so a name with dots goes into the path.
        return Ok(builder.with_virtual_hosted_style_request(is_label(bucket)));
    };
    let fault = |fault| OffCloudError::Environment { variable, fault };
    let url = Url::parse(endpoint).map_err(|_| fault("is no URL"))?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !is_bare || url.fragment().is_some() || url.host().is_none() {
        return Err(fault("is more than scheme, host, port and path"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(fault("must begin with https, or name a loopback address")),
    }
    Ok(builder.with_endpoint(url.as_str().trim_end_matches('/')))
}

/// Names can be pointed elsewhere, so only an address counts.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn is_label(bucket: &str) -> bool {
    bucket.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// AWS allows less; other services allow capitals and underscores too.
fn is_bucket(bucket: &str) -> bool {
    let is_edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && is_edge(bucket.bytes().next())
        && is_edge(bucket.bytes().last())
        && !bucket.contains("..")
}
