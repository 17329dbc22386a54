//! Reports from one model: views turn data into a document, three renderers turn documents into text.
//! Machines read the data itself as JSON; no prose is ever parsed.

mod document;
mod error;
mod html;
mod json;
mod jsonl;
mod junit;
mod ledger;
mod line;
pub mod mapping;
mod markdown;
mod retention;
mod shown;
mod stock;
mod text;
pub mod units;
pub mod views;

pub use document::{Block, Cell, CellKind, Document, Stage, Table, Timeline, Tone};
pub use error::ErrorShown;
pub use html::html;
pub use json::envelope;
pub use jsonl::event_line;
pub use junit::{coverage_junit, junit};
pub use ledger::{CoverageShown, StoreShown, coverage_csv};
pub use line::Line;
pub use markdown::markdown;
pub use retention::{
    FileShown, ForgetShown, ForgottenShown, KeptShown, LeftoverShown, PrunedShown, RefusedShown,
    StandingShown,
};
pub use shown::{
    BackupShown, BackupsShown, CanaryCounts, CheckVerdict, CheckedBackup, CheckedObject, DrillShown,
    ListedBackup, NotBackedUp, ObjectShown, PlanShown, RestoredShown, Skipped,
};
pub use stock::{InventoryShown, inventory_csv};
pub use text::{Style, text};
