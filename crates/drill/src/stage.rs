//! Stages of a drill: what was done, from when to when.

use jiff::Timestamp;
use keyferry_core::EvidenceStage;

use crate::scenario::Happening;

/// What a happening is called in evidence and reports.
pub(crate) fn name(happening: &Happening) -> String {
    match happening {
        Happening::TakeStock => "take stock".into(),
        Happening::Backup { vault, copy_to, .. } if copy_to.is_empty() => format!("back up {vault}"),
        Happening::Backup { vault, .. } => format!("back up {vault} and copy it off-region"),
        Happening::Rotate { key, .. } => format!("rotate {key}"),
        Happening::Wait { hours } => format!("{hours} hours pass"),
        Happening::Damage { bucket } => format!("one byte flips in {bucket}"),
        Happening::Lose { region, how } => format!("{region} is lost ({how})"),
        Happening::Restore { vault, .. } => format!("restore and prove {vault}"),
    }
}

/// A finished stage.
pub(crate) fn stage(name: String, started: Timestamp, finished: Timestamp) -> EvidenceStage {
    EvidenceStage { name, started, finished }
}
