//! `demo`: the whole story on the embedded realm, without account or network.

use std::path::PathBuf;
use std::sync::Arc;

use keyferry_core::{Event, Observer};
use keyferry_drill::{DrillOptions, Scenario};

use super::drill::conclude;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::progress::Progress;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The same number tells the same story, byte for byte
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Folder that gets the evidence and the reports
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Flip one byte of the copied backup before the restore: it has to be noticed
    #[arg(long)]
    damage_copy: bool,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let mut scenario = Scenario::demo()?;
    if args.damage_copy {
        scenario = scenario.with_damaged_copy();
    }
    let story = Story(Arc::clone(&on.progress));
    let options = DrillOptions { scenario, seed: args.seed, observer: Arc::new(story) };
    let drilled = keyferry_drill::run(options).await?;
    let outcome = conclude(on, "demo", &drilled, args.keep.as_deref());
    if args.keep.is_none() {
        on.printer.note("nothing was written; keep evidence and reports with: keyferry demo --keep DIR");
    }
    outcome
}

/// Tells what happens and when; the many small steps are left to a bar, or to whoever wants every line.
#[derive(Debug)]
struct Story(Arc<Progress>);

impl Observer for Story {
    fn note(&self, event: Event) {
        match event.op.as_str() {
            "drill" => self.0.chapter(event),
            _ => self.0.detail(event),
        }
    }
}
