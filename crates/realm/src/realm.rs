//! The realm itself: one request in, one answer out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::Seed;

use crate::account::{Account, Identity};
use crate::api_key::ApiKey;
use crate::authenticate::{ApiKeys, signer};
use crate::faults::Disturbance;
use crate::latency::Latency;
use crate::log::LogLine;
use crate::semantics::Semantics;
use crate::state::{At, State};
use crate::store::{Header, Store, StoreError};
use crate::world_file::WorldFileError;
use crate::wrapping_keys::WrappingKeys;

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
    /// How it takes what Oracle leaves open.
    pub semantics: Semantics,
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
            semantics: Semantics::default(),
        })
    }

    /// The root key that belongs to the seed.
    pub(crate) fn root_key_of(seed: &Seed) -> [u8; 32] {
        seed.bytes("root key")
    }
}

/// Why there can't be such a realm.
#[derive(Debug, thiserror::Error)]
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
    /// Not a rule by which something could go wrong.
    #[error("the fault can't be added: {0}")]
    Fault(&'static str),
    /// No such rule.
    #[error("there is no fault {0}")]
    NoFault(u64),
    /// The world file describes what can't be.
    #[error(transparent)]
    WorldFile(#[from] WorldFileError),
    /// Its state can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What comes of a request.
#[derive(Debug)]
pub enum Answer {
    /// An answer.
    Reply(Response<Bytes>),
    /// An answer that suffers on its way.
    Disturbed(Response<Bytes>, Disturbance),
    /// The region is down: the connection is refused.
    Refuse,
    /// The region hangs: there is a connection, and never an answer.
    Hang,
}

/// A multi-region OCI realm with one tenancy.
#[derive(Debug)]
pub struct Realm {
    identity: Identity,
    api_key: ApiKey,
    state: Mutex<State>,
}

impl Realm {
    /// A new, empty realm that is kept nowhere.
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
        api_keys.insert(key_id(&config.identity, &config.api_key), config.api_key.public().clone());
        let account = Account {
            identity: config.identity.clone(),
            home,
            wrapping_keys: WrappingKeys::new(&config.root_key),
            root_key: config.root_key,
            latency: config.latency,
            semantics: config.semantics,
            api_keys,
            endpoints,
            vault_ports: None,
        };
        let state = Mutex::new(State::new(account, config.seed));
        Ok(Self { identity: config.identity, api_key: config.api_key, state })
    }

    /// The realm whose state is kept in that file, or a new one that is kept there from now on.
    pub(crate) fn open(config: RealmConfig, path: &Path) -> Result<Self, RealmError> {
        let realm = Self::new(config)?;
        let store = Store::open(path)?;
        let (header, world) = store.read()?;
        let tenancy_id = &realm.identity.tenancy_id;
        let starts = match header {
            Some(header) => {
                header.check(tenancy_id)?;
                header.starts + 1
            }
            None => 0,
        };
        store.begin(&Header::new(tenancy_id, starts))?;
        let mut state = realm.state();
        state.begin(world, starts);
        state.store = Some(store);
        drop(state);
        Ok(realm)
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
        self.answer(region, None, request, now)
    }

    /// Answers a request that arrived at a vault's own port; `ext` is the vault's extension.
    pub(crate) fn handle_at_vault(
        &self,
        region: Region,
        ext: &str,
        request: &Request<Bytes>,
        now: Timestamp,
    ) -> Answer {
        self.answer(region, Some(ext), request, now)
    }

    fn answer(
        &self,
        region: Region,
        vault: Option<&str>,
        request: &Request<Bytes>,
        now: Timestamp,
    ) -> Answer {
        let signer = signer(request, |key_id| self.state().public_key(key_id));
        self.state().answer(At { region, vault, signer: signer.as_ref() }, request, now)
    }

    /// The latest requests, oldest first.
    pub fn log(&self) -> Vec<LogLine> {
        self.state().log.lines()
    }

    // A panic leaves the world as it was before the request: handlers change nothing themselves.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_id(identity: &Identity, key: &ApiKey) -> String {
    format!("{}/{}/{}", identity.tenancy_id, identity.user_id, key.fingerprint())
}

#[cfg(test)]
mod tests;
