//! The services of the realm: one function per operation.

pub(crate) mod backups;
mod buckets;
pub(crate) mod copies;
mod crypto;
mod identity;
pub(crate) mod key_versions;
pub(crate) mod keys;
pub(crate) mod objects;
pub(crate) mod restores;
mod secrets;
pub(crate) mod vault_deletion;
#[cfg(test)]
mod vault_testing;
pub(crate) mod vaults;
pub(crate) mod work_requests;

use keyferry_wire::OperationName;

use crate::call::{Call, Effect};
use crate::refusal::Refusal;

/// Does what the call asks for.
pub(crate) fn dispatch(call: &Call<'_>) -> Result<Effect, Refusal> {
    use OperationName as Op;
    match call.operation {
        Op::ListVaults => vaults::list(call),
        Op::CreateVault => vaults::create(call),
        Op::GetVault => vaults::vault(call),
        Op::GetVaultUsage => vaults::usage(call),
        Op::ScheduleVaultDeletion => vault_deletion::schedule(call),
        Op::CancelVaultDeletion => vault_deletion::cancel(call),
        Op::BackupVault => backups::backup(call),
        Op::RestoreVaultFromObjectStore => restores::restore(call),

        Op::ListKeys => keys::list(call),
        Op::CreateKey => keys::create(call),
        Op::GetKey => keys::key(call),
        Op::EnableKey => keys::enable(call),
        Op::DisableKey => keys::disable(call),
        Op::ListKeyVersions => key_versions::list(call),
        Op::CreateKeyVersion => key_versions::create(call),
        Op::GetKeyVersion => key_versions::version(call),

        Op::Encrypt => crypto::encrypt(call),
        Op::Decrypt => crypto::decrypt(call),
        Op::Sign => crypto::sign(call),
        Op::Verify => crypto::verify(call),

        Op::ListSecrets => secrets::list(call),

        Op::GetNamespace => buckets::namespace(call),
        Op::ListBuckets => buckets::list(call),
        Op::CreateBucket => buckets::create(call),
        Op::GetBucket => buckets::bucket(call),
        Op::HeadBucket => buckets::head(call),
        Op::DeleteBucket => buckets::delete(call),
        Op::CopyObject => copies::copy(call),
        Op::ListObjects => objects::list(call),
        Op::PutObject => objects::put(call),
        Op::GetObject => objects::object(call),
        Op::HeadObject => objects::head(call),
        Op::DeleteObject => objects::delete(call),
        Op::GetObjectWorkRequest => work_requests::of_objects(call),
        Op::ListObjectWorkRequestErrors => work_requests::errors_of_objects(call),

        Op::ListRegions => identity::regions(call),
        Op::GetTenancy => identity::tenancy(call),
        Op::ListRegionSubscriptions => identity::subscriptions(call),
        Op::ListCompartments => identity::compartments(call),
        Op::CreateCompartment => identity::create_compartment(call),
        Op::GetCompartment => identity::compartment(call),

        Op::ListWorkRequests => work_requests::list(call),
        Op::GetWorkRequest => work_requests::general(call),
        Op::ListWorkRequestErrors => work_requests::errors(call),
        Op::ListWorkRequestLogs => work_requests::log(call),
    }
}
