//! Reading objects: whole or in part, if the reader does not have them already.

use http::StatusCode;
use keyferry_wire::{headers, http_date};

use super::named;
use super::ranges::range;
use crate::call::{Call, Effect};
use crate::records::ObjectRecord;
use crate::refusal::Refusal;
use crate::services::{buckets, encryption};

/// Query parameters that replace headers of the answer.
const OVERRIDES: [(&str, &str); 6] = [
    ("httpResponseContentDisposition", "content-disposition"),
    ("httpResponseCacheControl", "cache-control"),
    ("httpResponseContentType", "content-type"),
    ("httpResponseContentLanguage", "content-language"),
    ("httpResponseContentEncoding", "content-encoding"),
    ("httpResponseExpires", "expires"),
];

/// What GET and HEAD say alike.
fn described(object: &ObjectRecord) -> Effect {
    let content = &object.content;
    let attributes = &content.attributes;
    let mut effect = Effect::empty(StatusCode::OK)
        .etag(&object.etag)
        .header("content-type", &attributes.content_type)
        .header("last-modified", http_date(object.time_modified))
        .header("accept-ranges", "bytes")
        .header("storage-tier", &attributes.storage_tier);
    effect = if content.is_in_parts {
        effect.header(headers::OPC_MULTIPART_MD5, &content.md5)
    } else {
        effect.header(headers::CONTENT_MD5, &content.md5).header(headers::OPC_CONTENT_MD5, &content.md5)
    };
    let optional = [
        ("content-language", &attributes.content_language),
        ("content-encoding", &attributes.content_encoding),
        ("content-disposition", &attributes.content_disposition),
        ("cache-control", &attributes.cache_control),
        (headers::VERSION_ID, &object.version_id),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            effect = effect.header(name, value);
        }
    }
    if let Some(checksum) = &content.checksum {
        effect = effect.header(&checksum.header, &checksum.value);
    }
    for (name, value) in &attributes.metadata {
        effect = effect.header(format!("{}{name}", headers::OPC_META), value);
    }
    effect
}

/// Shows the object, unless the reader has it already.
fn read(
    call: &Call<'_>,
    show: impl FnOnce(&ObjectRecord) -> Result<Effect, Refusal>,
) -> Result<Effect, Refusal> {
    let (_, object) = named(call)?;
    if let Some(unchanged) = buckets::unchanged(call, &object.etag)? {
        return Ok(unchanged);
    }
    encryption::check_readable(call, object)?;
    show(object)
}

pub(in crate::services) fn head(call: &Call<'_>) -> Result<Effect, Refusal> {
    // The bytes are there to be counted; no answer to HEAD has a body.
    read(call, |object| Ok(described(object).with_bytes(object.content.bytes.clone())))
}

pub(in crate::services) fn object(call: &Call<'_>) -> Result<Effect, Refusal> {
    read(call, |object| {
        let bytes = &object.content.bytes;
        let mut effect = described(object);
        for (parameter, header) in OVERRIDES {
            if let Some(value) = call.parameter(parameter) {
                effect.headers.retain(|(name, _)| name != header);
                effect = effect.header(header, value);
            }
        }
        let Some(asked) = call.header("range") else { return Ok(effect.with_bytes(bytes.clone())) };
        let range = range(asked, bytes.len())?;
        // That digest would be one of another body.
        effect.headers.retain(|(name, _)| name != headers::CONTENT_MD5);
        let place = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len());
        let effect = effect.header("content-range", place).with_bytes(bytes.slice(range));
        Ok(Effect { status: StatusCode::PARTIAL_CONTENT, ..effect })
    })
}

#[cfg(test)]
mod tests;
