//! What a store holds, and choosing a backup by a word: an id, the beginning of one, `latest`, `latest~2`,
//! `latest@REGION`. Pure.

use keyferry_core::manifest::{Manifest, SealedManifest};
use keyferry_core::model::ListedObject;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_core::{Code, Environment, Sha256};
use keyferry_ids::VaultId;

use crate::{CatalogueError, OpenedBundle, bundle};

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
    /// All objects that were found, those of no backup too.
    pub objects: Vec<ListedObject>,
}

/// What a word means in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// The readable backup at this place.
    Backup(usize),
    /// The damaged one at this place.
    Damaged(usize),
}

/// The ids of all backups with a manifest, in order.
pub(crate) fn ids(objects: &[ListedObject]) -> Vec<String> {
    let ids = objects.iter().filter_map(|object| bundle::backup_of(&object.name));
    let mut ids: Vec<_> = ids.map(str::to_owned).collect();
    ids.sort();
    ids
}

impl Listing {
    /// Takes the one backup that a word means.
    ///
    /// # Errors
    /// As [`Self::find`], or if it is damaged.
    pub fn select(mut self, word: &str) -> Result<Listed, CatalogueError> {
        match self.find(word)? {
            Meant::Backup(at) => Ok(self.backups.swap_remove(at)),
            Meant::Damaged(at) => Err(self.damaged.swap_remove(at).error),
        }
    }

    /// Finds the one backup that a word means: a `latest` that a damaged bundle may be is not quietly an older one.
    ///
    /// # Errors
    /// If there is none, or the word is the beginning of more than one id.
    pub fn find(&self, word: &str) -> Result<Meant, CatalogueError> {
        let unknown = |code| CatalogueError::Unknown { word: word.chars().take(80).collect(), code };
        let (name, region) = match word.split_once('@') {
            Some((name, region)) => (name, Some(region)),
            None => (word, None),
        };
        let in_region = |backup: &&(usize, &Listed)| {
            let of = backup.1.manifest.region;
            region.is_none_or(|region| of.name() == region || of.key() == region)
        };
        let backups: Vec<_> = self.backups.iter().enumerate().collect();
        let backups: Vec<_> = backups.iter().filter(in_region).collect();
        let back = match name.strip_prefix("latest") {
            Some("") => Some(0),
            Some(rest) => rest.strip_prefix('~').and_then(|n| n.parse::<usize>().ok()),
            None => None,
        };
        if let Some(back) = back {
            let chosen = backups.iter().nth_back(back);
            // Ids begin with the time, so they say which damaged bundles are newer.
            let is_newer =
                |id: &str| chosen.is_none_or(|(_, listed)| id > listed.manifest.backup_id.as_str());
            return match self.damaged.iter().rposition(|damaged| is_newer(&damaged.backup_id)) {
                Some(at) => Ok(Meant::Damaged(at)),
                None => chosen.map(|(at, _)| Meant::Backup(*at)).ok_or_else(|| unknown(Code::NotFound)),
            };
        }
        let fits = |id: &str| !name.is_empty() && id.starts_with(name);
        let fitting = backups.iter().filter(|(_, listed)| fits(&listed.manifest.backup_id));
        let damaged = self.damaged.iter().enumerate().filter(|(_, damaged)| fits(&damaged.backup_id));
        let mut meant =
            fitting.map(|(at, _)| Meant::Backup(*at)).chain(damaged.map(|(at, _)| Meant::Damaged(at)));
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(unknown(Code::NotFound)),
            _ => Err(unknown(Code::Ambiguous)),
        }
    }

    /// The ids of all backups with a manifest, in order.
    pub fn ids(&self) -> Vec<String> {
        ids(&self.objects)
    }

    /// The objects of one backup.
    pub fn objects_of<'a>(&'a self, backup_id: &'a str) -> impl Iterator<Item = &'a ListedObject> {
        self.objects.iter().filter(move |object| bundle::owner_of(&object.name) == Some(backup_id))
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
