//! Performs plans step by step, with a journal that is on disk before each call.

mod apply;
mod context;
mod error;
mod holder;
mod jobs;
mod journal_file;
mod map;
mod mint;
mod objects;
mod perform;
mod prove;
mod public_key;
mod runs;
mod wait;
mod waits;

pub use apply::{apply, resume};
pub use context::Context;
pub use error::{EngineError, Failure};
pub use holder::Holder;
pub use jobs::until_idle;
pub use journal_file::JournalFile;
pub use runs::{Run, Runs, RunsError, stamped};
pub use wait::Patience;
pub use waits::Waits;
