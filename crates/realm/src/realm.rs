//! The realm itself: one request in, one answer out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::Seed;
use keyferry_wire::secrets::SecretState;
use keyferry_wire::{BodyKind, OperationName, code};

use crate::account::{Account, Identity};
use crate::api_key::ApiKey;
use crate::authenticate::{ApiKeys, authenticate};
use crate::call::{Call, Effect, Moment};
use crate::down::Down;
use crate::latency::Latency;
use crate::lifecycle::settle;
use crate::log::{Log, LogLine, redacted};
use crate::mint;
use crate::query;
use crate::records::SecretRecord;
use crate::refusal::{Refusal, shortened};
use crate::reply::reply;
use crate::retry_tokens::dispatch_once;
use crate::route::{self, Route};
use crate::world::{Change, World};

/// The largest body that is taken, so also the largest object.
pub const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// Ports of the endpoints as long as no others are set; in process they are only names.
const FIRST_PORT: usize = 7001;

/// What a realm is made of.
#[derive(Debug)]
pub struct RealmConfig {
    /// Its tenant and regions.
    pub identity: Identity,
    /// Where ids and key material come from.
    pub seed: Seed,
    /// Opens and seals backup files: realms with the same root key open each other's.
    pub root_key: Seed,
    /// The key that requests are signed with.
    pub api_key: ApiKey,
    /// How long things take.
    pub latency: Latency,
}

impl RealmConfig {
    /// A realm of which everything follows from one seed.
    ///
    /// # Errors
    /// If the API key can't be made.
    pub fn seeded(regions: Vec<Region>, seed: &Seed) -> Result<Self, RealmError> {
        Ok(Self {
            identity: Identity::mint(regions, &seed.child("identity")),
            seed: seed.child("requests"),
            root_key: Seed::from_bytes(Self::root_key_of(seed)),
            api_key: ApiKey::generate(&seed.child("api key"))?,
            latency: Latency::none(),
        })
    }

    /// The root key that belongs to the seed.
    pub(crate) fn root_key_of(seed: &Seed) -> [u8; 32] {
        seed.bytes("root key")
    }
}

/// Why there can't be such a realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RealmError {
    /// The first region is home.
    #[error("a realm needs at least one region")]
    NoRegion,
    /// Twice the same.
    #[error("the region {0} is named twice")]
    TwiceTheSame(Region),
    /// Backups never cross realms, so a realm has regions of one realm only.
    #[error("the regions {0} and {1} belong to different OCI realms")]
    SeveralRealms(Region, Region),
    /// Not a region of this realm.
    #[error("the embedded realm has no region {0}")]
    OtherRegion(Region),
    /// The library refused.
    #[error("the API key could not be made or read")]
    ApiKey,
}

/// What comes of a request.
#[derive(Debug)]
pub enum Answer {
    /// An answer.
    Reply(Response<Bytes>),
    /// The region is down: the connection is refused.
    Refuse,
    /// The region hangs: there is a connection, and never an answer.
    Hang,
}

/// A secret to put into the realm. Keyferry only lists secrets, so it has a name and no content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Where it lies.
    pub region: Region,
    /// The vault it is encrypted in.
    pub vault_id: String,
    /// Its compartment, which may be another than the vault's.
    pub compartment_id: String,
    /// Its name.
    pub name: String,
    /// The key it is encrypted with.
    #[serde(default)]
    pub key_id: Option<String>,
}

/// A multi-region OCI realm with one tenancy.
#[derive(Debug)]
pub struct Realm {
    identity: Identity,
    api_key: ApiKey,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    account: Account,
    world: World,
    seed: Seed,
    log: Log,
    /// Requests and other events so far.
    sequence: u64,
}

