//! Helpers of the whole-product suites.

mod account;
mod command;
mod served;
mod ssh_keygen;

pub use account::{Account, block_on, client};
pub use command::{Keyferry, Ran};
pub use served::Served;
pub use ssh_keygen::ssh_keygen_verify;
