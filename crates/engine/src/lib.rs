//! Performs plans step by step, with a journal that is on disk before each call.

mod apply;
mod context;
mod error;
mod journal_file;
mod perform;
mod prove;
mod public_key;
mod runs;
mod wait;

pub use apply::apply;
pub use context::Context;
pub use error::{EngineError, Failure};
pub use journal_file::JournalFile;
pub use runs::{Run, Runs, RunsError};
pub use wait::Patience;
