//! What belongs to the tenancy and not to a region: compartments, API keys, tags, subscriptions; and limits.

use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::identity::{CompartmentState, DefinedTags, FreeformTags, TagValidator};
use serde::{Deserialize, Serialize};

use crate::api_key::PublicKey;
use crate::services::limits::LimitName;

/// A compartment below the root. The root is the tenancy itself and has no record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CompartmentRecord {
    pub(crate) id: String,
    /// The parent.
    pub(crate) compartment_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) state: CompartmentState,
    pub(crate) time_created: Timestamp,
    pub(crate) etag: String,
}

/// An API key of the one user that is not as the realm began: uploaded, or deleted since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApiKeyRecord {
    pub(crate) fingerprint: String,
    #[serde(rename = "public_der")]
    pub(crate) public_key: PublicKey,
    pub(crate) time_created: Timestamp,
    pub(crate) is_deleted: bool,
}

/// A tag namespace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TagNamespaceRecord {
    pub(crate) id: String,
    pub(crate) compartment_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) is_retired: bool,
    pub(crate) time_created: Timestamp,
    pub(crate) etag: String,
}

/// A tag in a namespace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TagRecord {
    pub(crate) id: String,
    pub(crate) namespace_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) freeform_tags: FreeformTags,
    pub(crate) defined_tags: DefinedTags,
    pub(crate) is_cost_tracking: bool,
    /// None takes any value.
    pub(crate) validator: Option<TagValidator>,
    pub(crate) is_retired: bool,
    pub(crate) time_created: Timestamp,
    pub(crate) etag: String,
}

/// A region that the tenancy subscribed to after the realm began.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SubscriptionRecord {
    pub(crate) region: Region,
    pub(crate) is_ready: bool,
}

/// A service limit of a region that is not the realm's own.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LimitRecord {
    pub(crate) region: Region,
    pub(crate) name: LimitName,
    pub(crate) value: u64,
}
