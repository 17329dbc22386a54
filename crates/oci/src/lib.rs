//! How we speak to OCI: credentials, signatures, endpoints, retries, pages, and typed calls.

mod calls;
mod client;
mod convert;
mod credentials;
mod endpoint;
mod error;
mod explain;
mod pages;
mod retry;
mod signing;
mod transport;

pub use calls::{Encrypted, NewKey, NewVault, Signed, Subscription, Subscriptions};
pub use client::{Call, CallRecord, Client, ClientConfig, Observe, Place, Reply};
pub use credentials::{Credentials, CredentialsError, PrivateKey, Source};
pub use endpoint::{EndpointError, Endpoints};
pub use error::{CallSite, Error, NotSent};
pub use retry::RetryPolicy;
pub use transport::Reqwest;
