//! The whole state of the realm, and the one place where it changes.

use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::OperationName;
use keyferry_wire::kms::{VaultReplicaStatus, VaultState};
use serde::{Deserialize, Serialize};

use crate::clock::ClockSetting;
use crate::down::Down;
use crate::faults::{FaultRecord, Trouble};
use crate::object_versions::EarlierKey;
use crate::owned_table::{Owned, OwnedTable};
use crate::records::{
    ApiKeyRecord, BucketRecord, CompartmentRecord, KeyRecord, LimitRecord, MasterKey, NamespaceRecord,
    ObjectRecord, ParRecord, PartRecord, RetryRecord, SecretRecord, SubscriptionRecord, TagNamespaceRecord,
    TagRecord, UploadRecord, VaultRecord, VersionRecord, WorkRequestRecord, WorkService,
};
use crate::services::limits::LimitName;
use crate::table::{Rows, Table};
use crate::tasks::Task;

/// Region, bucket, object: sorted as a list of objects has to be.
pub(crate) type ObjectKey = (Region, String, String);
/// When a task is due, and its number among all tasks, so that equal times keep their order.
pub(crate) type TaskKey = (Timestamp, u64);

/// All state. Handlers only read it. A table that is not listed in [`World::tables`] does not survive.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) compartments: Table<String, CompartmentRecord>,
    pub(crate) vaults: Table<String, VaultRecord>,
    pub(crate) keys: OwnedTable<KeyRecord>,
    pub(crate) versions: OwnedTable<VersionRecord>,
    pub(crate) secrets: Table<String, SecretRecord>,
    pub(crate) buckets: Table<(Region, String), BucketRecord>,
    /// Objects as they are now: each its latest version.
    pub(crate) objects: Table<ObjectKey, ObjectRecord>,
    /// Earlier versions of objects, and delete markers.
    pub(crate) earlier: Table<EarlierKey, ObjectRecord>,
    pub(crate) uploads: Table<String, UploadRecord>,
    /// By upload and number.
    pub(crate) parts: Table<(String, u32), PartRecord>,
    pub(crate) namespaces: Table<Region, NamespaceRecord>,
    /// By the digest of the token.
    pub(crate) pars: Table<(Region, String), ParRecord>,
    /// By fingerprint.
    pub(crate) api_keys: Table<String, ApiKeyRecord>,
    pub(crate) tag_namespaces: Table<String, TagNamespaceRecord>,
    pub(crate) tags: Table<String, TagRecord>,
    pub(crate) subscriptions: Table<Region, SubscriptionRecord>,
    pub(crate) limits: Table<(Region, LimitName), LimitRecord>,
    pub(crate) work_requests: Table<String, WorkRequestRecord>,
    pub(crate) retries: Table<(Region, OperationName, String), RetryRecord>,
    /// Regions that are not up.
    pub(crate) down: Table<Region, Down>,
    /// What the realm was told to do wrong, by number.
    pub(crate) faults: Table<u64, FaultRecord>,
    /// What that has left out of order, by OCID.
    pub(crate) troubles: Table<String, Trouble>,
    /// One row at most: where the clock stands.
    pub(crate) clock: Table<(), ClockSetting>,
    tasks: Table<TaskKey, Task>,
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
    Upload(UploadRecord),
    Part(PartRecord),
    Namespace(NamespaceRecord),
    Par(ParRecord),
    ApiKey(ApiKeyRecord),
    TagNamespace(TagNamespaceRecord),
    Tag(TagRecord),
    Subscription(SubscriptionRecord),
    Limit(LimitRecord),
    WorkRequest(WorkRequestRecord),
    Retry(RetryRecord),
    Fault(FaultRecord),
    Trouble(Trouble),
    Clock(ClockSetting),
}

