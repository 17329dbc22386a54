//! Where bundles live: published, listed, opened, checked, copied, chained, archived, deleted.

mod archive;
mod backend;
pub mod bundle;
mod chain;
mod check;
mod claims;
mod copy;
mod delete;
mod error;
mod listing;
mod probe;
mod store;
mod stores;
mod unfinished;

pub use archive::{Archive, ArchiveError, LONGEST_ARCHIVE, export};
pub use chain::{Claim, Seen, judge, newest};
pub use check::{Checked, CheckedObject, check};
pub use claims::{far, far_claims, reached};
pub use copy::copy;
pub use error::CatalogueError;
pub use keyferry_offcloud::Probed;
pub use listing::{Damaged, Listed, Listing, Meant};
pub use store::{Catalogue, OpenedBundle};
pub use stores::Stores;
pub use unfinished::Leftover;
