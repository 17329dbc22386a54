//! Helpers of the whole-product suites.

mod account;
mod command;
mod files;
mod fleet;
mod pars;
mod secrets;
mod served;
mod ssh_keygen;

pub use account::{Account, block_on, client};
pub use command::{Captured, Keyferry, Ran};
pub use files::files_below;
pub use fleet::{Calls, Fleet, FleetShape};
pub use secrets::Secrets;
pub use served::Served;
pub use ssh_keygen::ssh_keygen_verify;
