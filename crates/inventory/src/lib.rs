//! Reads the cloud into a dated snapshot. One unreadable place never ends it.

mod find;
mod source;

pub use find::{FindError, Found, find};
pub use source::{Scope, take};
