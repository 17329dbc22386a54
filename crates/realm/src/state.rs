//! What a realm holds under its lock, and what becomes of one request in there.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::Seed;
use keyferry_wire::identity::SubscriptionStatus;
use keyferry_wire::{BodyKind, OperationName, code, headers};

use crate::account::Account;
use crate::api_key::PublicKey;
use crate::authenticate::{KnownKeys as _, authenticate};
use crate::call::{Call, Effect, Moment};
use crate::down::Down;
use crate::faults::{self, Before, Disturbance};
use crate::lifecycle::settle;
use crate::log::{Log, LogLine, Touched, redacted};
use crate::query;
use crate::rates::Rates;
use crate::realm::{Answer, LARGEST_BODY};
use crate::refusal::{Refusal, shortened};
use crate::reply::reply;
use crate::retry_tokens::dispatch_once;
use crate::route::{self, Route};
use crate::services::audit;
use crate::services::identity::subscription;
use crate::services::par_use;
use crate::services::users::CurrentKeys;
use crate::store::{Store, StoreError};
use crate::world::World;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) account: Account,
    pub(crate) world: World,
    /// Where the world is kept; a realm in process has nothing to keep it in.
    pub(crate) store: Option<Store>,
    root: Seed,
    seed: Seed,
    /// How often the realm began with this world before.
    pub(crate) starts: u64,
    pub(crate) log: Log,
    /// Counts requests, if there are limits to their rate.
    pub(crate) rates: Option<Rates>,
    /// Requests and other events since it began.
    sequence: u64,
}

/// What the request log wants to know.
#[derive(Debug, Default)]
struct Facts {
    operation: Option<OperationName>,
    principal: Option<String>,
    reason: Option<String>,
    touched: Touched,
    disturbance: Disturbance,
}

/// Where a request arrived, at a region's endpoint or at that of one of its vaults, and who signed it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) region: Region,
    /// The extension of the vault whose port it is.
    pub(crate) vault: Option<&'a str>,
    /// Found out before anybody had to wait for it.
    pub(crate) signer: Option<&'a PublicKey>,
}

/// Why a request is not done.
enum Stop {
    Refused(Refusal),
    /// Nobody is there to say so.
    Silent,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Facts {
    fn refused(&mut self, refusal: &Refusal) {
        let detail = refusal.reason.as_deref().unwrap_or(&refusal.message);
        self.reason = Some(format!("{}: {detail}", refusal.code));
    }
}

impl State {
    pub(crate) fn new(account: Account, root: Seed) -> Self {
        let (world, log) = (World::default(), Log::default());
        let seed = root.clone();
        Self { account, world, store: None, root, seed, starts: 0, log, rates: None, sequence: 0 }
    }

    /// Begins with a world. Chance of the first beginning is that of a realm that is kept nowhere.
    pub(crate) fn begin(&mut self, world: World, starts: u64) {
        self.seed = match starts {
            0 => self.root.clone(),
            _ => self.root.child("start").child(&starts.to_string()),
        };
        (self.world, self.starts) = (world, starts);
        if starts == 0 {
            (self.log, self.sequence) = (Log::default(), 0);
        }
    }

    fn keys(&self) -> CurrentKeys<'_> {
        CurrentKeys { account: &self.account, world: &self.world }
    }

    /// The public key with that id, if it is one that signs now.
    pub(crate) fn public_key(&self, key_id: &str) -> Option<PublicKey> {
        Some(self.keys().known(key_id)?.key)
    }

    pub(crate) fn next_seed(&mut self, kind: &str) -> Seed {
        self.sequence += 1;
        self.seed.child(kind).child(&self.sequence.to_string())
    }

    pub(crate) fn settle(&mut self, now: Timestamp) {
        settle(&mut self.world, &self.account, &self.seed, now);
    }

    /// Makes what has changed durable, or takes it back.
    pub(crate) fn keep(&mut self) -> Result<(), StoreError> {
        let written = self.store.as_ref().map_or(Ok(()), |store| store.write(&mut self.world));
        match written {
            Ok(()) => self.world.tables().into_iter().for_each(|(_, table)| table.keep()),
            Err(_) => self.undo(),
        }
        written
    }

    /// Takes back what has changed since it was last kept.
    pub(crate) fn undo(&mut self) {
        self.world.tables().into_iter().for_each(|(_, table)| table.undo());
    }

    /// Answers a request; what it changes is durable when this returns.
    pub(crate) fn answer(&mut self, at: At<'_>, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let seed = self.next_seed("request");
        let mut facts = Facts::default();
        let answer = match self.world.down.get(&at.region) {
            Some(Down::Refuse | Down::Destroyed) => Answer::Refuse,
            Some(Down::Hang) => Answer::Hang,
            Some(Down::Unavailable) => {
                let refusal = Refusal::new(503, code::SERVICE_UNAVAILABLE, "The service is unavailable.");
                facts.refused(&refusal);
                Answer::Reply(reply(request, Err(refusal), &seed, now))
            }
            None => {
                let outcome = self.perform(at, request, now, &seed, &mut facts);
                let outcome = self.keep().map_err(|e| Stop::Refused(e.into())).and(outcome);
                let outcome = match outcome {
                    Ok(effect) => Some(Ok(effect)),
                    Err(Stop::Refused(refusal)) => {
                        facts.refused(&refusal);
                        Some(Err(refusal))
                    }
                    Err(Stop::Silent) => None,
                };
                outcome.map_or(Answer::Refuse, |outcome| {
                    facts.disturbance.answer(reply(request, outcome, &seed, now))
                })
            }
        };
        self.write_log(at.region, request, now, facts, &answer);
        answer
    }

