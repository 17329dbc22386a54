//! Where something was made: a proof counts only for the realm and tenancy it was made in.

use keyferry_ids::{RealmName, TenancyId};
use serde::{Deserialize, Serialize};

/// The real cloud or the embedded realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentKind {
    /// Keyferry's emulated realm.
    Embedded,
    /// Oracle Cloud Infrastructure.
    Oci,
}

/// Carried by everything that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Real or embedded.
    pub kind: EnvironmentKind,
    /// The realm.
    pub realm: RealmName,
    /// The tenancy.
    pub tenancy_id: TenancyId,
}
