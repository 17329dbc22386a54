//! The ports of a realm: one per region, and one per vault if asked for. Nobody listens in a lost region.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use keyferry_ids::Region;
use keyferry_seams::BoxFuture;
use keyferry_wire::{Plane, SPECS};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::clock::RealmClock;
use crate::connections::{Outgoing, Service, accept, listen, url, whole};
use crate::down::Down;
use crate::realm::{Answer, LARGEST_BODY, Realm, RealmError};
use crate::serve::ServeError;
use crate::tls::Tls;
use crate::vault_ports::Opened;

/// All ports at which the realm answers its clients.
#[derive(Debug)]
pub(crate) struct Ports {
    realm: Arc<Realm>,
    clock: Arc<RealmClock>,
    tls: Option<Tls>,
    by_region: Mutex<BTreeMap<Region, RegionPorts>>,
}

/// A region's ports. Without tasks nobody listens there; connections end with them.
#[derive(Debug)]
struct RegionPorts {
    port: u16,
    vaults: BTreeMap<String, u16>,
    tasks: JoinSet<()>,
}

async fn listen_at(port: u16) -> Result<(TcpListener, u16), ServeError> {
    listen(port).await.map_err(|source| ServeError::Listen { port, source })
}

impl Ports {
    /// Takes a port for each region, and closes those of lost ones again.
    pub(crate) async fn open(
        realm: Arc<Realm>,
        clock: Arc<RealmClock>,
        tls: Option<Tls>,
        first: u16,
    ) -> Result<Self, ServeError> {
        let ports = Self { realm: realm.clone(), clock, tls, by_region: Mutex::default() };
        for (region, at) in realm.identity().regions.iter().zip(0..) {
            let wanted = if first == 0 { 0 } else { first.saturating_add(at) };
            let (listener, port) = listen_at(wanted).await?;
            realm.set_endpoint(*region, &url(ports.tls.is_some(), port))?;
            let mut tasks = JoinSet::new();
            if is_open(&realm, *region) {
                ports.take(&mut tasks, listener, *region, None);
            }
            let opened = RegionPorts { port, vaults: BTreeMap::new(), tasks };
            ports.by_region.lock().await.insert(*region, opened);
        }
        Ok(ports)
    }

    /// The port of a region, also while nobody listens there.
    pub(crate) async fn port(&self, region: Region) -> Option<u16> {
        self.by_region.lock().await.get(&region).map(|ports| ports.port)
    }

    /// A vault has got a port.
    pub(crate) async fn add(&self, opened: Opened) -> io::Result<()> {
        let Opened { region, ext, port, listener } = opened;
        if let Some(ports) = self.by_region.lock().await.get_mut(&region) {
            ports.vaults.insert(ext.clone(), port);
            if is_open(&self.realm, region) {
                self.take(&mut ports.tasks, TcpListener::from_std(listener)?, region, Some(ext));
            }
        }
        Ok(())
    }

    /// Listens in a region, as it did before.
    pub(crate) async fn up(&self, region: Region) -> Result<(), ServeError> {
        let mut by_region = self.by_region.lock().await;
        let ports = by_region.get_mut(&region).ok_or(RealmError::OtherRegion(region))?;
        if ports.tasks.is_empty() {
            let mut listeners = vec![(listen_at(ports.port).await?.0, None)];
            for (ext, port) in &ports.vaults {
                listeners.push((listen_at(*port).await?.0, Some(ext.clone())));
            }
            for (listener, ext) in listeners {
                self.take(&mut ports.tasks, listener, region, ext);
            }
        }
        Ok(())
    }

    /// Listens no more in a region: who connects is refused by the system itself.
    pub(crate) async fn down(&self, region: Region) -> Result<(), ServeError> {
        let mut by_region = self.by_region.lock().await;
        let ports = by_region.get_mut(&region).ok_or(RealmError::OtherRegion(region))?;
        ports.tasks.shutdown().await;
        Ok(())
    }

    /// Listens where the realm says that a region is to be reached, and nowhere else.
    pub(crate) async fn follow(&self) -> Result<(), ServeError> {
        for region in &self.realm.identity().regions {
            if is_open(&self.realm, *region) {
                self.up(*region).await?;
            } else {
                self.down(*region).await?;
            }
        }
        Ok(())
    }

    /// Closes all.
    pub(crate) async fn close(&self) {
        for ports in self.by_region.lock().await.values_mut() {
            ports.tasks.shutdown().await;
        }
    }

    fn take(&self, tasks: &mut JoinSet<()>, listener: TcpListener, region: Region, vault: Option<String>) {
        let service = Port { realm: self.realm.clone(), clock: self.clock.clone(), region, vault };
        tasks.spawn(accept(listener, self.tls.clone(), Arc::new(service)));
    }
}

fn is_open(realm: &Realm, region: Region) -> bool {
    !matches!(realm.down(region), Some(Down::Refuse | Down::Destroyed))
}

/// What answers at a port of a region.
#[derive(Debug)]
struct Port {
    realm: Arc<Realm>,
    clock: Arc<RealmClock>,
    region: Region,
    vault: Option<String>,
}

impl Service for Port {
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> BoxFuture<'static, Option<Response<Outgoing>>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let request = Request::from_parts(head, whole(body, LARGEST_BODY).await?);
            let (clock, now) = (self.clock.clone(), self.clock.now());
            let is_quick = is_quick(&request);
            let work = move || match &self.vault {
                None => self.realm.handle_at(self.region, &request, now),
                Some(ext) => self.realm.handle_at_vault(self.region, ext, &request, now),
            };
            let answer = if is_quick { work() } else { tokio::task::spawn_blocking(work).await.ok()? };
            sent(answer, &clock).await
        })
    }
}

/// Making an RSA key takes a while, and so does making a change durable. Cryptography does neither, and is done
/// sooner than another thread is found for it.
fn is_quick(request: &Request<Bytes>) -> bool {
    let path = request.uri().path();
    SPECS.iter().any(|spec| spec.plane == Plane::Crypto && path.ends_with(spec.path))
}

async fn sent(answer: Answer, clock: &RealmClock) -> Option<Response<Outgoing>> {
    match answer {
        Answer::Reply(response) => Some(response.map(Outgoing::from)),
        Answer::Disturbed(response, disturbance) => {
            clock.wait(disturbance.delay).await;
            // An empty body can't be cut: such an answer would arrive whole.
            if disturbance.is_broken && response.body().is_empty() {
                return None;
            }
            let body: fn(Bytes) -> Outgoing =
                if disturbance.is_broken { Outgoing::broken } else { Outgoing::from };
            Some(response.map(body))
        }
        Answer::Refuse => None,
        Answer::Hang => std::future::pending().await,
    }
}
