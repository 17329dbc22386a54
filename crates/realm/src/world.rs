//! The whole state of the realm, and the one place where it changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::OperationName;
use keyferry_wire::kms::VaultState;
use serde::{Deserialize, Serialize};

use crate::down::Down;
use crate::records::{
    BucketRecord, CompartmentRecord, KeyRecord, ObjectRecord, RetryRecord, SecretRecord, VaultRecord,
    VersionRecord, WorkRequestRecord,
};
use crate::tasks::Task;

/// Region, bucket, object: sorted as a list of objects has to be.
pub(crate) type ObjectKey = (Region, String, String);
/// When a task is due, and its number among all tasks, so that equal times keep their order.
pub(crate) type TaskKey = (Timestamp, u64);

/// All state. Handlers only read it.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) compartments: BTreeMap<String, CompartmentRecord>,
    pub(crate) vaults: BTreeMap<String, VaultRecord>,
    pub(crate) keys: BTreeMap<String, KeyRecord>,
    pub(crate) versions: BTreeMap<String, VersionRecord>,
    pub(crate) secrets: BTreeMap<String, SecretRecord>,
    pub(crate) buckets: BTreeMap<(Region, String), BucketRecord>,
    pub(crate) objects: BTreeMap<ObjectKey, ObjectRecord>,
    pub(crate) work_requests: BTreeMap<String, WorkRequestRecord>,
    pub(crate) retries: BTreeMap<(Region, OperationName, String), RetryRecord>,
    /// Regions that are not up.
    pub(crate) down: BTreeMap<Region, Down>,
    tasks: BTreeMap<TaskKey, Task>,
    tasks_so_far: u64,
}

/// A record to insert or replace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Record {
    Compartment(CompartmentRecord),
    Vault(VaultRecord),
    Key(KeyRecord),
    Version(VersionRecord),
    Secret(SecretRecord),
    Bucket(BucketRecord),
    Object(ObjectRecord),
    WorkRequest(WorkRequestRecord),
    Retry(RetryRecord),
}

/// One change of state, as data, so that it can be written down before it is made.
#[expect(clippy::large_enum_variant, reason = "changes are few and short-lived")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// Insert or replace.
    Put(Box<Record>),
    DeleteBucket(Region, String),
    DeleteObject(ObjectKey),
    /// A vault's keys go with their versions and material.
    DeleteKeysOf(String),
    ForgetRetry(Region, OperationName, String),
    /// Do this when its time has come.
    Schedule(Timestamp, Task),
    /// A task was done.
    Done(TaskKey),
    RegionDown(Region, Down),
    RegionUp(Region),
}

impl World {
    /// Makes a change. Nothing else changes a world.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Put(record) => self.put(*record),
            Change::DeleteBucket(region, name) => {
                self.buckets.remove(&(region, name));
            }
            Change::DeleteObject(key) => {
                self.objects.remove(&key);
            }
            Change::DeleteKeysOf(vault_id) => {
                self.keys.retain(|_, key| key.vault_id != vault_id);
                self.versions.retain(|_, version| version.vault_id != vault_id);
            }
            Change::ForgetRetry(region, operation, token) => {
                self.retries.remove(&(region, operation, token));
            }
            Change::Schedule(due, task) => {
                self.tasks.insert((due, self.tasks_so_far), task);
                self.tasks_so_far += 1;
            }
            Change::Done(key) => {
                self.tasks.remove(&key);
            }
            Change::RegionDown(region, how) => {
                if how == Down::Destroyed {
                    self.erase(region);
                }
                self.down.insert(region, how);
            }
            Change::RegionUp(region) => {
                self.down.remove(&region);
            }
        }
    }

    fn put(&mut self, record: Record) {
        match record {
            Record::Compartment(r) => drop(self.compartments.insert(r.id.clone(), r)),
            Record::Vault(r) => drop(self.vaults.insert(r.id.clone(), r)),
            Record::Key(r) => drop(self.keys.insert(r.id.clone(), r)),
            Record::Version(r) => drop(self.versions.insert(r.id.clone(), r)),
            Record::Secret(r) => drop(self.secrets.insert(r.id.clone(), r)),
            Record::Bucket(r) => drop(self.buckets.insert((r.region, r.name.clone()), r)),
            Record::Object(r) => {
                drop(self.objects.insert((r.region, r.bucket.clone(), r.name.clone()), r));
            }
            Record::WorkRequest(r) => drop(self.work_requests.insert(r.id.clone(), r)),
            Record::Retry(r) => drop(self.retries.insert((r.region, r.operation, r.token.clone()), r)),
        }
    }

    /// Compartments live in the whole realm and stay.
    fn erase(&mut self, region: Region) {
        self.vaults.retain(|_, r| r.region != region);
        self.keys.retain(|_, r| r.region != region);
        self.versions.retain(|_, r| r.region != region);
        self.secrets.retain(|_, r| r.region != region);
        self.buckets.retain(|_, r| r.region != region);
        self.objects.retain(|_, r| r.region != region);
        self.work_requests.retain(|_, r| r.region != region);
        self.retries.retain(|_, r| r.region != region);
        self.tasks.retain(|_, task| task.region() != region);
    }

    /// The first task whose time has come.
    pub(crate) fn due(&self, now: Timestamp) -> Option<(TaskKey, &Task)> {
        let (key, task) = self.tasks.first_key_value()?;
        (key.0 <= now).then_some((*key, task))
    }

    /// Whether the region can be reached from the others.
    pub(crate) fn is_up(&self, region: Region) -> bool {
        !self.down.contains_key(&region)
    }

    /// The vault that an endpoint belongs to. Deleted vaults have none.
    pub(crate) fn vault_at(&self, region: Region, ext: &str) -> Option<&VaultRecord> {
        self.vaults.values().find(|v| v.region == region && v.ext == ext && v.state != VaultState::Deleted)
    }

    /// The keys of a vault, in the order of their ids.
    pub(crate) fn keys_of<'w>(&'w self, vault_id: &str) -> impl Iterator<Item = &'w KeyRecord> {
        self.keys.values().filter(move |k| k.vault_id == vault_id)
    }

    /// The versions of a key, oldest first.
    pub(crate) fn versions_of(&self, key_id: &str) -> Vec<&VersionRecord> {
        let mut versions: Vec<_> = self.versions.values().filter(|v| v.key_id == key_id).collect();
        versions.sort_by_key(|v| (v.time_created, &v.id));
        versions
    }

    /// An object of a bucket.
    pub(crate) fn object(&self, region: Region, bucket: &str, name: &str) -> Option<&ObjectRecord> {
        self.objects.get(&(region, bucket.to_owned(), name.to_owned()))
    }

    /// A bucket.
    pub(crate) fn bucket(&self, region: Region, name: &str) -> Option<&BucketRecord> {
        self.buckets.get(&(region, name.to_owned()))
    }
}

macro_rules! from_records {
    ($($variant:ident: $record:ty),* $(,)?) => {$(
        impl From<$record> for Change {
            fn from(record: $record) -> Self { Self::Put(Box::new(Record::$variant(record))) }
        }
    )*};
}

from_records! {
    Compartment: CompartmentRecord, Vault: VaultRecord, Key: KeyRecord, Version: VersionRecord,
    Secret: SecretRecord, Bucket: BucketRecord, Object: ObjectRecord, WorkRequest: WorkRequestRecord,
    Retry: RetryRecord,
}
