//! What we believe: models, verdicts, manifests, plans. Pure: no clock, no file, no socket, no chance.

pub mod canary;
pub mod canonical;
mod code;
mod completeness;
mod digest;
pub mod eligibility;
mod environment;
mod event;
pub mod evidence;
mod explain;
mod finding;
mod inventory;
pub mod journal;
pub mod manifest;
mod mapping;
pub mod model;
pub mod plan;
mod proof;
pub mod sshsig;

pub use code::{Class, Code};
pub use completeness::{Completeness, completeness};
pub use digest::Sha256;
pub use environment::{Environment, EnvironmentKind};
pub use event::{Event, EventKind, Observer, Silent};
pub use evidence::{CallSeen, Evidence, EvidenceBackup, EvidenceStage, Unsaved};
pub use explain::{Explain, Site};
pub use finding::{Finding, Severity};
pub use inventory::{Gap, Inventory, VaultStock};
pub use mapping::{Mapping, MappingEntry, MappingKind};
pub use proof::{Proof, ProvenVersion, Verdict};
