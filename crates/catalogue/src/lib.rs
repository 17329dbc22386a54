//! Where bundles live: published, listed, opened, checked, copied.

pub mod bundle;
mod check;
mod copy;
mod error;
mod listing;
mod store;

pub use check::{Checked, CheckedObject, check};
pub use copy::copy;
pub use error::CatalogueError;
pub use listing::{Damaged, Listed, Listing};
pub use store::{Catalogue, OpenedBundle};
