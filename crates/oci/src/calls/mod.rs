//! Typed calls, one file per service.

mod backups;
mod crypto;
mod identity;
mod keeping;
mod keys;
mod limits;
mod objects;
mod pars;
mod secrets;
mod vaults;
mod work_requests;

pub use crypto::{Encrypted, Signed};
pub use identity::{Subscription, Subscriptions};
pub use keys::{ListedKey, NewKey};
pub use limits::Availability;
pub use pars::ListedPar;
pub use vaults::NewVault;

use crate::error::Error;

/// Turns "absent or forbidden" into `None`.
fn optional<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_absent_or_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}
