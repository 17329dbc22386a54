//! How we speak to OCI: credentials, signatures, endpoints, retries, pages, and typed calls.

mod calls;
mod client;
mod convert;
mod credentials;
mod endpoint;
mod error;
mod explain;
mod pace;
mod pages;
mod par;
mod retry;
mod sent_path;
mod signing;
mod transport;

pub use calls::{
    Availability, Encrypted, ListedKey, ListedPar, NewKey, NewVault, Signed, Subscription, Subscriptions,
};
pub use client::{Call, CallRecord, Client, ClientConfig, Observe, Place, Reply};
pub use credentials::{Credentials, CredentialsError, PrivateKey, SessionExpired, Source};
pub use endpoint::{EndpointError, Endpoints};
pub use error::{CallSite, Error, NotSent};
pub use pace::Pace;
pub use par::{ParError, ParUrl, without_tokens};
pub use retry::RetryPolicy;
pub use sent_path::SentPath;
pub use transport::Reqwest;
