//! What this machine has seen of each vault's chain, so that a bucket that was set back is noticed.
//!
//! Losing it loses no backup, only this one sense.

use std::path::PathBuf;
use std::sync::Arc;

use keyferry_catalogue::{Seen, bundle};
use keyferry_core::Sha256;
use keyferry_core::canonical;
use keyferry_core::model::StoreUrl;
use keyferry_ids::VaultId;
use keyferry_seams::{Access, Disk};
use serde::{Deserialize, Serialize};

use crate::BackupError;

/// Longest note that is read.
const LONGEST: u64 = 64 << 10;

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    store: StoreUrl,
    #[serde(flatten)]
    seen: Seen,
}

/// The folder `STATE/seen`.
#[derive(Debug, Clone)]
pub struct Memory {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Memory {
    /// Below a state folder.
    pub fn new(disk: Arc<dyn Disk>, state: impl Into<PathBuf>) -> Self {
        Self { disk, folder: state.into().join("seen") }
    }

    /// Everything that was ever seen in that store.
    ///
    /// # Errors
    /// If a note is there and can't be read.
    pub fn seen_in(&self, store: &StoreUrl) -> Result<Vec<Seen>, BackupError> {
        let end = format!("-{}.json", mark(store));
        let notes = self.notes(|name| name.ends_with(&end))?;
        Ok(notes.into_iter().map(|note| note.seen).collect())
    }

    /// The stores in which backups of a vault were ever seen.
    ///
    /// # Errors
    /// If a note is there and can't be read.
    pub fn places(&self, vault: &VaultId) -> Result<Vec<StoreUrl>, BackupError> {
        let notes = self.notes(|name| name.starts_with(&format!("{}-", name_of(vault))))?;
        Ok(notes.into_iter().map(|note| note.store).collect())
    }

    fn notes(&self, is_meant: impl Fn(&str) -> bool) -> Result<Vec<Note>, BackupError> {
        let paths = self.disk.list(&self.folder).map_err(BackupError::Memory)?;
        let is_its = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(&is_meant);
        let read = |path: PathBuf| self.disk.read(&path, LONGEST).map_err(BackupError::Memory);
        let notes: Vec<Vec<u8>> = paths.into_iter().filter(is_its).map(read).collect::<Result<_, _>>()?;
        Ok(notes.iter().filter_map(|bytes| noted(bytes)).collect())
    }

    /// One note for each vault and store: each store has a chain of its own.
    fn path(&self, vault: &VaultId, store: &StoreUrl) -> PathBuf {
        self.folder.join(format!("{}-{}.json", name_of(vault), mark(store)))
    }

    /// The newest backup of a vault that was ever seen in that store.
    ///
    /// # Errors
    /// If the note is there and can't be read.
    pub fn seen(&self, vault: &VaultId, store: &StoreUrl) -> Result<Option<Seen>, BackupError> {
        match self.disk.read(&self.path(vault, store), LONGEST) {
            Ok(bytes) => Ok(noted(&bytes).map(|note| note.seen)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(BackupError::Memory(error)),
        }
    }

    /// Remembers a backup, unless a newer one is remembered.
    ///
    /// # Errors
    /// If the note can't be written.
    pub fn remember(&self, store: &StoreUrl, seen: &Seen) -> Result<(), BackupError> {
        let vault = &seen.vault_id;
        if self.seen(vault, store)?.is_some_and(|known| known.generation >= seen.generation) {
            return Ok(());
        }
        let bytes = canonical::to_bytes(&Note { store: store.clone(), seen: seen.clone() })?;
        self.disk.write(&self.path(vault, store), &bytes, Access::Owner).map_err(BackupError::Memory)
    }
}

/// A note that can't be read is as good as none: it only ever adds a warning.
fn noted(bytes: &[u8]) -> Option<Note> {
    canonical::from_bytes(bytes).ok()
}

/// All notes of a vault begin with this.
fn name_of(vault: &VaultId) -> String {
    let chain = bundle::chain(vault);
    chain.rsplit('/').next().unwrap_or(&chain).to_owned()
}

fn mark(store: &StoreUrl) -> String {
    Sha256::of(store.to_string().as_bytes()).to_string()[..16].to_owned()
}
