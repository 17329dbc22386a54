//! Views: data in, documents out. Each says in words what colour would only repeat.

mod backup;
mod catalogue;
mod coverage;
mod drill;
mod forget;
mod inventory;
mod plan;
mod restore;

use keyferry_core::manifest::Contents;
use keyferry_core::{Code, EvidenceStage, eligibility};

use crate::{Cell, Document, Line, Stage, Tone};

pub use backup::backups;
pub use catalogue::{backups_list, bundle, check, leftovers, standing};
pub use coverage::coverage;
pub use drill::drill;
pub use forget::forget;
pub use inventory::inventory;
pub use plan::plan;
pub use restore::{mapping, proof, restored};

/// Stages with their durations.
pub(crate) fn stages(stages: &[EvidenceStage]) -> Vec<Stage> {
    let stages = stages.iter().map(|stage| Stage {
        name: Line::from(&stage.name),
        started: stage.started,
        millis: u64::try_from(stage.finished.duration_since(stage.started).as_millis()).unwrap_or_default(),
    });
    stages.collect()
}

/// Something that no backup holds: kind, name, OCID, code, reason.
type Unsaved<'a> = (&'a str, &'a str, &'a str, Code, &'a str);

/// The table of what no backup holds, with the next best protection.
fn unsaved<'a>(document: &mut Document, items: impl Iterator<Item = Unsaved<'a>>) {
    let rows = items.map(|item| unsaved_row(item, eligibility::next_best(item.3)));
    document.table(&UNSAVED, rows);
}

const UNSAVED: [&str; 5] = ["Kind", "Name", "OCID", "Why", "Next best"];

fn unsaved_row((kind, name, id, code, because): Unsaved<'_>, next_best: &str) -> Vec<Cell> {
    let because = format!("{because} ({code})");
    vec![kind.replace('_', " ").into(), name.into(), Cell::id(id), because.into(), next_best.into()]
}

/// A fact about a backup of a vault that changed while it was saved.
fn changed(how: &str) -> (&'static str, Cell) {
    ("Changed meanwhile", Cell::words(format!("{how}; what came last may not be in it")).tone(Tone::Warning))
}

/// What a backup of that kind holds.
fn contents(contents: Contents) -> &'static str {
    match contents {
        Contents::WithKeys => "with keys",
        Contents::MetadataOnly => "metadata only",
        Contents::Key => "single keys",
    }
}
