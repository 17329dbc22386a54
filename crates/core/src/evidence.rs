//! What a drill claims, with everything needed to check the claim.

use jiff::Timestamp;
use keyferry_ids::Region;
use serde::{Deserialize, Serialize};

use crate::model::StoreUrl;
use crate::{Code, Environment, Mapping, Proof, Sha256};

/// SSHSIG namespace of evidence.
pub const NAMESPACE: &str = "keyferry-evidence";

/// A call as the client saw it; the service's log must know its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSeen {
    /// When the answer came.
    pub ts: Timestamp,
    /// The region called.
    pub region: String,
    /// The operation.
    pub operation: String,
    /// HTTP status; none if there was no answer.
    pub status: Option<u16>,
    /// Oracle's id of the call.
    pub opc_request_id: Option<String>,
}

/// A part of a drill with its duration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceStage {
    /// What was done.
    pub name: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
}

/// A backup that the drill made or used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceBackup {
    /// Its id.
    pub backup_id: String,
    /// The vault.
    pub vault_id: String,
    /// The vault's name.
    pub vault_name: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Size of the service's file in bytes.
    pub size: u64,
    /// Digest of the service's file.
    pub sha256: Sha256,
    /// Digest of the signed manifest.
    pub manifest_sha256: Sha256,
    /// Where it lies.
    pub places: Vec<StoreUrl>,
    /// Key versions in it.
    pub versions: usize,
    /// Canaries minted for it, carried on, and versions without one.
    pub canaries: (usize, usize, usize),
}

/// Something that no backup saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaved {
    /// `vault`, `key`, `key_version` or `secret`.
    pub kind: String,
    /// Its OCID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub code: Code,
    /// Why, in a sentence.
    pub because: String,
}

/// Evidence for, never compliance with, anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// `keyferry.evidence`.
    pub schema: String,
    /// 1.
    pub version: u32,
    /// Realm and tenancy; embedded evidence is a rehearsal and proves no real bundle.
    pub environment: Environment,
    /// The scenario's name.
    pub scenario: String,
    /// The seed, if the run can be repeated.
    pub seed: Option<u64>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The region that was lost.
    pub lost_region: Option<Region>,
    /// When it was lost.
    pub lost_at: Option<Timestamp>,
    /// The region restored into.
    pub into: Option<Region>,
    /// Parts with their durations.
    pub stages: Vec<EvidenceStage>,
    /// Backups, in the order they were made.
    pub backups: Vec<EvidenceBackup>,
    /// What no backup saved.
    pub unsaved: Vec<Unsaved>,
    /// Digest of the restore plan that was applied.
    pub plan_sha256: Option<Sha256>,
    /// The run that applied it.
    pub run_id: Option<String>,
    /// Old to new OCIDs.
    pub mapping: Mapping,
    /// The judgement.
    pub proof: Proof,
    /// Recovery time actual, from the loss to the end of the proof, in seconds.
    pub rta_seconds: Option<f64>,
    /// Recovery point actual, from the backup to the loss, in seconds.
    pub rpa_seconds: Option<f64>,
    /// Why the drill stopped early, if it did.
    pub failure: Option<(Code, String)>,
    /// Every call, in order.
    pub calls: Vec<CallSeen>,
}
