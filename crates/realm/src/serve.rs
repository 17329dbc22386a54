//! The realm as a server: a loopback port per region, and one to steer it by. The only file with sockets.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use keyferry_ids::Region;
use keyferry_seams::{BoxFuture, Clock, Disk};
use keyferry_wire::{ServiceError, code};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::admin::{Advance, ClockReading, Command, Created, RegionStatus, Status};
use crate::data_dir::{AdminEndpoint, DataDir, DataDirError, ReadyLine, RegionEndpoint};
use crate::down::Down;
use crate::latency::Latency;
use crate::realm::{Answer, LARGEST_BODY, Realm, RealmError};

/// A body that goes on longer than this is not even read to its end before the answer.
const LONGEST_DRAIN: usize = 16 * LARGEST_BODY;
const LARGEST_COMMAND: usize = 64 * 1024;
/// Ten years: enough for any drill, and the calendar does not end there.
const FARTHEST_CLOCK: i64 = 10 * 366 * 24 * 60 * 60;

/// How to run a realm.
#[derive(Debug)]
pub struct ServeOptions {
    /// The folder with its identity and keys.
    pub data: PathBuf,
    /// Its regions, home first; `None` for those it had, or two at first.
    pub regions: Option<Vec<Region>>,
    /// Makes a new realm reproducible.
    pub seed: Option<u64>,
    /// The port of the first region; the others follow. 0 for free ones.
    pub port: u16,
    /// How long things take.
    pub latency: Latency,
}

/// Why a realm does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The folder can't be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The realm can't be.
    #[error(transparent)]
    Realm(#[from] RealmError),
    /// The port is taken, or there is none.
    #[error("could not listen on 127.0.0.1:{port}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A running realm. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    ready: ReadyLine,
    admin: JoinSet<()>,
    #[expect(dead_code, reason = "held: it keeps the folder locked")]
    data: DataDir,
}

#[derive(Debug)]
struct Shared {
    realm: Arc<Realm>,
    clock: Arc<RealmClock>,
    token: Zeroizing<String>,
    listeners: Mutex<BTreeMap<Region, Listener>>,
    is_stopping: AtomicBool,
    stop: Notify,
}

/// The machine's time, moved.
#[derive(Debug)]
struct RealmClock {
    clock: Arc<dyn Clock>,
    offset_seconds: AtomicI64,
}

impl RealmClock {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        let offset = SignedDuration::from_secs(self.offset_seconds.load(Ordering::SeqCst));
        now.checked_add(offset).unwrap_or(now)
    }

    /// Moves the clock, but not beyond where it makes sense.
    fn advance(&self, seconds: i64) {
        let moved = |offset: i64| Some(offset.saturating_add(seconds).clamp(-FARTHEST_CLOCK, FARTHEST_CLOCK));
        // The closure never says no.
        let _ = self.offset_seconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
    }

    fn reading(&self) -> ClockReading {
        ClockReading { now: self.now(), offset_seconds: self.offset_seconds.load(Ordering::SeqCst) }
    }
}

/// A region's port. Without tasks nobody listens there; connections end with them.
#[derive(Debug)]
struct Listener {
    port: u16,
    tasks: JoinSet<()>,
}

async fn listen(port: u16) -> Result<(TcpListener, u16), ServeError> {
    let failed = |source| ServeError::Listen { port, source };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Opens the folder and all ports. When this returns, the realm answers.
///
/// # Errors
/// If the folder can't be used or a port is taken.
pub async fn serve(
    options: ServeOptions,
    disk: &dyn Disk,
    clock: Arc<dyn Clock>,
) -> Result<Server, ServeError> {
    let (data, config) = DataDir::open(&options.data, options.regions, options.seed, options.latency, disk)?;
    let realm = Arc::new(Realm::new(config)?);
    let clock = Arc::new(RealmClock { clock, offset_seconds: AtomicI64::new(0) });
    let mut listeners = BTreeMap::new();
    for (region, at) in realm.identity().regions.iter().zip(0..) {
        let wanted = if options.port == 0 { 0 } else { options.port.saturating_add(at) };
        let (listener, port) = listen(wanted).await?;
        realm.set_endpoint(*region, &url(port))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Service::Region(realm.clone(), clock.clone(), *region)));
        listeners.insert(*region, Listener { port, tasks });
    }
    let (admin_listener, admin_port) = listen(0).await?;
    let ready = ready_line(&realm, &data, admin_port)?;
    data.announce(&ready, disk)?;
    let token = data.token.clone();
    let shared = Arc::new(Shared {
        realm,
        clock,
        token,
        listeners: Mutex::new(listeners),
        is_stopping: AtomicBool::new(false),
        stop: Notify::new(),
    });
    let mut admin = JoinSet::new();
    admin.spawn(accept(admin_listener, Service::Admin(shared.clone())));
    Ok(Server { shared, ready, admin, data })
}

