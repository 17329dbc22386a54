//! Reads the cloud into a dated snapshot. One unreadable place never ends it.

mod ask;
mod find;
mod stock;
mod survey;
mod take;

pub use find::{FindError, Found, find};
pub use stock::stock;
pub use survey::{Scope, Survey, survey};
pub use take::{stocks, take};
