//! Names of headers that mean something in OCI.

/// Identifies a call in Oracle's logs; on every answer, also on errors.
pub const OPC_REQUEST_ID: &str = "opc-request-id";
/// Object Storage echoes this one besides its own request id.
pub const OPC_CLIENT_REQUEST_ID: &str = "opc-client-request-id";
/// Makes a repeated create harmless for 24 hours.
pub const OPC_RETRY_TOKEN: &str = "opc-retry-token";
/// The asynchronous job that an accepted request started.
pub const OPC_WORK_REQUEST_ID: &str = "opc-work-request-id";
/// There is another page; absent on the last one.
pub const OPC_NEXT_PAGE: &str = "opc-next-page";
/// Version tag of a resource.
pub const ETAG: &str = "etag";
/// Only change what still has this tag.
pub const IF_MATCH: &str = "if-match";
/// `*`: only create what does not exist.
pub const IF_NONE_MATCH: &str = "if-none-match";
/// Seconds to wait before another try.
pub const RETRY_AFTER: &str = "retry-after";
/// Base64 SHA-256 of the body.
pub const X_CONTENT_SHA256: &str = "x-content-sha256";
/// Replaces `date` where a client can't set that one.
pub const X_DATE: &str = "x-date";
/// Base64 MD5 of the stored bytes, as PutObject answers.
pub const OPC_CONTENT_MD5: &str = "opc-content-md5";
/// Base64 MD5 of the stored bytes, as GetObject and HeadObject answer.
pub const CONTENT_MD5: &str = "content-md5";
/// The version of an object in a versioned bucket.
pub const VERSION_ID: &str = "version-id";
/// Prefix of an object's own metadata.
pub const OPC_META: &str = "opc-meta-";
/// The version that was deleted, or made by deleting, is a delete marker.
pub const IS_DELETE_MARKER: &str = "is-delete-marker";
/// Digest of the digests of an object's parts.
pub const OPC_MULTIPART_MD5: &str = "opc-multipart-md5";
/// Asks for another digest besides MD5.
pub const OPC_CHECKSUM_ALGORITHM: &str = "opc-checksum-algorithm";
/// The key of Key Management for one object alone.
pub const OPC_SSE_KMS_KEY_ID: &str = "opc-sse-kms-key-id";