impl Realm {
    /// A new, empty realm.
    ///
    /// # Errors
    /// If the regions do not go together.
    pub fn new(config: RealmConfig) -> Result<Self, RealmError> {
        let regions = &config.identity.regions;
        let home = *regions.first().ok_or(RealmError::NoRegion)?;
        for (at, region) in regions.iter().enumerate() {
            if region.realm() != home.realm() {
                return Err(RealmError::SeveralRealms(home, *region));
            }
            if regions[..at].contains(region) {
                return Err(RealmError::TwiceTheSame(*region));
            }
        }
        let endpoint =
            |(at, region): (usize, &Region)| (*region, format!("http://127.0.0.1:{}", FIRST_PORT + at));
        let endpoints: BTreeMap<_, _> = regions.iter().enumerate().map(endpoint).collect();
        let mut api_keys = ApiKeys::default();
        api_keys.insert(key_id(&config.identity, &config.api_key), config.api_key.public_der().to_vec());
        let account = Account {
            identity: config.identity.clone(),
            home,
            root_key: config.root_key,
            latency: config.latency,
            api_keys,
            endpoints,
        };
        let (world, log) = (World::default(), Log::default());
        let state = State { account, world, seed: config.seed, log, sequence: 0 };
        Ok(Self { identity: config.identity, api_key: config.api_key, state: Mutex::new(state) })
    }

    /// The tenant and the regions.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The key to sign requests with.
    pub fn api_key(&self) -> &ApiKey {
        &self.api_key
    }

    /// The `keyId` of signatures: `tenancy/user/fingerprint`.
    pub fn key_id(&self) -> String {
        key_id(&self.identity, &self.api_key)
    }

    /// The region's base URL.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn endpoint(&self, region: Region) -> Result<String, RealmError> {
        let state = self.state();
        state.account.endpoints.get(&region).cloned().ok_or(RealmError::OtherRegion(region))
    }

    /// Sets the region's base URL (scheme, host and port, no path), which vaults' endpoints begin with.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn set_endpoint(&self, region: Region, url: &str) -> Result<(), RealmError> {
        let mut state = self.state();
        let endpoint = state.account.endpoints.get_mut(&region).ok_or(RealmError::OtherRegion(region))?;
        url.trim_end_matches('/').clone_into(endpoint);
        Ok(())
    }

    /// Answers a request; its authority says which region it went to. Nobody listens anywhere else.
    pub fn handle(&self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
        let authority = request.uri().authority().map(http::uri::Authority::as_str).or(host);
        let region = self.state().account.endpoints.iter().find_map(|(region, url)| {
            (url.split_once("://").map(|(_, authority)| authority) == authority).then_some(*region)
        });
        region.map_or(Answer::Refuse, |region| self.handle_at(region, request, now))
    }

    /// Answers a request that arrived at that region, whatever host it names.
    pub fn handle_at(&self, region: Region, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let mut state = self.state();
        let seed = state.next_seed("request");
        let (mut facts, answer) = match state.world.down.get(&region) {
            Some(Down::Refuse | Down::Destroyed) => (Facts::default(), Answer::Refuse),
            Some(Down::Hang) => (Facts::default(), Answer::Hang),
            Some(Down::Unavailable) => {
                let refusal = Refusal::new(503, code::SERVICE_UNAVAILABLE, "The service is unavailable.");
                (Facts::of(&refusal), Answer::Reply(reply(request, Err(refusal), &seed, now)))
            }
            None => {
                let mut facts = Facts::default();
                let outcome = state.perform(region, request, now, &seed, &mut facts);
                if let Err(refusal) = &outcome {
                    facts.reason = Facts::of(refusal).reason;
                }
                (facts, Answer::Reply(reply(request, outcome, &seed, now)))
            }
        };
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let response = match &answer {
            Answer::Reply(response) => Some(response),
            Answer::Refuse | Answer::Hang => None,
        };
        let id = response.and_then(|r| r.headers().get(keyferry_wire::headers::OPC_REQUEST_ID));
        let line = LogLine {
            seq: state.sequence,
            time: now,
            region,
            operation: facts.operation,
            method: request.method().to_string(),
            target: redacted(request.uri().path_and_query().map_or("/", |target| target.as_str())),
            status: response.map(|response| response.status().as_u16()),
            opc_request_id: id.and_then(|id| id.to_str().ok()).map(str::to_owned),
            user_agent: text("user-agent").map(shortened),
            principal: facts.principal.take(),
            reason: facts.reason.take(),
        };
        state.log.push(line);
        answer
    }

    /// Loses a region. What was due before `now` is done before.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn region_down(&self, region: Region, how: Down, now: Timestamp) -> Result<(), RealmError> {
        self.change(region, now, |_| Change::RegionDown(region, how))
    }

    /// Brings a region back: as it was, or empty if it was destroyed.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn region_up(&self, region: Region, now: Timestamp) -> Result<(), RealmError> {
        self.change(region, now, |_| Change::RegionUp(region))
    }

    /// How the region is down, if it is.
    pub fn down(&self, region: Region) -> Option<Down> {
        self.state().world.down.get(&region).copied()
    }

    /// Puts a secret into the realm: secrets have no operation to create them here.
    ///
    /// # Errors
    /// If the realm does not have the region.
    pub fn seed_secret(&self, secret: &Secret, now: Timestamp) -> Result<String, RealmError> {
        let mut id = String::new();
        self.change(secret.region, now, |seed| {
            id = mint::ocid("vaultsecret", &secret.region.realm(), Some(secret.region), &[], seed);
            Change::from(SecretRecord {
                id: id.clone(),
                region: secret.region,
                vault_id: secret.vault_id.clone(),
                key_id: secret.key_id.clone(),
                compartment_id: secret.compartment_id.clone(),
                name: secret.name.clone(),
                state: SecretState::Active,
                time_created: now,
            })
        })?;
        Ok(id)
    }

    /// The latest requests, oldest first.
    pub fn log(&self) -> Vec<LogLine> {
        self.state().log.lines()
    }

    fn change(
        &self,
        region: Region,
        now: Timestamp,
        change: impl FnOnce(&Seed) -> Change,
    ) -> Result<(), RealmError> {
        if !self.identity.regions.contains(&region) {
            return Err(RealmError::OtherRegion(region));
        }
        let mut state = self.state();
        state.settle(now);
        let seed = state.next_seed("change");
        state.world.apply(change(&seed));
        Ok(())
    }

    // A panic leaves the world as it was before the request: handlers change nothing themselves.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_id(identity: &Identity, key: &ApiKey) -> String {
    format!("{}/{}/{}", identity.tenancy_id, identity.user_id, key.fingerprint())
}

