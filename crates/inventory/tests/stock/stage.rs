//! A realm of two regions in this process, and a client that counts its calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use keyferry_core::model::Vault;
use keyferry_core::{
    Environment, EnvironmentKind, Gap, Inventory, Observer, Silent, VaultStock, completeness,
};
use keyferry_ids::{KeyId, Region, TenancyId, UserId};
use keyferry_inventory::{Scope, Survey, survey, take};
use keyferry_oci::{
    Call, CallRecord, Client, ClientConfig, Credentials, Endpoints, Observe, Pace, Place, PrivateKey,
    RetryPolicy,
};
use keyferry_realm::{
    ApiKey, Effect, EmbeddedSend, Fault, Identity, Latency, OperationName, Realm, RealmConfig, Semantics,
    WorldFile,
};
use keyferry_seams::{Clock, HttpSend, Seed, VirtualClock};
use keyferry_wire::kms::{CreateVaultReplicaDetails, ScheduleDeletionDetails};
use keyferry_wire::{Json, ops};

/// The signing vectors' key; making one takes long.
const KEY: &str = include_str!("../../../../tests/vectors/signing.txt");

pub(crate) fn iad() -> Region {
    Region::parse("iad").expect("known")
}

pub(crate) fn fra() -> Region {
    Region::parse("fra").expect("known")
}

#[derive(Debug, Default)]
struct Calls(Mutex<BTreeMap<OperationName, usize>>);

impl Observe for Calls {
    fn called(&self, record: &CallRecord) {
        *self.0.lock().expect("not poisoned").entry(record.operation).or_default() += 1;
    }
}

pub(crate) struct Stage {
    pub(crate) realm: Arc<Realm>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) client: Client,
    environment: Environment,
    calls: Arc<Calls>,
}

impl Stage {
    /// A realm that holds what the world file says.
    pub(crate) fn new(world: &str) -> Self {
        let seed = Seed::from_number(1);
        let start: Timestamp = "2026-11-24T06:00:00Z".parse().expect("a time");
        let clock = Arc::new(VirtualClock::new(start));
        let realm = Realm::new(RealmConfig {
            identity: Identity::mint(vec![iad(), fra()], &seed.child("identity")),
            seed: seed.child("requests"),
            root_key: seed.child("root key"),
            api_key: ApiKey::from_pem(KEY).expect("a good key"),
            latency: Latency::none(),
            semantics: Semantics::default(),
        });
        let realm = Arc::new(realm.expect("two regions of one realm"));
        let world = WorldFile::parse(world).expect("a good world file");
        realm.furnish(&world, start).expect("a possible world");
        let calls = Arc::new(Calls::default());
        let now = Arc::clone(&clock) as Arc<dyn Clock>;
        let network = EmbeddedSend::new(Arc::clone(&realm), Arc::clone(&now), seed.child("network"));
        let identity = realm.identity();
        let tenancy_id = TenancyId::parse(&identity.tenancy_id).expect("a tenancy");
        let mut endpoints = Endpoints::of(tenancy_id.realm());
        for region in [iad(), fra()] {
            let url = realm.endpoint(region).expect("a region of the realm");
            endpoints = endpoints.with(region, &url).expect("loopback");
        }
        let user_id = UserId::parse(&identity.user_id).expect("a user");
        let key = PrivateKey::from_pem(KEY.as_bytes(), "the vectors").expect("a good key");
        let fingerprint = realm.api_key().fingerprint();
        let client = Client::new(ClientConfig {
            http: Arc::new(network) as Arc<dyn HttpSend>,
            clock: now,
            seed: Seed::from_number(9),
            credentials: Credentials::new(tenancy_id.clone(), user_id, fingerprint, Some(iad()), key),
            endpoints: endpoints.closed(),
            retry: RetryPolicy::default(),
            pace: Pace::UNLIMITED,
            observer: Some(Arc::clone(&calls) as Arc<dyn Observe>),
        });
        let environment =
            Environment { kind: EnvironmentKind::Embedded, realm: tenancy_id.realm(), tenancy_id };
        let stage = Self { realm, clock, client, environment, calls };
        stage.wait(60);
        stage
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn take(&self) -> Inventory {
        self.take_in(&Scope::default()).await
    }

    pub(crate) async fn take_in(&self, scope: &Scope) -> Inventory {
        let observer: Arc<dyn Observer> = Arc::new(Silent);
        let taken = take(&self.client, self.clock.as_ref(), &observer, &self.environment, iad(), scope);
        taken.await.expect("compartments can be read")
    }

    pub(crate) async fn survey(&self) -> Survey {
        let (observer, scope): (Arc<dyn Observer>, _) = (Arc::new(Silent), Scope::default());
        let taken = survey(&self.client, self.clock.as_ref(), &observer, &self.environment, iad(), &scope);
        taken.await.expect("compartments can be read")
    }

    /// Lets that operation fail, for that resource if one is given.
    pub(crate) fn refuse(&self, operation: OperationName, resource: Option<&str>, status: u16) {
        let effect = Effect::Status { status, code: None, retry_after: None };
        let resource = resource.map(str::to_owned);
        self.fault(Fault { operation: Some(operation), resource, ..Fault::new(effect) });
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.realm.add_fault(fault).expect("a good rule");
    }

    /// How often each operation was called since this was last asked.
    pub(crate) fn calls(&self) -> BTreeMap<OperationName, usize> {
        std::mem::take(&mut *self.calls.0.lock().expect("not poisoned"))
    }

    /// Begins the days before a key is deleted.
    pub(crate) async fn schedule_deletion(&self, vault: &Vault, key: &KeyId) {
        let body = Json(ScheduleDeletionDetails { time_of_deletion: None });
        let place = Place::Vault { region: vault.region, endpoint: &vault.management_endpoint };
        let call = Call { names: &[key.as_str()], ..Call::new(place, &body) };
        self.client.call::<ops::ScheduleKeyDeletion>(call).await.expect("accepted");
        self.wait(60);
    }

    pub(crate) async fn replicate(&self, vault: &Vault, into: Region) {
        let body = Json(CreateVaultReplicaDetails {
            replica_region: into.name().to_owned(),
            replica_vault_metadata: None,
        });
        let names = [vault.id.as_str()];
        let call = Call { names: &names, ..Call::new(Place::Region(vault.region), &body) };
        self.client.call::<ops::CreateVaultReplica>(call).await.expect("accepted");
        self.wait(60);
    }
}

/// The stock of the vault of that name.
pub(crate) fn of<'a>(inventory: &'a Inventory, name: &str) -> &'a VaultStock {
    inventory.vaults.iter().find(|stock| stock.vault.name == name).expect("such a vault")
}

/// Names of the keys in it, in their own order: all are as old as the world.
pub(crate) fn keys(stock: &VaultStock) -> Vec<&str> {
    let mut names: Vec<_> = stock.keys.iter().map(|key| key.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// The service's count beside what was seen.
pub(crate) fn counts(stock: &VaultStock) -> (Option<u64>, u64) {
    let counted = completeness(stock);
    (counted.expected, counted.seen)
}

/// What was being read, and about what.
pub(crate) fn about(gaps: &[Gap]) -> Vec<(&str, &str)> {
    gaps.iter().map(|gap| (gap.reading.as_str(), gap.subject.as_deref().unwrap_or_default())).collect()
}
