//! Who encrypts whom: whether what it takes to restore a vault lies behind the vault's own keys.
//!
//! A backup in a bucket that is encrypted by key K of vault W can only be read while K is there. If W can only be
//! had back from backups that in turn need the first vault, both are lost together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use keyferry_ids::VaultId;

use crate::{Code, Finding, Severity};

/// What encrypts which bucket, and which vault's backups lie where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lockouts {
    /// By the key's OCID.
    keys: BTreeMap<String, KeyOf>,
    names: BTreeMap<VaultId, String>,
    /// By place: the key that encrypts it, if not the provider's own.
    places: BTreeMap<String, Option<String>>,
    /// Where all backups of a vault lie, and will lie after what is planned.
    backups: BTreeMap<VaultId, BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyOf {
    name: String,
    vault_id: VaultId,
}

/// A chain of needs that leads back to where it began. Drawn as
/// `payments -> bucket backups -> key k of infra -> bucket infra-backups -> payments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The place of the backup with which it begins.
    pub place: String,
    drawn: String,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.drawn)
    }
}

/// A place, and the key that it takes to read there.
type Need<'a> = (&'a str, &'a KeyOf);

/// Whether a place can be read when a vault is lost.
enum Reading<'a> {
    Free,
    /// It takes a key, and nobody knows of which vault.
    UnknownKey(&'a str),
    Needs(&'a KeyOf),
}

impl Lockouts {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A bucket and the key that encrypts it; none is the provider's own. A store inside a bucket is the bucket.
    pub fn bucket(&mut self, store: &str, kms_key_id: Option<&str>) {
        self.places.insert(bucket_of(store).to_owned(), kms_key_id.map(str::to_owned));
    }

    /// A key and its vault.
    pub fn key(&mut self, key_id: &str, key_name: &str, vault_id: &VaultId, vault_name: &str) {
        let of = KeyOf { name: key_name.to_owned(), vault_id: vault_id.clone() };
        self.keys.insert(key_id.to_owned(), of);
        self.vault(vault_id, vault_name);
    }

    /// A vault's name, for drawing.
    pub fn vault(&mut self, vault_id: &VaultId, name: &str) {
        self.names.insert(vault_id.clone(), name.to_owned());
    }

    /// A backup of the vault lies there, or will.
    pub fn backup_lies_in(&mut self, vault_id: &VaultId, store: &str) {
        self.backups.entry(vault_id.clone()).or_default().insert(bucket_of(store).to_owned());
    }

    /// The first of the places from which the vault's own keys would be needed to restore the vault: a bucket
    /// that they encrypt, or one that is encrypted by a vault whose every backup in the end lies in such a bucket.
    pub fn cycle_of(&self, vault_id: &VaultId, places: &[impl AsRef<str>]) -> Option<Cycle> {
        let restorable = self.restorable_without(vault_id);
        places.iter().find_map(|place| {
            let way = self.way_back(vault_id, bucket_of(place.as_ref()), &restorable)?;
            Some(Cycle { place: place.as_ref().to_owned(), drawn: self.drawn(vault_id, &way) })
        })
    }

    /// What speaks against each of the places: an error if it closes a cycle, a warning if nobody can say, or if
    /// it needs vaults that are locked behind each other.
    pub fn findings(&self, vault_id: &VaultId, places: &[impl AsRef<str>]) -> Vec<Finding> {
        let restorable = self.restorable_without(vault_id);
        let of_place = |place: &str| {
            let finding =
                |severity, because: String| Some(Finding::new(Code::Lockout, severity, place, because));
            if let Some(cycle) = self.cycle_of(vault_id, &[place]) {
                let because = format!("what is saved there can only be read with what is saved: {cycle}");
                return finding(Severity::Error, because);
            }
            match self.reading(bucket_of(place)) {
                Reading::Needs(key) if !restorable.contains(&key.vault_id) => {
                    let (vault, name) = (self.name(&key.vault_id), &key.name);
                    let because = format!(
                        "it can only be read with key {name} of {vault}, and {vault} can only be restored with itself: \
                         all of its backups lie behind its own keys or those of vaults that need it"
                    );
                    finding(Severity::Warning, because)
                }
                Reading::UnknownKey(key) => {
                    let because = format!(
                        "it is encrypted by {key}, a key of a vault that could not be seen: whether it can be read \
                         without {} is not known",
                        self.name(vault_id)
                    );
                    finding(Severity::Warning, because)
                }
                Reading::Free | Reading::Needs(_) => None,
            }
        };
        places.iter().filter_map(|place| of_place(place.as_ref())).collect()
    }

    fn reading(&self, place: &str) -> Reading<'_> {
        match self.places.get(place) {
            Some(Some(key)) => self.keys.get(key).map_or(Reading::UnknownKey(key), Reading::Needs),
            Some(None) | None => Reading::Free,
        }
    }

    /// The vaults that can be had back although that one is lost. A vault without any backup can't be restored at
    /// all, but nor can it be locked in: it is there, or its loss is another matter.
    fn restorable_without(&self, lost: &VaultId) -> BTreeSet<&VaultId> {
        let all = self.keys.values().map(|key| &key.vault_id).chain(self.backups.keys());
        let mut restorable: BTreeSet<&VaultId> =
            all.clone().filter(|id| !self.backups.contains_key(id)).collect();
        restorable.remove(lost);
        loop {
            let can_be_read = |place: &String| match self.reading(place) {
                Reading::Free | Reading::UnknownKey(_) => true,
                Reading::Needs(key) => restorable.contains(&key.vault_id),
            };
            let found = self.backups.iter().filter(|(id, places)| {
                *id != lost && !restorable.contains(id) && places.iter().any(can_be_read)
            });
            let found: Vec<_> = found.map(|(id, _)| id).collect();
            if found.is_empty() {
                return restorable;
            }
            restorable.extend(found);
        }
    }

    /// The shortest way from a place back to the lost vault, through vaults that can't be had back without it:
    /// places, and between them the keys that encrypt them.
    fn way_back<'a>(
        &'a self,
        lost: &VaultId,
        place: &'a str,
        restorable: &BTreeSet<&VaultId>,
    ) -> Option<Vec<Need<'a>>> {
        let mut seen = BTreeSet::new();
        let mut ways = vec![(Vec::new(), place)];
        // In the order of their lengths.
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for (way, place) in ways {
                let Reading::Needs(key) = self.reading(place) else { continue };
                let way: Vec<Need<'a>> = [way.as_slice(), &[(place, key)]].concat();
                if key.vault_id == *lost {
                    return Some(way);
                }
                if restorable.contains(&key.vault_id) || !seen.insert(&key.vault_id) {
                    continue;
                }
                let next = self.backups.get(&key.vault_id).into_iter().flatten();
                longer.extend(next.map(|place| (way.clone(), place.as_str())));
            }
            ways = longer;
        }
        None
    }

    fn drawn(&self, lost: &VaultId, way: &[Need<'_>]) -> String {
        let lost = self.name(lost);
        let needs = way.iter().enumerate().map(|(number, (place, key))| {
            let place = described(place);
            let key = if number + 1 < way.len() {
                format!(" -> key {} of {}", key.name, self.name(&key.vault_id))
            } else {
                String::new()
            };
            format!(" -> {place}{key}")
        });
        format!("{lost}{} -> {lost}", needs.collect::<String>())
    }

    fn name<'a>(&'a self, vault: &'a VaultId) -> &'a str {
        self.names.get(vault).map_or(vault.as_str(), String::as_str)
    }
}

/// `oci://BUCKET@NAMESPACE/REGION/PREFIX` without its prefix: a bucket is encrypted as a whole.
fn bucket_of(store: &str) -> &str {
    let prefix = store.match_indices('/').nth(3).filter(|_| store.starts_with("oci://"));
    prefix.map_or(store, |(at, _)| &store[..at])
}

fn described(place: &str) -> String {
    match place.strip_prefix("oci://").and_then(|rest| rest.split_once('@')) {
        Some((bucket, _)) => format!("bucket {bucket}"),
        None => place.to_owned(),
    }
}

#[cfg(test)]
mod tests;
