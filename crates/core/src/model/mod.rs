//! What we believe exists in the cloud.

mod key;
mod object;
mod place;
mod vault;
mod work;

pub use key::{Algorithm, Key, KeyShape, KeyState, KeyVersion, Origin, ProtectionMode, VersionState};
pub use object::{Bucket, Hold, ListedObject, ObjectFacts, Protection, RetentionRule};
pub use place::{ObjectPlace, OciStore, StoreError, StoreUrl};
pub use vault::{Compartment, Secret, Tags, Usage, Vault, VaultState, VaultType};
pub use work::{WorkRequest, WorkStatus};
