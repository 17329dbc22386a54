//! The realm as a server: a loopback port per region, and one to steer it by.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use keyferry_ids::Region;
use keyferry_seams::{Clock, Disk};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::RealmClock;
use crate::connections::{accept, listen, url};
use crate::control::Control;
use crate::data_dir::{AdminEndpoint, DataDir, DataDirError, ReadyLine, RegionEndpoint};
use crate::latency::Latency;
use crate::ports::Ports;
use crate::realm::{Realm, RealmConfig, RealmError};
use crate::semantics::Semantics;
use crate::tls::{self, TlsError};
use crate::vault_ports::PortPerVault;
use crate::world_file::WorldFile;

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
    /// What an empty realm is filled with, also after each reset.
    pub world: Option<WorldFile>,
    /// Whether each vault has a port of its own, rather than a path below its region's.
    pub port_per_vault: bool,
    /// Whether the ports speak TLS, with certificates of an authority in the folder.
    pub tls: bool,
    /// Whether more than ten requests a second of one kind are refused.
    pub rate_limits: bool,
    /// How the realm reads what Oracle leaves open.
    pub semantics: Semantics,
}

impl ServeOptions {
    /// A realm in that folder on free ports, which answers at once and without limits.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            regions: None,
            seed: None,
            port: 0,
            latency: Latency::none(),
            world: None,
            port_per_vault: false,
            tls: false,
            rate_limits: false,
            semantics: Semantics::default(),
        }
    }
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
    /// There are no certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running realm. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    control: Arc<Control>,
    ready: ReadyLine,
    admin: JoinSet<()>,
    vaults: JoinSet<()>,
    #[expect(dead_code, reason = "held: it keeps the folder locked")]
    data: DataDir,
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
    let config = RealmConfig { semantics: options.semantics, ..config };
    let realm = Arc::new(Realm::open(config, &data.store_file())?);
    realm.set_rate_limits(options.rate_limits);
    let clock = Arc::new(RealmClock::new(clock, realm.clock_setting()));
    data.renew_session(clock.now(), disk)?;
    if let Some(world) = options.world.as_ref().filter(|_| realm.is_empty()) {
        realm.furnish(world, clock.now())?;
    }
    let tls = match options.tls {
        true => Some(tls::acceptor(&data.ca_file(), &data.ca_key_file(), disk)?),
        false => None,
    };
    let ports = Ports::open(realm.clone(), clock.clone(), tls, options.port).await?;
    let ports = Arc::new(ports);
    let mut vaults = JoinSet::new();
    if options.port_per_vault {
        let (opened, mut to_take) = mpsc::unbounded_channel();
        realm.set_vault_ports(Arc::new(PortPerVault::new(options.tls, opened)));
        while let Ok(opened) = to_take.try_recv() {
            ports.add(opened).await.map_err(|source| ServeError::Listen { port: 0, source })?;
        }
        let ports = ports.clone();
        vaults.spawn(async move {
            while let Some(opened) = to_take.recv().await {
                // Out of descriptors: the vault's port stays closed, as a client will notice.
                drop(ports.add(opened).await);
            }
        });
    }
    let (listener, port) = listen(0).await.map_err(|source| ServeError::Listen { port: 0, source })?;
    let ready = ready_line(&realm, &data, port, options.tls, options.rate_limits)?;
    data.announce(&ready, disk)?;
    let control = Arc::new(Control::new(realm, clock, ports, data.token.clone(), options.world));
    let mut admin = JoinSet::new();
    admin.spawn(accept(listener, None, control.clone()));
    Ok(Server { control, ready, admin, vaults, data })
}

fn ready_line(
    realm: &Realm,
    data: &DataDir,
    admin: u16,
    tls: bool,
    rate_limits: bool,
) -> Result<ReadyLine, ServeError> {
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
        ca_file: tls.then(|| data.ca_file()),
        rate_limits,
        regions,
        admin: AdminEndpoint { url: url(false, admin), token_file: data.token_file() },
    })
}

impl Server {
    /// What to print when the realm is ready.
    pub fn ready_line(&self) -> &ReadyLine {
        &self.ready
    }

    /// The realm itself.
    pub fn realm(&self) -> &Arc<Realm> {
        self.control.realm()
    }

    /// The port of a region, also while nobody listens there.
    pub async fn port(&self, region: Region) -> Option<u16> {
        self.control.ports().port(region).await
    }

    /// Runs until `stop` is done or the admin API is told to stop. Then all ports are closed.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.control.stopped() => {}
        }
        self.admin.shutdown().await;
        self.vaults.shutdown().await;
        self.control.ports().close().await;
    }
}

#[cfg(test)]
mod tests;
