//! Drills: the loss of a region as an exercise, measured, proven and evidenced.

mod embedded;
mod error;
mod evidence;
mod run;
mod scenario;
mod stage;
mod world;

pub use error::DrillError;
pub use run::{DrillOptions, Drilled, run};
pub use scenario::{Scenario, ScenarioError};