fn ready_line(realm: &Realm, data: &DataDir, admin_port: u16) -> Result<ReadyLine, ServeError> {
    let identity = realm.identity();
    let mut regions = BTreeMap::new();
    for region in &identity.regions {
        regions.insert(*region, RegionEndpoint { endpoint: realm.endpoint(*region)? });
    }
    Ok(ReadyLine {
        schema: "keyferry.realm".to_owned(),
        version: 1,
        pid: std::process::id(),
        tenancy_id: identity.tenancy_id.clone(),
        user_id: identity.user_id.clone(),
        namespace: identity.namespace.clone(),
        home_region: *identity.regions.first().ok_or(RealmError::NoRegion)?,
        config_file: data.config_file(),
        regions,
        admin: AdminEndpoint { url: url(admin_port), token_file: data.token_file() },
    })
}

impl Server {
    /// What to print when the realm is ready.
    pub fn ready_line(&self) -> &ReadyLine {
        &self.ready
    }

    /// The realm itself.
    pub fn realm(&self) -> &Arc<Realm> {
        &self.shared.realm
    }

    /// The port of a region, also while nobody listens there.
    pub async fn port(&self, region: Region) -> Option<u16> {
        self.shared.listeners.lock().await.get(&region).map(|listener| listener.port)
    }

    /// Runs until `stop` is done or the admin API is told to stop. Then all ports are closed.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.shared.stop.notified() => {}
        }
        self.admin.shutdown().await;
        for listener in self.shared.listeners.lock().await.values_mut() {
            listener.tasks.shutdown().await;
        }
    }
}

/// What answers on a port.
#[derive(Debug, Clone)]
enum Service {
    Region(Arc<Realm>, Arc<RealmClock>, Region),
    Admin(Arc<Shared>),
}

impl Service {
    /// `None` closes the connection without an answer. Boxed, because answering may open another port,
    /// on which there is a service that answers.
    fn answer(self, request: Request<Incoming>) -> BoxFuture<'static, Option<Response<Bytes>>> {
        Box::pin(async move {
            match self {
                Self::Region(realm, clock, region) => answer_in_region(realm, &clock, region, request).await,
                Self::Admin(shared) => shared.answer(request).await,
            }
        })
    }

    /// After the end of a connection: the realm stops when whoever stopped it has got his answer.
    fn ended(&self) {
        if let Self::Admin(shared) = self
            && shared.is_stopping.load(Ordering::SeqCst)
        {
            shared.stop.notify_one();
        }
    }
}

/// Takes connections until aborted, and takes them along then: a lost region does not finish sentences.
async fn accept(listener: TcpListener, service: Service) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, service.clone()))),
                // Out of descriptors, most likely: some may be free after another connection has ended.
                Err(_) => drop(connections.join_next().await),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, service: Service) {
    let answer = service_fn(|request| async {
        let answer = service.clone().answer(request).await.ok_or(Silence)?;
        Ok::<_, Silence>(answer.map(Full::new))
    });
    // A connection that breaks is the client's business.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await);
    service.ended();
}

/// Ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer is given")]
struct Silence;

/// Reads a whole body before anything is answered: clients that are answered early fail on their own write.
/// Of one that is too long, one byte more than allowed is kept, so that it will be refused.
async fn whole(body: Incoming, limit: usize) -> Option<Bytes> {
    let (mut kept, mut seen, mut body) = (BytesMut::new(), 0_usize, body);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            seen = seen.saturating_add(data.len());
            if seen > LONGEST_DRAIN {
                return None;
            }
            let room = (limit + 1).saturating_sub(kept.len());
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Some(kept.freeze())
}

