//! Buckets and objects.

use keyferry_ids::CompartmentId;
use serde::{Deserialize, Serialize};

/// A bucket's properties that matter to a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Name, unique per namespace and region.
    pub name: String,
    /// Where it lives; may be any compartment.
    pub compartment_id: CompartmentId,
    /// The key that encrypts it, if not Oracle's own.
    pub kms_key_id: Option<String>,
    /// True for the destination of a replication policy.
    pub is_read_only: bool,
    /// `NoPublicAccess` unless somebody opened it.
    pub public_access: Option<String>,
}

/// What the service says of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectFacts {
    /// Size in bytes.
    pub size: u64,
    /// Opaque tag that changes with each write.
    pub etag: Option<String>,
    /// Base64 MD5; absent for multipart objects.
    pub md5: Option<String>,
    /// Version, in a versioned bucket.
    pub version_id: Option<String>,
}
