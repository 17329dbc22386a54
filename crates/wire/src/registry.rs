//! The list of all operations: name, method, plane, path, body and reply, once.

use crate::identity::{Compartment, CreateCompartmentDetails, RegionName, RegionSubscription, Tenancy};
use crate::kms::{
    BackupVaultDetails, CreateKeyDetails, CreateKeyVersionDetails, CreateVaultDetails, DecryptDataDetails,
    DecryptedData, EncryptDataDetails, EncryptedData, Key, KeySummary, KeyVersion, KeyVersionSummary,
    RestoreVaultDetails, ScheduleDeletionDetails, SignDataDetails, SignedData, Vault, VaultSummary,
    VaultUsage, VerifiedData, VerifyDataDetails,
};
use crate::objects::{Bucket, BucketSummary, CopyObjectDetails, CreateBucketDetails, ListObjects};
use crate::secrets::SecretSummary;
use crate::work_requests::{WorkRequest, WorkRequestError, WorkRequestLogEntry, WorkRequestSummary};
use crate::{BodyKind, Json, Operation, Plane, Raw, Spec};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $method:ident $plane:ident $path:literal $body:ident
        $(token $token:literal)?, $request:ty => $reply:ty;)*) => {
        /// The name of an operation, as Oracle's API reference writes it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum OperationName { $($(#[$doc])* $name,)* }

        impl OperationName {
            /// The name as text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }

        impl std::fmt::Display for OperationName {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        /// One type per operation, to call it or to read its request with.
        pub mod ops {
            $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub struct $name;)*
        }

        $(impl Operation for ops::$name {
            const SPEC: Spec = Spec {
                name: OperationName::$name,
                method: http::Method::$method,
                path: $path,
                plane: Plane::$plane,
                body: BodyKind::$body,
                retry_token: false $(|| $token)?,
            };
            type Body = $request;
            type Reply = $reply;
        })*

        /// All operations; among paths that could both match, the more specific one comes first.
        pub static SPECS: &[Spec] = &[$(<ops::$name as Operation>::SPEC,)*];
    };
}

