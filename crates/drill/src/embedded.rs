//! The ground a drill stands on: a realm in this process, a clock of its own, and a client that is told of
//! everything it sends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyferry_backup::Memory;
use keyferry_catalogue::Stores;
use keyferry_core::{CallSeen, Environment, EnvironmentKind, Observer};
use keyferry_engine::{Context, Patience, Runs, Waits};
use keyferry_ids::{TenancyId, UserId};
use keyferry_oci::{
    CallRecord, Client, ClientConfig, Credentials, Endpoints, Observe, Pace, PrivateKey, RetryPolicy,
};
use keyferry_realm::{EmbeddedSend, Latency, Realm, RealmConfig};
use keyferry_seams::{Clock, Disk, HttpSend, MemoryDisk, Seed, VirtualClock};

use crate::{DrillError, Scenario};

/// All parts of a drill's ground.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) realm: Arc<Realm>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) context: Context,
    pub(crate) runs: Runs,
    pub(crate) memory: Memory,
    pub(crate) environment: Environment,
    pub(crate) calls: Arc<Calls>,
}

/// Every call in order, for the evidence.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Vec<CallSeen>>);

impl Calls {
    pub(crate) fn all(&self) -> Vec<CallSeen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observe for Calls {
    fn called(&self, record: &CallRecord) {
        let seen = CallSeen {
            ts: record.time,
            region: record.region.to_string(),
            operation: record.operation.to_string(),
            status: record.status,
            opc_request_id: record.opc_request_id.clone(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

/// Makes the ground. Everything in it follows from the seed.
pub(crate) fn ground(
    scenario: &Scenario,
    seed: &Seed,
    observer: Arc<dyn Observer>,
) -> Result<Ground, DrillError> {
    let clock = Arc::new(VirtualClock::new(scenario.start));
    let mut config = RealmConfig::seeded(scenario.regions.clone(), &seed.child("realm"))?;
    config.latency = Latency::realistic();
    let realm = Arc::new(Realm::new(config)?);
    let misfit = |error: &dyn std::fmt::Display| DrillError::Misfit(error.to_string());
    let identity = realm.identity();
    let tenancy_id = TenancyId::parse(&identity.tenancy_id).map_err(|e| misfit(&e))?;
    let mut endpoints = Endpoints::of(tenancy_id.realm());
    for region in &scenario.regions {
        endpoints = endpoints.with(*region, &realm.endpoint(*region)?).map_err(|e| misfit(&e))?;
    }
    let key = PrivateKey::from_pem(realm.api_key().pem().as_bytes(), "the embedded realm")
        .map_err(|e| misfit(&e))?;
    let user_id = UserId::parse(&identity.user_id).map_err(|e| misfit(&e))?;
    let home = scenario.regions.first().copied();
    let credentials = Credentials::new(tenancy_id.clone(), user_id, realm.api_key().fingerprint(), home, key);
    let calls = Arc::new(Calls::default());
    let http =
        EmbeddedSend::new(Arc::clone(&realm), Arc::clone(&clock) as Arc<dyn Clock>, seed.child("network"));
    let http: Arc<dyn HttpSend> = Arc::new(http);
    let client = Client::new(ClientConfig {
        http: Arc::clone(&http),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        seed: seed.child("client"),
        credentials,
        endpoints: endpoints.closed(),
        retry: RetryPolicy::default(),
        pace: Pace::UNLIMITED,
        observer: Some(Arc::clone(&calls) as Arc<dyn Observe>),
    });
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let context = Context {
        stores: Stores::new(client.clone(), http, Arc::clone(&disk), BTreeMap::new()),
        par: None,
        signing_key: None,
        waits: Waits::default(),
        client,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        seed: seed.child("engine"),
        observer,
        patience: Patience::default(),
    };
    let memory = Memory::new(Arc::clone(&disk), "state");
    let runs = Runs::new(disk, Arc::clone(&clock) as Arc<dyn Clock>, "state");
    let environment = Environment { kind: EnvironmentKind::Embedded, realm: tenancy_id.realm(), tenancy_id };
    Ok(Ground { realm, clock, context, runs, memory, environment, calls })
}
