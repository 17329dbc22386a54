//! Views: data in, documents out. Each says in words what colour would only repeat.

mod backup;
mod catalogue;
mod drill;
mod inventory;
mod plan;
mod restore;

use keyferry_core::manifest::Contents;
use keyferry_core::{Code, EvidenceStage};

use crate::{Cell, Document, Line, Stage};

pub use backup::backups;
pub use catalogue::{backups_list, bundle, check};
pub use drill::drill;
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
    let rows = items.map(|(kind, name, id, code, because)| {
        vec![
            kind.replace('_', " ").into(),
            name.into(),
            Cell::id(id),
            format!("{because} ({code})").into(),
            code.help().into(),
        ]
    });
    document.table(&["Kind", "Name", "OCID", "Why", "Next best"], rows);
}

/// What a backup of that kind holds.
fn contents(contents: Contents) -> &'static str {
    match contents {
        Contents::WithKeys => "with keys",
        Contents::MetadataOnly => "metadata only",
    }
}
