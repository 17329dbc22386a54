//! Lists of external key managers and dedicated HSM clusters, which are only ever empty here.

use serde::{Deserialize, Serialize};

/// A page of HSM clusters. Unlike other lists of key management it is an object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HsmClusterCollection {
    /// The clusters.
    pub items: Vec<serde_json::Value>,
}
