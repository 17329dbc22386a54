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
mod crypto_error;
mod data_dir;
mod down;
mod embedded;
mod latency;
mod lifecycle;
mod lineage;
mod lists;
mod log;
mod material;
mod mint;
mod query;
mod realm;
mod records;
mod refusal;
mod reply;
mod retry_tokens;
mod route;
mod serve;
mod services;
mod tasks;
#[cfg(test)]
mod testing;
mod world;

pub use account::Identity;
pub use api_key::ApiKey;
pub use data_dir::{AdminEndpoint, DataDirError, ReadyLine, RegionEndpoint};
pub use down::{Down, UnknownWord};
pub use embedded::EmbeddedSend;
pub use latency::Latency;
pub use log::LogLine;
pub use realm::{Answer, LARGEST_BODY, Realm, RealmConfig, RealmError, Secret};
pub use serve::{ServeError, ServeOptions, Server, serve};
