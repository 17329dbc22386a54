//! JSON of key management: vaults, keys, versions, crypto, backup locations.

mod backup_location;
mod crypto;
mod key;
mod lenient;
mod replica;
mod replication;
mod rotation;
mod vault;
mod wrapped;

pub use backup_location::{
    BackupLocation, BackupVaultDetails, KeyBackupDetails, ParUri, RestoreVaultDetails,
};
pub use crypto::{
    DecryptDataDetails, DecryptedData, EncryptDataDetails, EncryptedData, GenerateKeyDetails, GeneratedKey,
    SignDataDetails, SignedData, VerifiedData, VerifyDataDetails,
};
pub use key::{
    Algorithm, CreateKeyDetails, CreateKeyVersionDetails, CurveId, Key, KeyShape, KeyState, KeySummary,
    KeyVersion, KeyVersionState, KeyVersionSummary, Origin, ProtectionMode, UpdateKeyDetails,
};
pub use replica::{
    CreateVaultReplicaDetails, DeleteVaultReplicaDetails, VaultReplicaStatus, VaultReplicaSummary,
};
pub use replication::{ReplicationProgress, ReplicationStatus, ReplicationStatusDetails};
pub use rotation::{AutoKeyRotationDetails, RotationStatus};
pub use vault::{
    ChangeCompartmentDetails, CreateVaultDetails, ReplicaDetails, ScheduleDeletionDetails,
    UpdateVaultDetails, Vault, VaultState, VaultSummary, VaultType, VaultUsage,
};
pub use wrapped::{
    ExportKeyDetails, ExportedKeyData, ImportKeyDetails, ImportKeyVersionDetails, WrappedImportKey,
    WrappingAlgorithm, WrappingKey,
};
