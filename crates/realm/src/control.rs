//! The admin port: whoever has the token steers the realm there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::BoxFuture;
use keyferry_wire::{ServiceError, code};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::admin::{Advance, ClockReading, Command, Created, RegionStatus, Status};
use crate::clock::{ClockSetting, RealmClock};
use crate::connections::{Outgoing, Service, whole};
use crate::down::Down;
use crate::ports::Ports;
use crate::realm::{Realm, RealmError};
use crate::serve::ServeError;
use crate::world_file::WorldFile;

const LARGEST_COMMAND: usize = 64 * 1024;
/// A saved state holds all objects.
const LARGEST_STATE: usize = 2 << 30;

/// A running realm in the hands of its owner.
#[derive(Debug)]
pub(crate) struct Control {
    realm: Arc<Realm>,
    clock: Arc<RealmClock>,
    ports: Arc<Ports>,
    token: Zeroizing<String>,
    world: Option<WorldFile>,
    is_stopping: AtomicBool,
    stop: Notify,
}

impl Service for Control {
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> BoxFuture<'static, Option<Response<Outgoing>>> {
        Box::pin(async move { Some(self.steered(request).await?.map(Outgoing::from)) })
    }

    /// The realm stops when whoever stopped it has got his answer.
    fn ended(&self) {
        if self.is_stopping.load(Ordering::SeqCst) {
            self.stop.notify_one();
        }
    }
}

/// An error with its causes, for an answer.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let document = ServiceError { code: code.to_owned(), message: message.to_owned() };
    let mut response = json(&document);
    *response.status_mut() = status;
    response
}

fn json(value: &impl serde::Serialize) -> Response<Bytes> {
    typed("application/json", serde_json::to_vec(value).unwrap_or_default())
}

fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

impl Control {
    pub(crate) fn new(
        realm: Arc<Realm>,
        clock: Arc<RealmClock>,
        ports: Arc<Ports>,
        token: Zeroizing<String>,
        world: Option<WorldFile>,
    ) -> Self {
        let (is_stopping, stop) = (AtomicBool::new(false), Notify::new());
        Self { realm, clock, ports, token, world, is_stopping, stop }
    }