    fn write_log(
        &mut self,
        region: Region,
        request: &Request<Bytes>,
        now: Timestamp,
        facts: Facts,
        answer: &Answer,
    ) {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let response = match answer {
            Answer::Reply(response) | Answer::Disturbed(response, _) => Some(response),
            Answer::Refuse | Answer::Hang => None,
        };
        let id = response.and_then(|r| r.headers().get(headers::OPC_REQUEST_ID));
        self.log.push(LogLine {
            seq: self.sequence,
            time: now,
            region,
            operation: facts.operation,
            method: request.method().to_string(),
            target: redacted(request.uri().path_and_query().map_or("/", |target| target.as_str())),
            status: response.map(|response| response.status().as_u16()),
            opc_request_id: id.and_then(|id| id.to_str().ok()).map(str::to_owned),
            user_agent: text("user-agent").map(shortened),
            principal: facts.principal,
            reason: facts.reason,
            touched: facts.touched,
        });
    }

    /// Signature first: nothing is revealed to strangers, not even which paths there are.
    fn perform(
        &mut self,
        at: At<'_>,
        request: &Request<Bytes>,
        now: Timestamp,
        seed: &Seed,
        facts: &mut Facts,
    ) -> Result<Effect, Stop> {
        let region = at.region;
        self.settle(now);
        if request.body().len() > LARGEST_BODY {
            return Err(Refusal::new(413, code::PAYLOAD_TOO_LARGE, "The body is too large.").into());
        }
        let path = request.uri().path();
        if *request.method() == Method::HEAD && path == "/" {
            return Ok(Effect::empty(StatusCode::OK));
        }
        let par = par_use::target(path).filter(|_| at.vault.is_none());
        let (Route { spec, names, vault_ext }, query) = match par {
            Some(target) => {
                let (world, account) = (&self.world, &self.account);
                let moment = Moment { world, account, region, now, seed: seed.clone() };
                par_use::route(&moment, request, target)?
            }
            None => self.signed(at, request, now, facts)?,
        };
        facts.operation = Some(spec.name);
        if let Some(rates) = &mut self.rates {
            rates.take(region, spec, now)?;
        }
        let moment = Moment { world: &self.world, account: &self.account, region, now, seed: seed.clone() };
        let call = Call {
            moment,
            operation: spec.name,
            log: &self.log,
            vault_ext,
            names,
            query,
            headers: request.headers(),
            body: request.body(),
        };
        let Before { mut counted, refusal, disturbance } = faults::before(&call, spec);
        facts.disturbance = disturbance;
        let mut outcome = match refusal {
            Some(refusal) => Err(refusal),
            None => faults::check_key(&self.world, spec, request.body(), now)
                .and_then(|()| dispatch_once(&call, spec.retry_token)),
        };
        if let Ok(effect) = &mut outcome {
            counted.extend(faults::disturb(&call, effect));
        }
        facts.touched = audit::touched(&call, outcome.as_ref().ok());
        let changes = outcome.as_mut().map(|effect| std::mem::take(&mut effect.changes)).unwrap_or_default();
        for change in counted.into_iter().map(Into::into).chain(changes) {
            self.world.apply(change);
        }
        Ok(outcome?)
    }

    /// The operation that a signed request asks for, and its query.
    fn signed(
        &self,
        at: At<'_>,
        request: &Request<Bytes>,
        now: Timestamp,
        facts: &mut Facts,
    ) -> Result<(Route, Vec<(String, String)>), Stop> {
        let (region, path) = (at.region, request.uri().path());
        let route = route::find(request.method(), path, at.vault);
        let body = route.as_ref().map_or(BodyKind::Signed, |route| route.spec.body);
        facts.operation = route.as_ref().ok().map(|route| route.spec.name);
        let own = route.as_ref().ok().and_then(|route| route.vault_ext.as_deref());
        if own.is_some_and(|ext| faults::is_silent(&self.world, region, ext, now)) {
            return Err(Stop::Silent);
        }
        let principal = authenticate(request, body, &self.keys(), at.signer, now)
            .map_err(|e| Refusal::not_authenticated(e.to_string()))?;
        if subscription(&self.account, &self.world, region) != Some(SubscriptionStatus::Ready) {
            return Err(Refusal::not_authenticated("the tenancy is not subscribed to the region").into());
        }
        facts.principal = Some(principal);
        let route = route?;
        let query = query::parse(request.uri().query().unwrap_or_default());
        let query = query.ok_or_else(|| Refusal::invalid("The query is not UTF-8."))?;
        Ok((route, query))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        let message = "The change could not be kept and was not made.";
        Self { reason: Some(reason), ..Self::new(500, code::INTERNAL_SERVER_ERROR, message) }
    }
}
