//! Names of things: typed OCIDs, regions and realms. Spelling only, no opinions.

mod ocid;
mod open_enum;
mod region;
mod short;

pub use ocid::{
    BucketId, CompartmentId, KeyId, KeyVersionId, Ocid, OcidError, SecretId, TenancyId, UserId, VaultId,
    WorkRequestId,
};
pub use region::{RealmName, Region, RegionError, regions};
pub use short::short;
