//! A port for each vault: Go clients and Terraform refuse endpoints with a path.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use keyferry_ids::Region;
use keyferry_seams::Seed;
use tokio::sync::mpsc::UnboundedSender;

use crate::account::VaultPorts;
use crate::connections::url;

/// Below the range that systems hand out by themselves.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A port that was opened and waits for somebody to take its connections.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) region: Region,
    pub(crate) ext: String,
    pub(crate) port: u16,
    pub(crate) listener: TcpListener,
}

/// Opens ports when a vault's endpoint is first asked for.
#[derive(Debug)]
pub(crate) struct PortPerVault {
    is_tls: bool,
    ports: Mutex<BTreeMap<(Region, String), u16>>,
    opened: UnboundedSender<Opened>,
}

impl PortPerVault {
    pub(crate) fn new(is_tls: bool, opened: UnboundedSender<Opened>) -> Self {
        Self { is_tls, ports: Mutex::default(), opened }
    }
}

/// Prefers the port that follows from the extension, so that a vault is found again after a restart.
fn open(ext: &str) -> io::Result<TcpListener> {
    let number = u16::from_be_bytes(Seed::from_number(0).bytes(ext));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, FIRST + number % COUNT))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl VaultPorts for PortPerVault {
    fn endpoint(&self, region: Region, ext: &str) -> Option<String> {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (region, ext.to_owned());
        if let Some(port) = ports.get(&key) {
            return Some(url(self.is_tls, *port));
        }
        let listener = open(ext).ok()?;
        let port = listener.local_addr().ok()?.port();
        self.opened.send(Opened { region, ext: key.1.clone(), port, listener }).ok()?;
        ports.insert(key, port);
        Some(url(self.is_tls, port))
    }
}
