//! JSON of key management: vaults, keys, versions, crypto, backup locations.

mod backup_location;
mod crypto;
mod key;
mod lenient;
mod vault;

pub use backup_location::{BackupLocation, BackupVaultDetails, ParUri, RestoreVaultDetails};
pub use crypto::{
    DecryptDataDetails, DecryptedData, EncryptDataDetails, EncryptedData, SignDataDetails, SignedData,
    VerifiedData, VerifyDataDetails,
};
pub use key::{
    Algorithm, CreateKeyDetails, CreateKeyVersionDetails, CurveId, Key, KeyShape, KeyState, KeySummary,
    KeyVersion, KeyVersionState, KeyVersionSummary, Origin, ProtectionMode,
};
pub use vault::{
    CreateVaultDetails, ReplicaDetails, ScheduleDeletionDetails, Vault, VaultState, VaultSummary, VaultType,
    VaultUsage,
};
