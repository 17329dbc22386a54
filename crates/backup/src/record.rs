//! What a fleet's run was to do, and how each vault came out: `STATE/runs/RUN/{fleet.json,results.jsonl}`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_core::canonical;
use keyferry_core::model::{ObjectPlace, OciStore, StoreUrl};
use keyferry_core::{Code, Environment};
use keyferry_ids::{Region, VaultId};
use keyferry_seams::{Access, Disk};
use serde::{Deserialize, Serialize};

use crate::{BackupError, Extent, Target};

/// The document's name.
pub const SCHEMA: &str = "keyferry.fleet";
/// The version written and read.
pub const VERSION: u32 = 1;
/// Longest list of results that is read.
const LONGEST: u64 = 256 << 20;

/// A fleet's run as it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetRecord {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// Its id.
    pub run_id: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// Realm and tenancy.
    pub environment: Environment,
    /// The policy that asked for it.
    pub policy: Option<String>,
    /// What may be missing without making it partial.
    pub accepted: Vec<Code>,
    /// How the service's files are called.
    pub file_name: String,
    /// Whether unchanged vaults are saved again.
    pub force: bool,
    /// All vaults, in order.
    pub vaults: Vec<FleetVault>,
}

/// One vault of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetVault {
    /// Its OCID.
    pub id: VaultId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: Region,
    /// Where it goes first.
    pub store: OciStore,
    /// Where copies go.
    pub copies: Vec<StoreUrl>,
    /// How much of it.
    pub extent: Extent,
    /// Where the service writes first if it goes through a pre-authenticated request, whose URL is kept nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub par: Option<ObjectPlace>,
}

impl FleetVault {
    /// As a job needs it.
    pub fn target(&self) -> Target {
        Target {
            store: self.store.clone(),
            copies: self.copies.clone(),
            extent: self.extent.clone(),
            par: self.par.clone(),
        }
    }
}

/// A line of results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetResult {
    /// The vault's place in the fleet, from 1.
    pub number: usize,
    /// The vault.
    pub vault_id: VaultId,
    /// Why it failed; none if it did not.
    pub code: Option<Code>,
    /// The backup that holds it now.
    pub backup_id: Option<String>,
}

/// The files of one fleet's run.
#[derive(Debug, Clone)]
pub struct FleetFiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl FleetFiles {
    /// Of that run below a state folder.
    pub fn new(disk: Arc<dyn Disk>, state: &Path, run_id: &str) -> Self {
        Self { disk, folder: state.join("runs").join(run_id) }
    }

    /// Writes down what is to be done, before anything is.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn begin(&self, record: &FleetRecord) -> Result<(), BackupError> {
        let bytes = canonical::to_bytes(record)?;
        let path = self.folder.join("fleet.json");
        self.disk.create(&path, &bytes, Access::Owner).map_err(BackupError::Memory)
    }

    /// What was to be done; none if the run is not a fleet's.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn record(&self) -> Result<Option<FleetRecord>, BackupError> {
        match self.disk.read(&self.folder.join("fleet.json"), canonical::LONGEST as u64) {
            Ok(bytes) => {
                let record: FleetRecord = canonical::from_bytes(&bytes)?;
                if record.schema == SCHEMA && record.version == VERSION {
                    Ok(Some(record))
                } else {
                    Err(BackupError::OtherRecord)
                }
            }
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(BackupError::Memory(error)),
        }
    }

    /// Writes down how a vault came out.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn note(&self, result: &FleetResult) -> Result<(), BackupError> {
        let mut line = serde_json::to_vec(result).map_err(canonical::CanonicalError::Form)?;
        line.push(b'\n');
        self.disk.append(&self.folder.join("results.jsonl"), &line).map_err(BackupError::Memory)
    }

    /// How the vaults came out so far, a later line in place of an earlier one. A torn last line was never claimed.
    ///
    /// # Errors
    /// If the file is there and can't be read.
    pub fn results(&self) -> Result<Vec<FleetResult>, BackupError> {
        let bytes = match self.disk.read(&self.folder.join("results.jsonl"), LONGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.is_absent() => return Ok(Vec::new()),
            Err(error) => return Err(BackupError::Memory(error)),
        };
        let mut results: std::collections::BTreeMap<usize, FleetResult> = std::collections::BTreeMap::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            // A torn line in the middle was followed by a resumed run's lines; it tells nothing.
            if let Ok(result) = serde_json::from_slice::<FleetResult>(line) {
                results.insert(result.number, result);
            }
        }
        Ok(results.into_values().collect())
    }
}