/// What the request log wants to know.
#[derive(Debug, Default)]
struct Facts {
    operation: Option<OperationName>,
    principal: Option<String>,
    reason: Option<String>,
}

impl Facts {
    fn of(refusal: &Refusal) -> Self {
        let detail = refusal.reason.as_deref().unwrap_or(&refusal.message);
        Self { reason: Some(format!("{}: {detail}", refusal.code)), ..Self::default() }
    }
}

impl State {
    fn next_seed(&mut self, kind: &str) -> Seed {
        self.sequence += 1;
        self.seed.child(kind).child(&self.sequence.to_string())
    }

    fn settle(&mut self, now: Timestamp) {
        settle(&mut self.world, &self.account, &self.seed, now);
    }

    /// Signature first: nothing is revealed to strangers, not even which paths there are.
    fn perform(
        &mut self,
        region: Region,
        request: &Request<Bytes>,
        now: Timestamp,
        seed: &Seed,
        facts: &mut Facts,
    ) -> Result<Effect, Refusal> {
        self.settle(now);
        if request.body().len() > LARGEST_BODY {
            return Err(Refusal::new(413, code::PAYLOAD_TOO_LARGE, "The body is too large."));
        }
        let path = request.uri().path();
        if *request.method() == Method::HEAD && path == "/" {
            return Ok(Effect::empty(StatusCode::OK));
        }
        let route = route::find(request.method(), path);
        let body = route.as_ref().map_or(BodyKind::Signed, |route| route.spec.body);
        facts.operation = route.as_ref().ok().map(|route| route.spec.name);
        let principal = authenticate(request, body, &self.account.api_keys, now)
            .map_err(|e| Refusal::not_authenticated(e.to_string()))?;
        facts.principal = Some(principal);
        let Route { spec, names, vault_ext } = route?;
        let query = query::parse(request.uri().query().unwrap_or_default());
        let query = query.ok_or_else(|| Refusal::invalid("The query is not UTF-8."))?;
        let moment = Moment { world: &self.world, account: &self.account, region, now, seed: seed.clone() };
        let call = Call {
            moment,
            operation: spec.name,
            vault_ext,
            names,
            query,
            headers: request.headers(),
            body: request.body(),
        };
        let effect = dispatch_once(&call, spec.retry_token)?;
        let Effect { status, headers, body, changes } = effect;
        for change in changes {
            self.world.apply(change);
        }
        Ok(Effect { status, headers, body, changes: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
