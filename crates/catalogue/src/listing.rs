//! What a store holds, and choosing a backup by a word: an id, the beginning of one, `latest`, `latest~2`,
//! `latest@REGION`. Pure.

use keyferry_core::manifest::{Manifest, SealedManifest};
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Code, Environment, Sha256};
use keyferry_ids::VaultId;

use crate::{CatalogueError, OpenedBundle};

/// A backup found in a store. Its signature has not been checked yet.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The manifest as it says of itself.
    pub manifest: Manifest,
    /// Its bytes and signature, to be opened.
    pub sealed: SealedManifest,
}

impl Listed {
    /// Digest of the manifest's bytes.
    pub fn manifest_sha256(&self) -> Sha256 {
        self.sealed.sha256()
    }
}

/// A bundle whose manifest can't even be read.
#[derive(Debug)]
pub struct Damaged {
    /// The backup, by the name of its folder.
    pub backup_id: String,
    /// What is wrong.
    pub error: CatalogueError,
}

/// Everything in a store. A damaged bundle takes nothing away from the others.
#[derive(Debug, Default)]
pub struct Listing {
    /// Readable backups, oldest first.
    pub backups: Vec<Listed>,
    /// The others, in order of their ids.
    pub damaged: Vec<Damaged>,
}

impl Listing {
    /// Finds the one backup that a word means.
    ///
    /// # Errors
    /// If there is none, the word is the beginning of more than one id, or what it means is damaged: a `latest`
    /// that a damaged bundle may be is not quietly an older one.
    pub fn select(mut self, word: &str) -> Result<Listed, CatalogueError> {
        let unknown = |code| CatalogueError::Unknown { word: word.chars().take(80).collect(), code };
        let (name, region) = match word.split_once('@') {
            Some((name, region)) => (name, Some(region)),
            None => (word, None),
        };
        self.backups.retain(|backup| {
            region.is_none_or(|r| backup.manifest.region.name() == r || backup.manifest.region.key() == r)
        });
        let back = match name.strip_prefix("latest") {
            Some("") => Some(0),
            Some(rest) => rest.strip_prefix('~').and_then(|n| n.parse::<usize>().ok()),
            None => None,
        };
        if let Some(back) = back {
            let at = self.backups.len().checked_sub(back.saturating_add(1));
            let chosen = at.map(|at| self.backups.swap_remove(at));
            // Ids begin with the time, so they say which damaged bundles are newer.
            let is_newer = |id: &str| chosen.as_ref().is_none_or(|c| id > c.manifest.backup_id.as_str());
            return match self.damaged.into_iter().rev().find(|damaged| is_newer(&damaged.backup_id)) {
                Some(damaged) => Err(damaged.error),
                None => chosen.ok_or_else(|| unknown(Code::NotFound)),
            };
        }
        let fits = |id: &str| !name.is_empty() && id.starts_with(name);
        self.backups.retain(|backup| fits(&backup.manifest.backup_id));
        self.damaged.retain(|damaged| fits(&damaged.backup_id));
        match (self.backups.pop(), self.damaged.pop(), self.backups.is_empty() && self.damaged.is_empty()) {
            (None, None, _) => Err(unknown(Code::NotFound)),
            (Some(backup), None, true) => Ok(backup),
            (None, Some(damaged), true) => Err(damaged.error),
            _ => Err(unknown(Code::Ambiguous)),
        }
    }

    /// The newest backup of a vault whose signature is accepted, and those that were passed over for it.
    pub fn newest_of(
        &self,
        vault: &VaultId,
        environment: &Environment,
        allowed: &AllowedSigners,
    ) -> (Option<OpenedBundle>, Vec<CatalogueError>) {
        let mut passed_over = Vec::new();
        for listed in self.backups.iter().rev() {
            if listed.manifest.vault.id != *vault || listed.manifest.environment != *environment {
                continue;
            }
            match OpenedBundle::open(listed, allowed) {
                Ok(opened) => return (Some(opened), passed_over),
                Err(error) => passed_over.push(error),
            }
        }
        (None, passed_over)
    }
}

#[cfg(test)]
mod tests;
