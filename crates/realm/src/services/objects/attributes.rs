//! What requests say about objects: their type and metadata, and digests to check them by.

use std::collections::BTreeMap;

use keyferry_wire::headers;
use keyferry_wire::objects::CreateMultipartUploadDetails;

use super::plain;
use crate::call::Call;
use crate::checksum::{Checksum, ChecksumAlgorithm, md5};
use crate::records::Attributes;
use crate::refusal::{Refusal, shortened};

const LARGEST_METADATA: usize = 4096;
pub(super) const STANDARD: &str = "Standard";

/// Of PutObject.
pub(in crate::services) fn attributes_of_headers(call: &Call<'_>) -> Result<Attributes, Refusal> {
    let text = |name: &str| call.header(name).map(str::to_owned);
    let mut metadata = BTreeMap::new();
    for (name, value) in call.headers {
        if name.as_str().starts_with(headers::OPC_META) {
            let value = value.to_str().map_err(|_| Refusal::invalid("Metadata is not ASCII."))?;
            metadata.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(Attributes {
        content_type: text("content-type").unwrap_or_else(|| plain().content_type),
        content_language: text("content-language"),
        content_encoding: text("content-encoding"),
        content_disposition: text("content-disposition"),
        cache_control: text("cache-control"),
        storage_tier: storage_tier(call.header("storage-tier"))?,
        metadata: named_metadata(metadata)?,
    })
}

/// Of CreateMultipartUpload.
pub(in crate::services) fn attributes_of_upload(
    details: CreateMultipartUploadDetails,
) -> Result<Attributes, Refusal> {
    Ok(Attributes {
        content_type: details.content_type.unwrap_or_else(|| plain().content_type),
        content_language: details.content_language,
        content_encoding: details.content_encoding,
        content_disposition: details.content_disposition,
        cache_control: details.cache_control,
        storage_tier: storage_tier(details.storage_tier.as_deref())?,
        metadata: named_metadata(details.metadata.unwrap_or_default())?,
    })
}

/// Refuses more metadata than can be stored.
pub(in crate::services) fn check_metadata(given: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let size: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > LARGEST_METADATA {
        return Err(Refusal::invalid(format!("The metadata has more than {LARGEST_METADATA} bytes.")));
    }
    Ok(())
}

/// Metadata with `opc-meta-` in front of its names, which some clients leave away in JSON.
pub(in crate::services) fn named_metadata(
    given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Refusal> {
    check_metadata(&given)?;
    let plain = |name: &str| name.strip_prefix(headers::OPC_META).unwrap_or(name).to_owned();
    Ok(given.into_iter().map(|(name, value)| (plain(&name), value)).collect())
}

pub(in crate::services) fn storage_tier(word: Option<&str>) -> Result<String, Refusal> {
    match word.unwrap_or(STANDARD) {
        tier @ (STANDARD | "InfrequentAccess") => Ok(tier.to_owned()),
        _ => Err(Refusal::new(
            400,
            "InvalidStorageTier",
            "The storage tier is Standard or InfrequentAccess: the embedded realm has no archive.",
        )),
    }
}

/// Refuses a key that comes along with the request: it would be ignored.
pub(in crate::services) fn check_customer_key(call: &Call<'_>) -> Result<(), Refusal> {
    if call.headers.keys().any(|name| name.as_str().starts_with("opc-sse-customer-")) {
        return Err(Refusal::invalid("The embedded realm takes no keys that a customer provides."));
    }
    Ok(())
}

/// What `opc-checksum-algorithm` asks for, or else a checksum that is there.
pub(in crate::services) fn checksum_algorithm(call: &Call<'_>) -> Result<Option<ChecksumAlgorithm>, Refusal> {
    let all = ChecksumAlgorithm::ALL;
    match call.header(headers::OPC_CHECKSUM_ALGORITHM) {
        Some(word) => match all.into_iter().find(|algorithm| algorithm.word() == word) {
            Some(algorithm) => Ok(Some(algorithm)),
            None => Err(Refusal::invalid("The checksum algorithm is CRC32C, SHA256 or SHA384.")),
        },
        None => Ok(all.into_iter().find(|algorithm| call.header(algorithm.header()).is_some())),
    }
}

/// Refuses a body that is not what its sender sent, and returns its checksum.
pub(in crate::services) fn check_digests(
    call: &Call<'_>,
    algorithm: Option<ChecksumAlgorithm>,
) -> Result<Option<Checksum>, Refusal> {
    let check = |code, word: &str, header: &str, actual: &str| match call.header(header) {
        Some(claimed) if claimed != actual => Err(Refusal::new(
            400,
            code,
            format!(
                "The computed {word} of the request body ({actual}) does not match the {header} header ({})",
                shortened(claimed)
            ),
        )),
        _ => Ok(()),
    };
    check("UnmatchedContentMD5", "MD5", headers::CONTENT_MD5, &md5(call.body))?;
    let Some(algorithm) = algorithm else { return Ok(None) };
    let checksum = Checksum::of(algorithm, call.body);
    check(algorithm.mismatch(), algorithm.word(), algorithm.header(), &checksum.value)?;
    Ok(Some(checksum))
}
