//! The protection ledger's memory: which backups there are, the newest of each key, and what was proven.
//! Only a cache: stores and runs hold the same, so losing it loses nothing but time.

mod entry;
mod error;
mod index;

pub use entry::{Entry, EntryKey};
pub use error::IndexError;
pub use index::{Added, Difference, Index, Listed, Proof};
