//! The list of all operations: name, method, plane, path, body and reply, once.

use crate::audit::AuditEvent;
use crate::external::HsmClusterCollection;
use crate::identity::{
    ApiKey, AvailabilityDomain, Compartment, CreateApiKeyDetails, CreateCompartmentDetails,
    CreateRegionSubscriptionDetails, CreateTagDetails, CreateTagNamespaceDetails, MoveCompartmentDetails,
    RegionName, RegionSubscription, Tag, TagNamespace, TagSummary, Tenancy, UpdateCompartmentDetails,
    UpdateTagDetails, UpdateTagNamespaceDetails, User,
};
use crate::kms::{
    BackupVaultDetails, ChangeCompartmentDetails, CreateKeyDetails, CreateKeyVersionDetails,
    CreateVaultDetails, CreateVaultReplicaDetails, DecryptDataDetails, DecryptedData,
    DeleteVaultReplicaDetails, EncryptDataDetails, EncryptedData, ExportKeyDetails, ExportedKeyData,
    GenerateKeyDetails, GeneratedKey, ImportKeyDetails, ImportKeyVersionDetails, Key, KeyBackupDetails,
    KeySummary, KeyVersion, KeyVersionSummary, ReplicationStatusDetails, RestoreVaultDetails,
    ScheduleDeletionDetails, SignDataDetails, SignedData, UpdateKeyDetails, UpdateVaultDetails, Vault,
    VaultReplicaSummary, VaultSummary, VaultUsage, VerifiedData, VerifyDataDetails, WrappingKey,
};
use crate::limits::{LimitDefinition, LimitValue, ResourceAvailability, Service};
use crate::objects::{
    BatchDeleteObjectsDetails, BatchDeleteObjectsResult, Bucket, BucketSummary, CommitMultipartUploadDetails,
    CopyObjectDetails, CreateBucketDetails, CreateMultipartUploadDetails, CreateRetentionRuleDetails,
    ListObjects, MultipartUpload, MultipartUploadPart, NamespaceMetadata, ObjectVersions,
    ReencryptObjectDetails, RenameObjectDetails, ReplicationPolicySummary, ReplicationSource, RetentionRule,
    RetentionRules, UpdateBucketDetails, UpdateNamespaceMetadataDetails, UpdateRetentionRuleDetails,
};
use crate::pars::{CreateParDetails, Par, ParSummary};
use crate::secrets::{
    CreateSecretDetails, Secret, SecretBundle, SecretBundleVersion, SecretSummary, SecretVersion,
    UpdateSecretDetails,
};
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
    /// Restores a vault from the bytes of a backup file, which are the whole body.
    RestoreVaultFromFile: POST Vault "/20180608/vaults/actions/restoreFromFile" Signed token true,
        Raw => Json<Vault>;
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
    /// Changes name and tags of a vault.
    UpdateVault: PUT Vault "/20180608/vaults/{vaultId}" Signed, Json<UpdateVaultDetails> => Json<Vault>;
    /// Moves a vault, but not its keys.
    ChangeVaultCompartment: POST Vault "/20180608/vaults/{vaultId}/actions/changeCompartment" Signed token true,
        Json<ChangeCompartmentDetails> => ();

    /// Replicates a vault to another region.
    CreateVaultReplica: POST Vault "/20180608/vaults/{vaultId}/actions/createReplica" Signed token true,
        Json<CreateVaultReplicaDetails> => ();
    /// Deletes the replica in a region.
    DeleteVaultReplica: POST Vault "/20180608/vaults/{vaultId}/actions/deleteReplica" Signed token true,
        Json<DeleteVaultReplicaDetails> => ();
    /// Lists the replicas of a vault.
    ListVaultReplicas: GET Vault "/20180608/vaults/{vaultId}/actions/listReplicas" None,
        () => Json<Vec<VaultReplicaSummary>>;
    /// Lists the private endpoints of external key managers.
    ListEkmsPrivateEndpoints: GET Vault "/20180608/ekmsPrivateEndpoints" None,
        () => Json<Vec<serde_json::Value>>;
    /// Lists dedicated HSM clusters.
    ListHsmClusters: GET Vault "/20180608/hsmClusters" None, () => Json<HsmClusterCollection>;

    /// Lists the keys of a vault that lie in one compartment.
    ListKeys: GET Management "/20180608/keys" None, () => Json<Vec<KeySummary>>;
    /// Creates a key.
    CreateKey: POST Management "/20180608/keys" Signed token true, Json<CreateKeyDetails> => Json<Key>;
    /// Creates a key from the caller's material.
    ImportKey: POST Management "/20180608/keys/import" Signed token true, Json<ImportKeyDetails> => Json<Key>;
    /// Reads a key.
    GetKey: GET Management "/20180608/keys/{keyId}" None, () => Json<Key>;
    /// Enables a key.
    EnableKey: POST Management "/20180608/keys/{keyId}/actions/enable" Signed token true, () => Json<Key>;
    /// Disables a key.
    DisableKey: POST Management "/20180608/keys/{keyId}/actions/disable" Signed token true, () => Json<Key>;
    /// Changes name, tags and automatic rotation of a key.
    UpdateKey: PUT Management "/20180608/keys/{keyId}" Signed, Json<UpdateKeyDetails> => Json<Key>;
    /// Moves a key.
    ChangeKeyCompartment: POST Management "/20180608/keys/{keyId}/actions/changeCompartment" Signed token true,
        Json<ChangeCompartmentDetails> => ();
    /// Starts the 7 to 30 days before a key is deleted.
    ScheduleKeyDeletion: POST Management "/20180608/keys/{keyId}/actions/scheduleDeletion" Signed token true,
        Json<ScheduleDeletionDetails> => Json<Key>;
    /// Takes a key out of pending deletion.
    CancelKeyDeletion: POST Management "/20180608/keys/{keyId}/actions/cancelDeletion" Signed token true,
        () => Json<Key>;
    /// Backs a key up with all its versions.
    BackupKey: POST Management "/20180608/keys/{keyId}/actions/backup" Signed token true,
        Json<KeyBackupDetails> => Json<Key>;
    /// Restores a key from an object or a pre-authenticated request.
    RestoreKeyFromObjectStore: POST Management "/20180608/keys/actions/restoreFromObjectStore" Signed token true,
        Json<KeyBackupDetails> => Json<Key>;
    /// Restores a key from the bytes of a backup file, which are the whole body.
    RestoreKeyFromFile: POST Management "/20180608/keys/actions/restoreFromFile" Signed token true,
        Raw => Json<Key>;
    /// Lists the versions of a key.
    ListKeyVersions: GET Management "/20180608/keys/{keyId}/keyVersions" None, () => Json<Vec<KeyVersionSummary>>;
    /// Rotates a key.
    CreateKeyVersion: POST Management "/20180608/keys/{keyId}/keyVersions" Signed token true,
        Option<Json<CreateKeyVersionDetails>> => Json<KeyVersion>;
    /// Reads a key version, with its public key and lineage.
    GetKeyVersion: GET Management "/20180608/keys/{keyId}/keyVersions/{keyVersionId}" None, () => Json<KeyVersion>;
    /// Rotates a key to the caller's material.
    ImportKeyVersion: POST Management "/20180608/keys/{keyId}/keyVersions/import" Signed token true,
        Json<ImportKeyVersionDetails> => Json<KeyVersion>;
    /// Starts the 7 to 30 days before a key version is deleted.
    ScheduleKeyVersionDeletion: POST Management
        "/20180608/keys/{keyId}/keyVersions/{keyVersionId}/actions/scheduleDeletion" Signed token true,
        Json<ScheduleDeletionDetails> => Json<KeyVersion>;
    /// Takes a key version out of pending deletion.
    CancelKeyVersionDeletion: POST Management
        "/20180608/keys/{keyId}/keyVersions/{keyVersionId}/actions/cancelDeletion" Signed token true,
        () => Json<KeyVersion>;
    /// The key that material to import is wrapped with.
    GetWrappingKey: GET Management "/20180608/wrappingKeys" None, () => Json<WrappingKey>;
    /// How far a change has come to the vault's replica.
    GetReplicationStatus: GET Management "/20180608/replicaOperations/{replicationId}/status" None,
        () => Json<ReplicationStatusDetails>;

    /// Encrypts up to 4096 bytes.
    Encrypt: POST Crypto "/20180608/encrypt" Signed, Json<EncryptDataDetails> => Json<EncryptedData>;
    /// Decrypts.
    Decrypt: POST Crypto "/20180608/decrypt" Signed, Json<DecryptDataDetails> => Json<DecryptedData>;
    /// Makes a data encryption key.
    GenerateDataEncryptionKey: POST Crypto "/20180608/generateDataEncryptionKey" Signed,
        Json<GenerateKeyDetails> => Json<GeneratedKey>;
    /// Exports a version of a software key.
    ExportKey: POST Crypto "/20180608/exportKey" Signed, Json<ExportKeyDetails> => Json<ExportedKeyData>;
    /// Signs a message or digest.
    Sign: POST Crypto "/20180608/sign" Signed, Json<SignDataDetails> => Json<SignedData>;
    /// Verifies a signature.
    Verify: POST Crypto "/20180608/verify" Signed, Json<VerifyDataDetails> => Json<VerifiedData>;

    /// Lists the secrets of one compartment, optionally of one vault.
    ListSecrets: GET Secrets "/20180608/secrets" None, () => Json<Vec<SecretSummary>>;
    /// Creates a secret with its first version.
    CreateSecret: POST Secrets "/20180608/secrets" Signed token true, Json<CreateSecretDetails> => Json<Secret>;
    /// Reads a secret, without its content.
    GetSecret: GET Secrets "/20180608/secrets/{secretId}" None, () => Json<Secret>;
    /// Changes a secret, or gives it a new version.
    UpdateSecret: PUT Secrets "/20180608/secrets/{secretId}" Signed, Json<UpdateSecretDetails> => Json<Secret>;
    /// Lists the versions of a secret.
    ListSecretVersions: GET Secrets "/20180608/secrets/{secretId}/versions" None, () => Json<Vec<SecretVersion>>;
    /// Reads a version of a secret, without its content.
    GetSecretVersion: GET Secrets "/20180608/secrets/{secretId}/version/{secretVersionNumber}" None,
        () => Json<SecretVersion>;
    /// Starts the 1 to 30 days before a secret is deleted.
    ScheduleSecretDeletion: POST Secrets "/20180608/secrets/{secretId}/actions/scheduleDeletion" Signed,
        Json<ScheduleDeletionDetails> => ();
    /// Takes a secret out of pending deletion.
    CancelSecretDeletion: POST Secrets "/20180608/secrets/{secretId}/actions/cancelDeletion" Signed, () => ();
    /// Moves a secret to another compartment.
    ChangeSecretCompartment: POST Secrets "/20180608/secrets/{secretId}/actions/changeCompartment" Signed
        token true, Json<ChangeCompartmentDetails> => ();

    /// Reads the content of a secret whose name and vault are known.
    GetSecretBundleByName: POST SecretRetrieval "/20190301/secretbundles/actions/getByName" Signed,
        () => Json<SecretBundle>;
    /// Reads the content of a secret.
    GetSecretBundle: GET SecretRetrieval "/20190301/secretbundles/{secretId}" None, () => Json<SecretBundle>;
    /// Lists the versions of a secret at the retrieval service.
    ListSecretBundleVersions: GET SecretRetrieval "/20190301/secretbundles/{secretId}/versions" None,
        () => Json<Vec<SecretBundleVersion>>;

    /// The tenancy's Object Storage namespace.
    GetNamespace: GET Objects "/n" None, () => Json<String>;
    /// Where buckets of other protocols go.
    GetNamespaceMetadata: GET Objects "/n/{namespaceName}" None, () => Json<NamespaceMetadata>;
    /// Changes that.
    UpdateNamespaceMetadata: PUT Objects "/n/{namespaceName}" Signed,
        Json<UpdateNamespaceMetadataDetails> => Json<NamespaceMetadata>;
    /// Lists the buckets of one compartment.
    ListBuckets: GET Objects "/n/{namespaceName}/b" None, () => Json<Vec<BucketSummary>>;
    /// Creates a bucket.
    CreateBucket: POST Objects "/n/{namespaceName}/b" Signed, Json<CreateBucketDetails> => Json<Bucket>;
    /// Reads a bucket.
    GetBucket: GET Objects "/n/{namespaceName}/b/{bucketName}" None, () => Json<Bucket>;
    /// Asks for a bucket's headers.
    HeadBucket: HEAD Objects "/n/{namespaceName}/b/{bucketName}" None, () => ();
    /// Changes a bucket: its key, compartment, tags, versioning.
    UpdateBucket: POST Objects "/n/{namespaceName}/b/{bucketName}" Signed, Json<UpdateBucketDetails> => Json<Bucket>;
    /// Encrypts all objects of a bucket with the current version of its key.
    ReencryptBucket: POST Objects "/n/{namespaceName}/b/{bucketName}/actions/reencrypt" Signed, () => ();
    /// Encrypts an object with the bucket's key or another one.
    ReencryptObject: POST Objects "/n/{namespaceName}/b/{bucketName}/actions/reencrypt/{objectName}" Signed,
        Json<ReencryptObjectDetails> => ();
    /// Adds a rule that keeps objects from being changed and deleted.
    CreateRetentionRule: POST Objects "/n/{namespaceName}/b/{bucketName}/retentionRules" Signed,
        Json<CreateRetentionRuleDetails> => Json<RetentionRule>;
    /// Lists a bucket's retention rules.
    ListRetentionRules: GET Objects "/n/{namespaceName}/b/{bucketName}/retentionRules" None,
        () => Json<RetentionRules>;
    /// Reads a retention rule.
    GetRetentionRule: GET Objects "/n/{namespaceName}/b/{bucketName}/retentionRules/{retentionRuleId}" None,
        () => Json<RetentionRule>;
    /// Changes a retention rule.
    UpdateRetentionRule: PUT Objects "/n/{namespaceName}/b/{bucketName}/retentionRules/{retentionRuleId}" Signed,
        Json<UpdateRetentionRuleDetails> => Json<RetentionRule>;
    /// Deletes a retention rule that is not locked.
    DeleteRetentionRule: DELETE Objects "/n/{namespaceName}/b/{bucketName}/retentionRules/{retentionRuleId}" None,
        () => ();
    /// Lists the policies that copy a bucket's objects elsewhere.
    ListReplicationPolicies: GET Objects "/n/{namespaceName}/b/{bucketName}/replicationPolicies" None,
        () => Json<Vec<ReplicationPolicySummary>>;
    /// Lists the policies that copy objects into a bucket.
    ListReplicationSources: GET Objects "/n/{namespaceName}/b/{bucketName}/replicationSources" None,
        () => Json<Vec<ReplicationSource>>;
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
    /// Makes a pre-authenticated request.
    CreatePreauthenticatedRequest: POST Objects "/n/{namespaceName}/b/{bucketName}/p" Signed,
        Json<CreateParDetails> => Json<Par>;
    /// Lists the pre-authenticated requests of a bucket.
    ListPreauthenticatedRequests: GET Objects "/n/{namespaceName}/b/{bucketName}/p" None,
        () => Json<Vec<ParSummary>>;
    /// Reads a pre-authenticated request.
    GetPreauthenticatedRequest: GET Objects "/n/{namespaceName}/b/{bucketName}/p/{parId}" None,
        () => Json<ParSummary>;
    /// Ends a pre-authenticated request.
    DeletePreauthenticatedRequest: DELETE Objects "/n/{namespaceName}/b/{bucketName}/p/{parId}" None, () => ();
    /// Deletes many objects.
    BatchDeleteObjects: POST Objects "/n/{namespaceName}/b/{bucketName}/actions/batchDeleteObjects" Signed,
        Json<BatchDeleteObjectsDetails> => Json<BatchDeleteObjectsResult>;
    /// Gives an object another name.
    RenameObject: POST Objects "/n/{namespaceName}/b/{bucketName}/actions/renameObject" Signed,
        Json<RenameObjectDetails> => ();
    /// Lists the versions of objects.
    ListObjectVersions: GET Objects "/n/{namespaceName}/b/{bucketName}/objectversions" None,
        () => Json<ObjectVersions>;
    /// Starts an upload in parts.
    CreateMultipartUpload: POST Objects "/n/{namespaceName}/b/{bucketName}/u" Signed,
        Json<CreateMultipartUploadDetails> => Json<MultipartUpload>;
    /// Lists uploads under way.
    ListMultipartUploads: GET Objects "/n/{namespaceName}/b/{bucketName}/u" None, () => Json<Vec<MultipartUpload>>;
    /// Writes a part.
    UploadPart: PUT Objects "/n/{namespaceName}/b/{bucketName}/u/{objectName}" Unsigned, Raw => ();
    /// Lists the parts of an upload.
    ListMultipartUploadParts: GET Objects "/n/{namespaceName}/b/{bucketName}/u/{objectName}" None,
        () => Json<Vec<MultipartUploadPart>>;
    /// Makes an object of parts.
    CommitMultipartUpload: POST Objects "/n/{namespaceName}/b/{bucketName}/u/{objectName}" Signed,
        Json<CommitMultipartUploadDetails> => ();
    /// Gives an upload up.
    AbortMultipartUpload: DELETE Objects "/n/{namespaceName}/b/{bucketName}/u/{objectName}" None, () => ();
    /// Lists the work requests of Object Storage.
    ListObjectWorkRequests: GET Objects "/workRequests" None, () => Json<Vec<WorkRequestSummary>>;
    /// Calls a work request of Object Storage off.
    CancelObjectWorkRequest: DELETE Objects "/workRequests/{workRequestId}" None, () => ();
    /// The log of a work request of Object Storage.
    ListObjectWorkRequestLogs: GET Objects "/workRequests/{workRequestId}/logs" None,
        () => Json<Vec<WorkRequestLogEntry>>;
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
    /// Subscribes the tenancy to a region, for good; home region only.
    CreateRegionSubscription: POST Identity "/20160918/tenancies/{tenancyId}/regionSubscriptions" Signed
        token true, Json<CreateRegionSubscriptionDetails> => Json<RegionSubscription>;
    /// The availability domains of the region.
    ListAvailabilityDomains: GET Identity "/20160918/availabilityDomains" None,
        () => Json<Vec<AvailabilityDomain>>;
    /// Lists compartments: children, or with the tenancy the whole tree below it.
    ListCompartments: GET Identity "/20160918/compartments" None, () => Json<Vec<Compartment>>;
    /// Creates a compartment; home region only.
    CreateCompartment: POST Identity "/20160918/compartments" Signed token true,
        Json<CreateCompartmentDetails> => Json<Compartment>;
    /// Reads a compartment.
    GetCompartment: GET Identity "/20160918/compartments/{compartmentId}" None, () => Json<Compartment>;
    /// Changes name, description and tags of a compartment; home region only.
    UpdateCompartment: PUT Identity "/20160918/compartments/{compartmentId}" Signed,
        Json<UpdateCompartmentDetails> => Json<Compartment>;
    /// Deletes a compartment, as a work request; home region only.
    DeleteCompartment: DELETE Identity "/20160918/compartments/{compartmentId}" None, () => ();
    /// Brings a deleted compartment back; home region only.
    RecoverCompartment: POST Identity "/20160918/compartments/{compartmentId}/actions/recoverCompartment" Signed,
        () => Json<Compartment>;
    /// Moves a compartment with everything in it, as a work request; home region only.
    MoveCompartment: POST Identity "/20160918/compartments/{compartmentId}/actions/moveCompartment" Signed
        token true, Json<MoveCompartmentDetails> => ();

    /// Lists users.
    ListUsers: GET Identity "/20160918/users" None, () => Json<Vec<User>>;
    /// Reads a user.
    GetUser: GET Identity "/20160918/users/{userId}" None, () => Json<User>;
    /// Lists the public keys that a user signs with.
    ListApiKeys: GET Identity "/20160918/users/{userId}/apiKeys" None, () => Json<Vec<ApiKey>>;
    /// Adds a public key to a user; home region only.
    UploadApiKey: POST Identity "/20160918/users/{userId}/apiKeys" Signed token true,
        Json<CreateApiKeyDetails> => Json<ApiKey>;
    /// Takes a public key from a user; home region only.
    DeleteApiKey: DELETE Identity "/20160918/users/{userId}/apiKeys/{fingerprint}" None, () => ();

    /// Lists the tag namespaces of a compartment.
    ListTagNamespaces: GET Identity "/20160918/tagNamespaces" None, () => Json<Vec<TagNamespace>>;
    /// Creates a tag namespace; home region only.
    CreateTagNamespace: POST Identity "/20160918/tagNamespaces" Signed token true,
        Json<CreateTagNamespaceDetails> => Json<TagNamespace>;
    /// Reads a tag namespace.
    GetTagNamespace: GET Identity "/20160918/tagNamespaces/{tagNamespaceId}" None, () => Json<TagNamespace>;
    /// Changes or retires a tag namespace; home region only.
    UpdateTagNamespace: PUT Identity "/20160918/tagNamespaces/{tagNamespaceId}" Signed,
        Json<UpdateTagNamespaceDetails> => Json<TagNamespace>;
    /// Lists the tags of a namespace.
    ListTags: GET Identity "/20160918/tagNamespaces/{tagNamespaceId}/tags" None, () => Json<Vec<TagSummary>>;
    /// Creates a tag; home region only.
    CreateTag: POST Identity "/20160918/tagNamespaces/{tagNamespaceId}/tags" Signed token true,
        Json<CreateTagDetails> => Json<Tag>;
    /// Reads a tag.
    GetTag: GET Identity "/20160918/tagNamespaces/{tagNamespaceId}/tags/{tagName}" None, () => Json<Tag>;
    /// Changes or retires a tag; home region only.
    UpdateTag: PUT Identity "/20160918/tagNamespaces/{tagNamespaceId}/tags/{tagName}" Signed,
        Json<UpdateTagDetails> => Json<Tag>;

    /// Lists work requests at identity's newer endpoint for them.
    ListIamWorkRequests: GET Identity "/20160918/iamWorkRequests" None, () => Json<Vec<WorkRequestSummary>>;
    /// Reads a work request at identity's newer endpoint.
    GetIamWorkRequest: GET Identity "/20160918/iamWorkRequests/{workRequestId}" None, () => Json<WorkRequest>;
    /// The errors of a work request at identity's newer endpoint.
    ListIamWorkRequestErrors: GET Identity "/20160918/iamWorkRequests/{workRequestId}/errors" None,
        () => Json<Vec<WorkRequestError>>;
    /// The log of a work request at identity's newer endpoint.
    ListIamWorkRequestLogs: GET Identity "/20160918/iamWorkRequests/{workRequestId}/logs" None,
        () => Json<Vec<WorkRequestLogEntry>>;

    /// The services that have limits.
    ListLimitServices: GET Limits "/20190729/services" None, () => Json<Vec<Service>>;
    /// What the service limits are about.
    ListLimitDefinitions: GET Limits "/20190729/limitDefinitions" None, () => Json<Vec<LimitDefinition>>;
    /// The values of a service's limits in the region.
    ListLimitValues: GET Limits "/20190729/limitValues" None, () => Json<Vec<LimitValue>>;
    /// How much of a service limit is used.
    GetResourceAvailability: GET Limits
        "/20190729/services/{serviceName}/limits/{limitName}/resourceAvailability" None,
        () => Json<ResourceAvailability>;

    /// The calls made in a compartment of the region.
    ListEvents: GET Audit "/20190901/auditEvents" None, () => Json<Vec<AuditEvent>>;

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
