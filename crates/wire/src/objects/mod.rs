//! JSON of Object Storage's native API.

mod bucket;
mod multipart;
mod object;
mod retention;

pub use bucket::{
    Bucket, BucketSummary, CreateBucketDetails, NamespaceMetadata, ReencryptObjectDetails,
    ReplicationPolicySummary, ReplicationSource, UpdateBucketDetails, UpdateNamespaceMetadataDetails,
};
pub use multipart::{
    CommitMultipartUploadDetails, CreateMultipartUploadDetails, MultipartUpload, MultipartUploadPart,
    PartToCommit,
};
pub use object::{
    BatchDeleteObjectIdentifier, BatchDeleteObjectsDetails, BatchDeleteObjectsResult, CopyObjectDetails,
    DeletedObjectResult, FailedObjectResult, ListObjects, ObjectSummary, ObjectVersionSummary,
    ObjectVersions, RenameObjectDetails,
};
pub use retention::{
    CreateRetentionRuleDetails, Duration, RetentionRule, RetentionRules, UpdateRetentionRuleDetails,
};