operations! {
    /// Lists the vaults of one compartment.
    ListVaults: GET Vault "/20180608/vaults" None, () => Json<Vec<VaultSummary>>;
    /// Creates a vault.
    CreateVault: POST Vault "/20180608/vaults" Signed token true, Json<CreateVaultDetails> => Json<Vault>;
    /// Restores a vault from an object or a pre-authenticated request.
    RestoreVaultFromObjectStore: POST Vault "/20180608/vaults/actions/restoreFromObjectStore" Signed token true,
        Json<RestoreVaultDetails> => Json<Vault>;
    /// Reads a vault.
    GetVault: GET Vault "/20180608/vaults/{vaultId}" None, () => Json<Vault>;
    /// Counts keys and versions of a vault over all compartments.
    GetVaultUsage: GET Vault "/20180608/vaults/{vaultId}/usage" None, () => Json<VaultUsage>;
    /// Backs a vault up, with or without its keys.
    BackupVault: POST Vault "/20180608/vaults/{vaultId}/actions/backup" Signed token true,
        Json<BackupVaultDetails> => Json<Vault>;
    /// Starts the 7 to 30 days before a vault is deleted.
    ScheduleVaultDeletion: POST Vault "/20180608/vaults/{vaultId}/actions/scheduleDeletion" Signed token true,
        Json<ScheduleDeletionDetails> => Json<Vault>;
    /// Takes a vault out of pending deletion.
    CancelVaultDeletion: POST Vault "/20180608/vaults/{vaultId}/actions/cancelDeletion" Signed token true,
        () => Json<Vault>;

    /// Lists the keys of a vault that lie in one compartment.
    ListKeys: GET Management "/20180608/keys" None, () => Json<Vec<KeySummary>>;
    /// Creates a key.
    CreateKey: POST Management "/20180608/keys" Signed token true, Json<CreateKeyDetails> => Json<Key>;
    /// Reads a key.
    GetKey: GET Management "/20180608/keys/{keyId}" None, () => Json<Key>;
    /// Enables a key.
    EnableKey: POST Management "/20180608/keys/{keyId}/actions/enable" Signed token true, () => Json<Key>;
    /// Disables a key.
    DisableKey: POST Management "/20180608/keys/{keyId}/actions/disable" Signed token true, () => Json<Key>;
    /// Lists the versions of a key.
    ListKeyVersions: GET Management "/20180608/keys/{keyId}/keyVersions" None, () => Json<Vec<KeyVersionSummary>>;
    /// Rotates a key.
    CreateKeyVersion: POST Management "/20180608/keys/{keyId}/keyVersions" Signed token true,
        Json<CreateKeyVersionDetails> => Json<KeyVersion>;
    /// Reads a key version, with its public key and lineage.
    GetKeyVersion: GET Management "/20180608/keys/{keyId}/keyVersions/{keyVersionId}" None, () => Json<KeyVersion>;

    /// Encrypts up to 4096 bytes.
    Encrypt: POST Crypto "/20180608/encrypt" Signed, Json<EncryptDataDetails> => Json<EncryptedData>;
    /// Decrypts.
    Decrypt: POST Crypto "/20180608/decrypt" Signed, Json<DecryptDataDetails> => Json<DecryptedData>;
    /// Signs a message or digest.
    Sign: POST Crypto "/20180608/sign" Signed, Json<SignDataDetails> => Json<SignedData>;
    /// Verifies a signature.
    Verify: POST Crypto "/20180608/verify" Signed, Json<VerifyDataDetails> => Json<VerifiedData>;

    /// Lists the secrets of one compartment, optionally of one vault.
    ListSecrets: GET Secrets "/20180608/secrets" None, () => Json<Vec<SecretSummary>>;

    /// The tenancy's Object Storage namespace.
    GetNamespace: GET Objects "/n" None, () => Json<String>;
    /// Lists the buckets of one compartment.
    ListBuckets: GET Objects "/n/{namespaceName}/b" None, () => Json<Vec<BucketSummary>>;
    /// Creates a bucket.
    CreateBucket: POST Objects "/n/{namespaceName}/b" Signed, Json<CreateBucketDetails> => Json<Bucket>;
    /// Reads a bucket.
    GetBucket: GET Objects "/n/{namespaceName}/b/{bucketName}" None, () => Json<Bucket>;
    /// Asks for a bucket's headers.
    HeadBucket: HEAD Objects "/n/{namespaceName}/b/{bucketName}" None, () => ();
    /// Deletes an empty bucket.
    DeleteBucket: DELETE Objects "/n/{namespaceName}/b/{bucketName}" None, () => ();
    /// Copies an object, also to another region; asked of the source's region.
    CopyObject: POST Objects "/n/{namespaceName}/b/{bucketName}/actions/copyObject" Signed,
        Json<CopyObjectDetails> => ();
    /// Lists objects.
    ListObjects: GET Objects "/n/{namespaceName}/b/{bucketName}/o" None, () => Json<ListObjects>;
    /// Writes an object.
    PutObject: PUT Objects "/n/{namespaceName}/b/{bucketName}/o/{objectName}" Unsigned, Raw => ();
    /// Reads an object.
    GetObject: GET Objects "/n/{namespaceName}/b/{bucketName}/o/{objectName}" None, () => Raw;
    /// Asks for an object's headers.
    HeadObject: HEAD Objects "/n/{namespaceName}/b/{bucketName}/o/{objectName}" None, () => ();
    /// Deletes an object.
    DeleteObject: DELETE Objects "/n/{namespaceName}/b/{bucketName}/o/{objectName}" None, () => ();
    /// Reads a work request of Object Storage (its success is called COMPLETED).
    GetObjectWorkRequest: GET Objects "/workRequests/{workRequestId}" None, () => Json<WorkRequest>;
    /// The errors of a work request of Object Storage.
    ListObjectWorkRequestErrors: GET Objects "/workRequests/{workRequestId}/errors" None,
        () => Json<Vec<WorkRequestError>>;

    /// All regions of the realm.
    ListRegions: GET Identity "/20160918/regions" None, () => Json<Vec<RegionName>>;
    /// Reads the tenancy.
    GetTenancy: GET Identity "/20160918/tenancies/{tenancyId}" None, () => Json<Tenancy>;
    /// The regions the tenancy is subscribed to.
    ListRegionSubscriptions: GET Identity "/20160918/tenancies/{tenancyId}/regionSubscriptions" None,
        () => Json<Vec<RegionSubscription>>;
    /// Lists compartments: children, or with the tenancy the whole tree below it.
    ListCompartments: GET Identity "/20160918/compartments" None, () => Json<Vec<Compartment>>;
    /// Creates a compartment; home region only.
    CreateCompartment: POST Identity "/20160918/compartments" Signed token true,
        Json<CreateCompartmentDetails> => Json<Compartment>;
    /// Reads a compartment.
    GetCompartment: GET Identity "/20160918/compartments/{compartmentId}" None, () => Json<Compartment>;

    /// Lists work requests of a compartment, optionally of one resource.
    ListWorkRequests: GET WorkRequests "/20160918/workRequests" None, () => Json<Vec<WorkRequestSummary>>;
    /// Reads a work request.
    GetWorkRequest: GET WorkRequests "/20160918/workRequests/{workRequestId}" None, () => Json<WorkRequest>;
    /// The errors of a work request.
    ListWorkRequestErrors: GET WorkRequests "/20160918/workRequests/{workRequestId}/errors" None,
        () => Json<Vec<WorkRequestError>>;
    /// The log of a work request.
    ListWorkRequestLogs: GET WorkRequests "/20160918/workRequests/{workRequestId}/logs" None,
        () => Json<Vec<WorkRequestLogEntry>>;
}