    pub(crate) fn realm(&self) -> &Arc<Realm> {
        &self.realm
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    #[cfg(test)]
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Returns when somebody wants the realm to end.
    pub(crate) async fn stopped(&self) {
        self.stop.notified().await;
    }

    async fn steered(self: Arc<Self>, request: Request<Incoming>) -> Option<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let given = head.headers.get(http::header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let token = given.strip_prefix(b"Bearer ").unwrap_or_default();
        let is_owner = verify_slices_are_equal(token, self.token.as_bytes()).is_ok();
        let is_state = head.method == Method::PUT && head.uri.path() == "/state";
        let limit = if is_owner && is_state { LARGEST_STATE } else { LARGEST_COMMAND };
        let body = whole(body, limit).await?;
        if !is_owner {
            return Some(error(StatusCode::UNAUTHORIZED, code::NOT_AUTHENTICATED, "The token is wrong."));
        }
        if body.len() > limit {
            let message = "The body is too large.";
            return Some(error(StatusCode::PAYLOAD_TOO_LARGE, code::PAYLOAD_TOO_LARGE, message));
        }
        Some(match Command::parse(&head.method, head.uri.path(), &body) {
            Ok(command) => match self.perform(command).await {
                Ok(response) => response,
                Err(e) => refused(&e),
            },
            Err(e) => error(StatusCode::BAD_REQUEST, code::INVALID_PARAMETER, &chain(&e)),
        })
    }

    async fn perform(self: Arc<Self>, command: Command) -> Result<Response<Bytes>, ServeError> {
        let now = self.clock.now();
        match command {
            Command::Status => {}
            Command::Down(region, how) => self.down(region, how, now).await?,
            Command::Up(region) => {
                self.ports.up(region).await?;
                self.realm.region_up(region, now)?;
            }
            Command::Log => return Ok(self.log()),
            Command::Clock => return Ok(self.reading()),
            Command::Advance(Advance { seconds }) => {
                return self.set_clock(|clock, _| clock.advanced(seconds));
            }
            Command::Freeze => return self.set_clock(ClockSetting::frozen),
            Command::Thaw => return self.set_clock(ClockSetting::thawed),
            Command::Faults => return Ok(json(&self.realm.faults())),
            Command::AddFault(fault) => return Ok(json(&self.realm.add_fault(fault)?)),
            Command::RemoveFault(id) => {
                self.realm.remove_fault(id)?;
                return Ok(json(&self.realm.faults()));
            }
            Command::ClearFaults => {
                self.realm.clear_faults()?;
                return Ok(json(&self.realm.faults()));
            }
            Command::Save => return Ok(typed("application/octet-stream", self.realm.save()?)),
            Command::Load(saved) => {
                self.realm.load(&saved)?;
                self.follow().await?;
            }
            Command::Reset => {
                self.realm.reset()?;
                self.follow().await?;
                if let Some(world) = &self.world {
                    self.realm.furnish(world, self.clock.now())?;
                }
            }
            Command::Limit(limit) => self.realm.set_limit(limit, now)?,
            Command::Secret(secret) => {
                return Ok(json(&Created { id: self.realm.seed_secret(&secret, now)? }));
            }
            Command::Stop => {
                self.is_stopping.store(true, Ordering::SeqCst);
                let mut response = json(&serde_json::json!({}));
                let close = http::HeaderValue::from_static("close");
                response.headers_mut().insert(http::header::CONNECTION, close);
                return Ok(response);
            }
        }
        Ok(json(&self.status()))
    }

    /// Listens and tells the time as the state says that has just been taken up.
    async fn follow(&self) -> Result<(), ServeError> {
        self.clock.set(self.realm.clock_setting());
        self.ports.follow().await
    }

    fn set_clock(
        &self,
        change: impl FnOnce(ClockSetting, Timestamp) -> ClockSetting,
    ) -> Result<Response<Bytes>, ServeError> {
        let setting = change(self.clock.setting(), self.clock.machine());
        self.realm.keep_clock(setting)?;
        self.clock.set(setting);
        Ok(self.reading())
    }

    fn reading(&self) -> Response<Bytes> {
        let (machine, setting) = (self.clock.machine(), self.clock.setting());
        let now = setting.time(machine);
        let offset_seconds = now.duration_since(machine).as_secs();
        json(&ClockReading { now, offset_seconds, frozen: setting.is_frozen() })
    }

    fn status(&self) -> Status {
        let region = |region: &Region| {
            let endpoint = self.realm.endpoint(*region).ok()?;
            Some(RegionStatus { region: *region, endpoint, down: self.realm.down(*region) })
        };
        let regions = self.realm.identity().regions.iter().filter_map(region).collect();
        Status { now: self.clock.now(), regions }
    }

    fn log(&self) -> Response<Bytes> {
        let mut lines = Vec::new();
        for line in self.realm.log() {
            lines.extend(serde_json::to_vec(&line).unwrap_or_default());
            lines.push(b'\n');
        }
        typed("application/x-ndjson", lines)
    }

    /// Where nobody shall listen, the state changes first: no request is answered in between.
    async fn down(&self, region: Region, how: Down, now: Timestamp) -> Result<(), ServeError> {
        match how {
            Down::Refuse | Down::Destroyed => {
                self.realm.region_down(region, how, now)?;
                self.ports.down(region).await
            }
            Down::Hang | Down::Unavailable => {
                self.ports.up(region).await?;
                Ok(self.realm.region_down(region, how, now)?)
            }
        }
    }
}

fn refused(e: &ServeError) -> Response<Bytes> {
    match e {
        ServeError::Realm(RealmError::OtherRegion(_) | RealmError::NoFault(_)) => {
            error(StatusCode::NOT_FOUND, code::NOT_FOUND, &chain(e))
        }
        ServeError::Realm(RealmError::Fault(_)) => {
            error(StatusCode::BAD_REQUEST, code::INVALID_PARAMETER, &chain(e))
        }
        _ => error(StatusCode::CONFLICT, code::CONFLICT, &chain(e)),
    }
}
