//! Faults: what a realm is told to do wrong, and when.
//!
//! A rule is looked at when a request arrives that it could spoil, and again when one was done that leaves work.
//! Its counters are part of the world, so they survive a restart and are rolled back with everything else.

mod answers;
mod effects;
mod matcher;
mod rule;
mod troubles;
mod work;

pub use answers::Disturbance;
pub(crate) use answers::{Before, before};
pub use effects::{Effect, Spoiled};
pub use rule::{Fault, FaultRecord};
pub(crate) use troubles::{check_key, is_silent};
pub(crate) use work::{Disturbed, Trouble, disturb};
