//! The services of the realm: one function per operation.

pub(crate) mod audit;
pub(crate) mod auto_rotation;
mod backup_content;
pub(crate) mod backups;
#[cfg(test)]
pub(crate) mod bucket_testing;
mod buckets;
pub(crate) mod compartment_work;
mod compartments;
pub(crate) mod copies;
mod crypto;
pub(crate) mod encryption;
mod external;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod fleet_fault_tests;
pub(crate) mod identity;
pub(crate) mod key_deletion;
mod key_updates;
pub(crate) mod key_versions;
pub(crate) mod keys;
mod limit_lists;
pub(crate) mod limits;
mod locations;
mod namespaces;
pub(crate) mod objects;
pub(crate) mod par_use;
mod pars;
pub(crate) mod replicas;
mod replication_status;
mod replications;
pub(crate) mod restores;
mod retention;
mod secret_content;
pub(crate) mod secret_states;
mod secrets;
#[cfg(test)]
mod semantics_tests;
mod tags;
mod uploads;
pub(crate) mod users;
pub(crate) mod vault_deletion;
#[cfg(test)]
mod vault_testing;
mod vault_updates;
pub(crate) mod vaults;
pub(crate) mod work_requests;
mod wrapping_keys;

use keyferry_wire::OperationName;

use crate::call::{Call, Effect};
use crate::refusal::Refusal;