async fn answer_in_region(
    realm: Arc<Realm>,
    clock: &RealmClock,
    region: Region,
    request: Request<Incoming>,
) -> Option<Response<Bytes>> {
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head, whole(body, LARGEST_BODY).await?);
    let now = clock.now();
    // Making an RSA key takes a while.
    let work = tokio::task::spawn_blocking(move || realm.handle_at(region, &request, now));
    match work.await.ok()? {
        Answer::Reply(response) => Some(response),
        Answer::Refuse => None,
        Answer::Hang => std::future::pending().await,
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

fn typed(content_type: &'static str, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Option<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let body = whole(body, LARGEST_COMMAND).await?;
        let given = head.headers.get(http::header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let token = given.strip_prefix(b"Bearer ").unwrap_or_default();
        if verify_slices_are_equal(token, self.token.as_bytes()).is_err() {
            return Some(error(StatusCode::UNAUTHORIZED, code::NOT_AUTHENTICATED, "The token is wrong."));
        }
        if body.len() > LARGEST_COMMAND {
            let message = "The body is too large.";
            return Some(error(StatusCode::PAYLOAD_TOO_LARGE, code::PAYLOAD_TOO_LARGE, message));
        }
        Some(match Command::parse(&head.method, head.uri.path(), &body) {
            Ok(command) => self.perform(command).await,
            Err(e) => error(StatusCode::BAD_REQUEST, code::INVALID_PARAMETER, &chain(&e)),
        })
    }

    async fn perform(&self, command: Command) -> Response<Bytes> {
        let now = self.clock.now();
        let outcome = match command {
            Command::Status => Ok(()),
            Command::Down(region, how) => self.down(region, how, now).await,
            Command::Up(region) => self.up(region, now).await,
            Command::Log => return self.log(),
            Command::Clock => return json(&self.clock.reading()),
            Command::Advance(Advance { seconds }) => {
                self.clock.advance(seconds);
                return json(&self.clock.reading());
            }
            Command::Secret(secret) => match self.realm.seed_secret(&secret, now) {
                Ok(id) => return json(&Created { id }),
                Err(e) => Err(e.into()),
            },
            Command::Stop => {
                self.is_stopping.store(true, Ordering::SeqCst);
                let mut response = json(&serde_json::json!({}));
                let close = http::HeaderValue::from_static("close");
                response.headers_mut().insert(http::header::CONNECTION, close);
                return response;
            }
        };
        match outcome {
            Ok(()) => json(&self.status(now)),
            Err(e @ ServeError::Realm(_)) => error(StatusCode::NOT_FOUND, code::NOT_FOUND, &chain(&e)),
            Err(e) => error(StatusCode::CONFLICT, code::CONFLICT, &chain(&e)),
        }
    }

    fn status(&self, now: Timestamp) -> Status {
        let region = |region: &Region| {
            let endpoint = self.realm.endpoint(*region).ok()?;
            Some(RegionStatus { region: *region, endpoint, down: self.realm.down(*region) })
        };
        Status { now, regions: self.realm.identity().regions.iter().filter_map(region).collect() }
    }

    fn log(&self) -> Response<Bytes> {
        let mut lines = Vec::new();
        for line in self.realm.log() {
            lines.extend(serde_json::to_vec(&line).unwrap_or_default());
            lines.push(b'\n');
        }
        typed("application/x-ndjson", lines)
    }

    /// A region that refuses or is destroyed has no listener: who connects, is refused by the system itself.
    async fn down(&self, region: Region, how: Down, now: Timestamp) -> Result<(), ServeError> {
        let mut listeners = self.listeners.lock().await;
        let listener = listeners.get_mut(&region).ok_or(RealmError::OtherRegion(region))?;
        match how {
            Down::Refuse | Down::Destroyed => {
                self.realm.region_down(region, how, now)?;
                listener.tasks.shutdown().await;
            }
            Down::Hang | Down::Unavailable => {
                self.open(region, listener).await?;
                self.realm.region_down(region, how, now)?;
            }
        }
        Ok(())
    }

    async fn up(&self, region: Region, now: Timestamp) -> Result<(), ServeError> {
        let mut listeners = self.listeners.lock().await;
        let listener = listeners.get_mut(&region).ok_or(RealmError::OtherRegion(region))?;
        self.open(region, listener).await?;
        Ok(self.realm.region_up(region, now)?)
    }

    async fn open(&self, region: Region, listener: &mut Listener) -> Result<(), ServeError> {
        if listener.tasks.is_empty() {
            let (socket, _) = listen(listener.port).await?;
            let service = Service::Region(self.realm.clone(), self.clock.clone(), region);
            listener.tasks.spawn(accept(socket, service));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
