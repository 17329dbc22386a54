//! The protection ledger's memory: which backups there are, the newest of each key, and what was proven.
//! Only a cache: stores and runs hold the same, so losing it loses nothing but time. The record beside the index spares
//! even that.

mod entry;
mod error;
mod index;
mod record;

pub use entry::{Entry, EntryKey};
pub use error::IndexError;
pub use index::{Added, Difference, Index, Listed, Proof};