/// Does what the call asks for.
pub(crate) fn dispatch(call: &Call<'_>) -> Result<Effect, Refusal> {
    use OperationName as Op;
    replicas::check_primary(call)?;
    match call.operation {
        Op::ListVaults => vaults::list(call),
        Op::CreateVault => vaults::create(call),
        Op::GetVault => vaults::vault(call),
        Op::GetVaultUsage => vaults::usage(call),
        Op::ScheduleVaultDeletion => vault_deletion::schedule(call),
        Op::CancelVaultDeletion => vault_deletion::cancel(call),
        Op::UpdateVault => vault_updates::update(call),
        Op::ChangeVaultCompartment => vault_updates::change_compartment(call),
        Op::BackupVault => backups::backup(call),
        Op::RestoreVaultFromObjectStore => restores::from_object(call),
        Op::RestoreVaultFromFile => restores::from_file(call),
        Op::CreateVaultReplica => replicas::create(call),
        Op::DeleteVaultReplica => replicas::delete(call),
        Op::ListVaultReplicas => replicas::list(call),
        Op::ListEkmsPrivateEndpoints => external::endpoints(call),
        Op::ListHsmClusters => external::clusters(call),
        Op::BackupKey => backups::backup_key(call),
        Op::RestoreKeyFromObjectStore => restores::key_from_object(call),
        Op::RestoreKeyFromFile => restores::key_from_file(call),

        Op::ListKeys => keys::list(call),
        Op::CreateKey => keys::create(call),
        Op::ImportKey => wrapping_keys::import_key(call),
        Op::GetKey => keys::key(call),
        Op::EnableKey => keys::enable(call),
        Op::DisableKey => keys::disable(call),
        Op::UpdateKey => key_updates::update(call),
        Op::ChangeKeyCompartment => key_updates::change_compartment(call),
        Op::ScheduleKeyDeletion => key_deletion::schedule(call),
        Op::CancelKeyDeletion => key_deletion::cancel(call),
        Op::ListKeyVersions => key_versions::list(call),
        Op::CreateKeyVersion => key_versions::create(call),
        Op::GetKeyVersion => key_versions::version(call),
        Op::ImportKeyVersion => wrapping_keys::import_version(call),
        Op::ScheduleKeyVersionDeletion => key_deletion::schedule_version(call),
        Op::CancelKeyVersionDeletion => key_deletion::cancel_version(call),
        Op::GetWrappingKey => wrapping_keys::wrapping_key(call),
        Op::GetReplicationStatus => replication_status::status(call),

        Op::Encrypt => crypto::encrypt(call),
        Op::Decrypt => crypto::decrypt(call),
        Op::GenerateDataEncryptionKey => crypto::generate(call),
        Op::ExportKey => crypto::export(call),
        Op::Sign => crypto::sign(call),
        Op::Verify => crypto::verify(call),

        Op::ListSecrets => secrets::list(call),
        Op::CreateSecret => secrets::create(call),
        Op::GetSecret => secrets::secret(call),
        Op::UpdateSecret => secrets::update(call),
        Op::ChangeSecretCompartment => secrets::change_compartment(call),
        Op::ScheduleSecretDeletion => secret_states::schedule(call),
        Op::CancelSecretDeletion => secret_states::cancel(call),
        Op::ListSecretVersions => secret_content::versions(call),
        Op::GetSecretVersion => secret_content::version(call),
        Op::GetSecretBundle => secret_content::bundle(call),
        Op::GetSecretBundleByName => secret_content::bundle_by_name(call),
        Op::ListSecretBundleVersions => secret_content::bundle_versions(call),

        Op::GetNamespace => namespaces::namespace(call),
        Op::GetNamespaceMetadata => namespaces::metadata(call),
        Op::UpdateNamespaceMetadata => namespaces::update_metadata(call),
        Op::ListBuckets => buckets::list(call),
        Op::CreateBucket => buckets::create(call),
        Op::GetBucket => buckets::bucket(call),
        Op::HeadBucket => buckets::head(call),
        Op::UpdateBucket => buckets::update(call),
        Op::DeleteBucket => buckets::delete(call),
        Op::ReencryptBucket => encryption::reencrypt_bucket(call),
        Op::ReencryptObject => encryption::reencrypt_object(call),
        Op::CreateRetentionRule => retention::create(call),
        Op::ListRetentionRules => retention::list(call),
        Op::GetRetentionRule => retention::rule(call),
        Op::UpdateRetentionRule => retention::update(call),
        Op::DeleteRetentionRule => retention::delete(call),
        Op::ListReplicationPolicies => replications::policies(call),
        Op::ListReplicationSources => replications::sources(call),
        Op::CopyObject => copies::copy(call),
        Op::ListObjects => objects::list(call),
        Op::PutObject => objects::put(call),
        Op::GetObject => objects::object(call),
        Op::HeadObject => objects::head(call),
        Op::DeleteObject => objects::delete(call),
        Op::BatchDeleteObjects => objects::delete_all(call),
        Op::RenameObject => objects::rename(call),
        Op::ListObjectVersions => objects::versions(call),
        Op::CreateMultipartUpload => uploads::create(call),
        Op::ListMultipartUploads => uploads::list(call),
        Op::UploadPart => uploads::upload_part(call),
        Op::ListMultipartUploadParts => uploads::list_parts(call),
        Op::CommitMultipartUpload => uploads::commit(call),
        Op::AbortMultipartUpload => uploads::abort(call),
        Op::ListObjectWorkRequests => work_requests::list_of_objects(call),
        Op::CancelObjectWorkRequest => work_requests::cancel_of_objects(call),
        Op::ListObjectWorkRequestLogs => work_requests::log_of_objects(call),
        Op::CreatePreauthenticatedRequest => pars::create(call),
        Op::ListPreauthenticatedRequests => pars::list(call),
        Op::GetPreauthenticatedRequest => pars::par(call),
        Op::DeletePreauthenticatedRequest => pars::delete(call),
        Op::GetObjectWorkRequest => work_requests::of_objects(call),
        Op::ListObjectWorkRequestErrors => work_requests::errors_of_objects(call),

        Op::ListRegions => identity::regions(call),
        Op::GetTenancy => identity::tenancy(call),
        Op::ListRegionSubscriptions => identity::subscriptions(call),
        Op::CreateRegionSubscription => identity::subscribe(call),
        Op::ListAvailabilityDomains => identity::availability_domains(call),
        Op::ListCompartments => compartments::list(call),
        Op::CreateCompartment => compartments::create(call),
        Op::GetCompartment => compartments::compartment(call),
        Op::UpdateCompartment => compartments::update(call),
        Op::DeleteCompartment => compartment_work::delete(call),
        Op::RecoverCompartment => compartments::recover(call),
        Op::MoveCompartment => compartment_work::relocate(call),
        Op::ListUsers => users::list(call),
        Op::GetUser => users::read(call),
        Op::ListApiKeys => users::api_keys(call),
        Op::UploadApiKey => users::upload_api_key(call),
        Op::DeleteApiKey => users::delete_api_key(call),
        Op::ListTagNamespaces => tags::namespaces(call),
        Op::CreateTagNamespace => tags::create_namespace(call),
        Op::GetTagNamespace => tags::namespace(call),
        Op::UpdateTagNamespace => tags::update_namespace(call),
        Op::ListTags => tags::list(call),
        Op::CreateTag => tags::create(call),
        Op::GetTag => tags::tag(call),
        Op::UpdateTag => tags::update(call),

        Op::ListLimitServices => limit_lists::services(call),
        Op::ListLimitDefinitions => limit_lists::definitions(call),
        Op::ListLimitValues => limit_lists::values(call),
        Op::GetResourceAvailability => limit_lists::availability(call),

        Op::ListEvents => audit::list(call),

        Op::ListWorkRequests | Op::ListIamWorkRequests => work_requests::list(call),
        Op::GetWorkRequest | Op::GetIamWorkRequest => work_requests::general(call),
        Op::ListWorkRequestErrors | Op::ListIamWorkRequestErrors => work_requests::errors(call),
        Op::ListWorkRequestLogs | Op::ListIamWorkRequestLogs => work_requests::log(call),
    }
}