/// One change of state, as data, so that it can be written down before it is made.
#[expect(clippy::large_enum_variant, reason = "changes are few and short-lived")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// Insert or replace.
    Put(Box<Record>),
    DeleteBucket(Region, String),
    /// A version of an object, or a delete marker; what lay below comes up.
    DeleteVersion(ObjectKey, Option<String>),
    /// A version of an object gets another key, and stays what it is otherwise.
    Reencrypt(ObjectKey, Option<String>, Option<MasterKey>),
    /// An upload goes with its parts.
    DeleteUpload(String),
    /// By the digest of its token.
    DeletePar(Region, String),
    /// A vault's keys go with their versions and material.
    DeleteKeysOf(String),
    ForgetRetry(Region, OperationName, String),
    /// Do this when its time has come.
    Schedule(Timestamp, Task),
    /// A task was done.
    Done(TaskKey),
    RegionDown(Region, Down),
    RegionUp(Region),
    DeleteFault(u64),
    /// No rule is left, and nothing out of order.
    DeleteFaults,
}

impl World {
    /// All tables by the names they are stored under.
    pub(crate) fn tables(&mut self) -> Vec<(&'static str, &mut dyn Rows)> {
        let Self {
            compartments,
            vaults,
            keys,
            versions,
            secrets,
            buckets,
            objects,
            earlier,
            uploads,
            parts,
            namespaces,
            pars,
            api_keys,
            tag_namespaces,
            tags,
            subscriptions,
            limits,
            work_requests,
            retries,
            down,
            faults,
            troubles,
            clock,
            tasks,
            tasks_so_far: _,
        } = self;
        vec![
            ("compartments", compartments),
            ("vaults", vaults),
            ("keys", keys),
            ("versions", versions),
            ("secrets", secrets),
            ("buckets", buckets),
            ("objects", objects),
            ("earlier", earlier),
            ("uploads", uploads),
            ("parts", parts),
            ("namespaces", namespaces),
            ("pars", pars),
            ("api_keys", api_keys),
            ("tag_namespaces", tag_namespaces),
            ("tags", tags),
            ("subscriptions", subscriptions),
            ("limits", limits),
            ("work_requests", work_requests),
            ("retries", retries),
            ("down", down),
            ("faults", faults),
            ("troubles", troubles),
            ("clock", clock),
            ("tasks", tasks),
        ]
    }

    /// After all rows are back: goes on counting tasks behind those that wait.
    pub(crate) fn resume(&mut self) {
        self.tables().into_iter().for_each(|(_, table)| table.restored());
        self.tasks_so_far = self.tasks.keys().map(|(_, number)| number + 1).max().unwrap_or(0);
    }

