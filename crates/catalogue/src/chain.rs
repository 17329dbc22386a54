//! The chain of a vault's backups: numbered claims that no two writers get both, and what they give away about a
//! bucket that was set back to an earlier state.

use std::collections::BTreeMap;

use bytes::Bytes;
use keyferry_core::canonical::{self, CanonicalError};
use keyferry_core::manifest::Manifest;
use keyferry_core::model::StoreUrl;
use keyferry_core::{Code, Finding, Severity, Sha256};
use keyferry_ids::VaultId;
use serde::{Deserialize, Serialize};

use crate::{Catalogue, CatalogueError, Listed, Listing, bundle};

/// Longest claim that is read.
const LONGEST: usize = 4096;

/// Who holds a generation. Not signed: it only leads to a manifest that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The number, from 1.
    pub generation: u64,
    /// The backup that took it.
    pub backup_id: String,
}

/// The newest of a vault's backups that somebody has seen, kept outside of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The vault.
    pub vault_id: VaultId,
    /// Its number.
    pub generation: u64,
    /// Its id.
    pub backup_id: String,
    /// Digest of its manifest.
    pub manifest_sha256: Sha256,
}

impl Seen {
    /// A backup as it is seen now; none if it is of a time before there were generations.
    pub fn of(manifest: &Manifest, manifest_sha256: Sha256) -> Option<Self> {
        (manifest.generation > 0).then(|| Self {
            vault_id: manifest.vault.id.clone(),
            generation: manifest.generation,
            backup_id: manifest.backup_id.clone(),
            manifest_sha256,
        })
    }
}

/// What speaks for it that a store was set back: backups that were seen and are older now, or others of the same
/// number; and links that do not fit.
pub fn judge(store: &StoreUrl, listing: &Listing, seen: &[Seen]) -> Vec<Finding> {
    let mut chains: BTreeMap<&VaultId, BTreeMap<u64, Vec<&Listed>>> = BTreeMap::new();
    for listed in listing.backups.iter().filter(|listed| listed.manifest.generation > 0) {
        let chain = chains.entry(&listed.manifest.vault.id).or_default();
        chain.entry(listed.manifest.generation).or_default().push(listed);
    }
    let mut findings = Vec::new();
    let mut found = |because: String| {
        findings.push(Finding::new(Code::RolledBack, Severity::Warning, store, because));
    };
    for (vault, chain) in &chains {
        for (generation, with_it) in chain.iter().filter(|(_, with_it)| with_it.len() > 1) {
            let ids: Vec<_> = with_it.iter().map(|listed| listed.manifest.backup_id.as_str()).collect();
            found(format!(
                "generation {generation} of {vault} is there {} times: {}",
                ids.len(),
                ids.join(", ")
            ));
        }
        for later in chain.values().flatten() {
            let Some(previous) = &later.manifest.previous else { continue };
            let mut earlier = chain.values().flatten();
            let earlier = earlier.find(|listed| listed.manifest.backup_id == previous.backup_id);
            if earlier.is_some_and(|listed| listed.manifest_sha256() != previous.manifest_sha256) {
                let (id, by) = (&previous.backup_id, &later.manifest.backup_id);
                found(format!("the manifest of backup {id} is not the one that backup {by} followed"));
            }
        }
    }
    for seen in seen {
        let there = chains.get(&seen.vault_id).and_then(|chain| chain.last_key_value());
        let was = format!("generation {} of {} (backup {})", seen.generation, seen.vault_id, seen.backup_id);
        match there {
            Some((generation, _)) if *generation > seen.generation => {}
            Some((generation, listed)) if *generation == seen.generation => {
                if listed.iter().all(|listed| listed.manifest_sha256() != seen.manifest_sha256) {
                    found(format!("{was} had another manifest when it was seen before"));
                }
            }
            Some((generation, _)) => {
                found(format!("{was} was seen here before, the newest is generation {generation}"));
            }
            None => found(format!("{was} was seen here before, none is there")),
        }
    }
    findings
}

/// The newest backup of each vault in a listing, to be remembered.
pub fn newest(listing: &Listing) -> Vec<Seen> {
    let mut newest: BTreeMap<&VaultId, &Listed> = BTreeMap::new();
    for listed in listing.backups.iter().filter(|listed| listed.manifest.generation > 0) {
        let known = newest.entry(&listed.manifest.vault.id).or_insert(listed);
        if listed.manifest.generation > known.manifest.generation {
            *known = listed;
        }
    }
    let seen = |listed: &Listed| Seen::of(&listed.manifest, listed.manifest_sha256());
    newest.into_values().filter_map(seen).collect()
}

impl Catalogue {
    /// Takes a generation, or finds that this backup has it already.
    ///
    /// # Errors
    /// With [`CatalogueError::Claimed`] if another backup has it.
    pub async fn claim(&self, vault: &VaultId, claim: &Claim) -> Result<(), CatalogueError> {
        let unwritable = |source: CanonicalError| CatalogueError::Claim { source };
        let bytes = canonical::to_bytes(claim).map_err(unwritable)?;
        let name = bundle::claim(vault, claim.generation);
        self.backend.put_new(&name, Bytes::from(bytes)).await?;
        // Read back in any case: our own first attempt may have been answered by a broken connection.
        let holder = self.holder(vault, claim.generation).await?;
        match holder {
            Some(holder) if holder == *claim => Ok(()),
            Some(holder) => Err(CatalogueError::Claimed {
                generation: claim.generation,
                by: holder.backup_id.chars().take(64).collect::<String>().escape_debug().to_string(),
            }),
            None => Err(CatalogueError::Missing(self.store().object_text(&name))),
        }
    }

    /// All generations that were ever taken, oldest first.
    ///
    /// # Errors
    /// If the store can't be listed.
    pub async fn generations(&self, vault: &VaultId) -> Result<Vec<u64>, CatalogueError> {
        let names = self.backend.list(&bundle::chain(vault)).await?;
        let mut all: Vec<_> = names.iter().filter_map(|claim| bundle::generation_of(&claim.name)).collect();
        all.sort_unstable();
        Ok(all)
    }

    /// The backup that holds a generation.
    ///
    /// # Errors
    /// If the claim can't be read.
    pub async fn holder(&self, vault: &VaultId, generation: u64) -> Result<Option<Claim>, CatalogueError> {
        let Some(bytes) = self.backend.get(&bundle::claim(vault, generation), LONGEST).await? else {
            return Ok(None);
        };
        canonical::from_bytes(&bytes).map(Some).map_err(|source| CatalogueError::Claim { source })
    }
}
