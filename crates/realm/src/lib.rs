//! The embedded realm: a multi-region OCI realm in one process.
//!
//! Everything goes through [`Realm::handle`], which knows neither sockets nor time: a server and an
//! in-process sender sit on top of it.

mod account;
pub mod admin;
mod api_key;
mod authenticate;
mod blob;
mod call;
mod checksum;
mod clock;
mod connections;
mod control;
mod crypto_error;
mod data_dir;
mod down;
mod embedded;
mod faults;
#[cfg(test)]
mod hostile;
mod latency;
mod lifecycle;
mod lineage;
mod lists;
mod log;
mod material;
mod mint;
mod object_versions;
mod owned_table;
mod ports;
mod query;
mod rates;
mod realm;
mod records;
mod refusal;
mod reply;
mod retry_tokens;
mod route;
mod semantics;
mod serve;
mod services;
mod snapshot;
mod state;
mod steering;
mod store;
mod table;
mod tasks;
#[cfg(test)]
mod testing;
mod tls;
mod vault_ports;
mod world;
mod world_file;
mod wrapping_keys;

pub use account::Identity;
pub use api_key::ApiKey;
pub use data_dir::{AdminEndpoint, DataDirError, ReadyLine, RegionEndpoint};
pub use down::{Down, UnknownWord};
pub use embedded::EmbeddedSend;
pub use faults::{Disturbance, Effect, Fault, FaultRecord, Spoiled};
pub use keyferry_wire::OperationName;
pub use latency::{Latency, LatencyError};
pub use log::{LogLine, Touched};
pub use rates::RateClass;
pub use realm::{Answer, LARGEST_BODY, Realm, RealmConfig, RealmError};
pub use semantics::{RestoreExisting, Semantics, SemanticsError, SoftwareKeysInBackup};
pub use serve::{ServeError, ServeOptions, Server, serve};
pub use services::limits::{Limit, LimitName};
pub use steering::Secret;
pub use store::StoreError;
pub use tls::TlsError;
pub use world_file::{WorldFile, WorldFileError};