    /// Makes a change. Nothing else changes a world.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Put(record) => self.put(*record),
            Change::DeleteBucket(region, name) => {
                self.buckets.remove(&(region, name));
            }
            Change::DeleteVersion(key, version_id) => self.delete_version(&key, version_id.as_deref()),
            Change::Reencrypt(key, version_id, master) => self.reencrypt(key, version_id.as_deref(), master),
            Change::DeleteUpload(id) => {
                self.parts.retain(|(upload, _), _| *upload != id);
                self.uploads.remove(&id);
            }
            Change::DeletePar(region, token_digest) => {
                self.pars.remove(&(region, token_digest));
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
            Change::DeleteFault(id) => {
                self.faults.remove(&id);
            }
            Change::DeleteFaults => {
                self.faults.retain(|_, _| false);
                self.troubles.retain(|_, _| false);
            }
        }
    }

    fn put(&mut self, record: Record) {
        match record {
            Record::Compartment(r) => self.compartments.insert(r.id.clone(), r),
            Record::Vault(r) => self.vaults.insert(r.id.clone(), r),
            Record::Key(r) => self.keys.insert(r.id.clone(), r),
            Record::Version(r) => self.versions.insert(r.id.clone(), r),
            Record::Secret(r) => self.secrets.insert(r.id.clone(), r),
            Record::Bucket(r) => self.buckets.insert((r.region, r.name.clone()), r),
            Record::Object(r) => self.put_object(r),
            Record::Upload(r) => self.uploads.insert(r.id.clone(), r),
            Record::Part(r) => self.parts.insert((r.upload_id.clone(), r.number), r),
            Record::Namespace(r) => self.namespaces.insert(r.region, r),
            Record::Par(r) => self.pars.insert((r.region, r.token_digest.clone()), r),
            Record::ApiKey(r) => self.api_keys.insert(r.fingerprint.clone(), r),
            Record::TagNamespace(r) => self.tag_namespaces.insert(r.id.clone(), r),
            Record::Tag(r) => self.tags.insert(r.id.clone(), r),
            Record::Subscription(r) => self.subscriptions.insert(r.region, r),
            Record::Limit(r) => self.limits.insert((r.region, r.name), r),
            Record::WorkRequest(r) => self.work_requests.insert(r.id.clone(), r),
            Record::Fault(r) => self.faults.insert(r.id, r),
            Record::Trouble(r) => self.troubles.insert(r.id.clone(), r),
            Record::Clock(r) => self.clock.insert((), r),
            Record::Retry(r) => self.retries.insert((r.region, r.operation, r.token.clone()), r),
        }
    }

    /// What is of the tenancy lives in the whole realm and stays, as do limits. Of a vault with a replica the replica stays.
    fn erase(&mut self, region: Region) {
        self.part_replicas(region);
        self.vaults.retain(|_, r| r.region != region);
        self.keys.retain(|_, r| r.region != region);
        self.versions.retain(|_, r| r.region != region);
        self.secrets.retain(|_, r| r.region != region);
        self.buckets.retain(|_, r| r.region != region);
        self.objects.retain(|_, r| r.region != region);
        self.earlier.retain(|_, r| r.region != region);
        self.uploads.retain(|_, r| r.region != region);
        self.parts.retain(|_, r| r.region != region);
        self.namespaces.retain(|_, r| r.region != region);
        self.pars.retain(|_, r| r.region != region);
        self.work_requests.retain(|_, r| r.region != region || r.service == WorkService::Identity);
        self.retries.retain(|_, r| r.region != region);
        self.tasks.retain(|_, task| task.region() != region || task.is_of_tenancy());
    }

    /// Ends the replication to or from a region that is lost.
    fn part_replicas(&mut self, lost: Region) {
        let replicated: Vec<_> =
            self.vaults.values().filter(|vault| vault.replica.is_some()).cloned().collect();
        for mut vault in replicated {
            let Some(replica) = vault.replica.take() else { continue };
            if vault.region == lost && replica.status != VaultReplicaStatus::Creating {
                (vault.region, vault.lost_source) = (replica.region, Some(lost));
                let keys: Vec<_> = self.keys_of(&vault.id).cloned().collect();
                for key in keys {
                    for version in self.versions_of(&key.id).into_iter().cloned().collect::<Vec<_>>() {
                        self.put(Record::Version(VersionRecord { region: replica.region, ..version }));
                    }
                    self.put(Record::Key(KeyRecord { region: replica.region, ..key }));
                }
            }
            if vault.region == replica.region || replica.region == lost {
                self.put(Record::Vault(vault));
            }
        }
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
        self.vaults.values().find(|v| v.is_in(region) && v.ext == ext && v.state != VaultState::Deleted)
    }

    /// The keys of a vault, in the order of their ids.
    pub(crate) fn keys_of<'w>(&'w self, vault_id: &str) -> impl Iterator<Item = &'w KeyRecord> {
        self.keys.of(vault_id)
    }

    /// The versions of a key, oldest first.
    pub(crate) fn versions_of(&self, key_id: &str) -> Vec<&VersionRecord> {
        let mut versions: Vec<_> = self.versions.of(key_id).collect();
        versions.sort_by_key(|v| (v.time_created, &v.id));
        versions
    }

    /// A bucket.
    pub(crate) fn bucket(&self, region: Region, name: &str) -> Option<&BucketRecord> {
        self.buckets.get(&(region, name.to_owned()))
    }
}

impl Owned for KeyRecord {
    fn owner(&self) -> &str {
        &self.vault_id
    }
}

impl Owned for VersionRecord {
    fn owner(&self) -> &str {
        &self.key_id
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
    Secret: SecretRecord, Bucket: BucketRecord, Object: ObjectRecord, Par: ParRecord, WorkRequest: WorkRequestRecord,
    Retry: RetryRecord, ApiKey: ApiKeyRecord, TagNamespace: TagNamespaceRecord, Tag: TagRecord,
    Subscription: SubscriptionRecord, Limit: LimitRecord, Upload: UploadRecord, Part: PartRecord,
    Namespace: NamespaceRecord, Fault: FaultRecord, Trouble: Trouble, Clock: ClockSetting,
}
