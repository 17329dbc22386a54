//! What Object Storage remembers: buckets, objects with their versions, and uploads in parts.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::identity::{DefinedTags, FreeformTags};
use keyferry_wire::objects::RetentionRule;
use serde::{Deserialize, Serialize};

use crate::checksum::{Checksum, ChecksumAlgorithm};
use crate::world::ObjectKey;

/// Where buckets of other protocols go in a region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NamespaceRecord {
    pub(crate) region: Region,
    pub(crate) s3_compartment_id: String,
    pub(crate) swift_compartment_id: String,
}

/// Whether a bucket keeps what is overwritten or deleted. Once enabled, this can only be suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Versioning {
    Disabled,
    Enabled,
    Suspended,
}

impl Versioning {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "Disabled",
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

/// A bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) name: String,
    pub(crate) compartment_id: String,
    pub(crate) created_by: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) public_access_type: String,
    pub(crate) storage_tier: String,
    pub(crate) object_events_enabled: bool,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) is_bucket_key_enabled: bool,
    pub(crate) versioning: Versioning,
    pub(crate) auto_tiering: String,
    pub(crate) retention_rules: Vec<RetentionRule>,
    pub(crate) time_created: Timestamp,
    pub(crate) etag: String,
}

/// What a writer says about an object, and every reader is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) content_type: String,
    pub(crate) content_language: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) storage_tier: String,
    /// Names without `opc-meta-`.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// The key of Key Management, and the version of it, that an object's own key is encrypted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MasterKey {
    pub(crate) key_id: String,
    pub(crate) version_id: String,
}

/// What is stored under an object's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) bytes: Bytes,
    pub(crate) attributes: Attributes,
    /// Base64; of an object in parts, that of the parts' digests with the number of parts.
    pub(crate) md5: String,
    pub(crate) is_in_parts: bool,
    pub(crate) checksum: Option<Checksum>,
    /// None where Oracle manages the key.
    pub(crate) master_key: Option<MasterKey>,
}

/// A version of an object with its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    pub(crate) region: Region,
    pub(crate) bucket: String,
    pub(crate) name: String,
    /// None for what was written while the bucket kept no versions; there is one such version at most.
    pub(crate) version_id: Option<String>,
    /// It only says that the object was deleted.
    pub(crate) is_delete_marker: bool,
    pub(crate) content: Content,
    pub(crate) time_created: Timestamp,
    pub(crate) time_modified: Timestamp,
    pub(crate) etag: String,
}

impl ObjectRecord {
    /// What it is found by.
    pub(crate) fn key(&self) -> ObjectKey {
        (self.region, self.bucket.clone(), self.name.clone())
    }

    /// The number of bytes.
    pub(crate) fn size(&self) -> u64 {
        self.content.bytes.len() as u64
    }
}

/// An upload in parts that is neither committed nor aborted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) id: String,
    pub(crate) region: Region,
    pub(crate) bucket: String,
    pub(crate) object: String,
    pub(crate) attributes: Attributes,
    pub(crate) checksum_algorithm: Option<ChecksumAlgorithm>,
    /// If it is not to be the bucket's.
    pub(crate) kms_key_id: Option<String>,
    pub(crate) time_created: Timestamp,
}

/// A part of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) region: Region,
    pub(crate) upload_id: String,
    pub(crate) number: u32,
    pub(crate) bytes: Bytes,
    pub(crate) etag: String,
    pub(crate) time_created: Timestamp,
}
