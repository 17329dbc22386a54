//! The newest backup of each key of a vault, and the newest that survives the loss of its region. Pure.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::tables::{Bundle, Digests, decode, encode};
use crate::IndexError;

/// A backup as a vault's row keeps it: spelled out, so that a ledger looks nothing up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held<S> {
    pub(super) made_at: i64,
    pub(super) id: S,
    pub(super) generation: u64,
    pub(super) region: u32,
    /// All zeros if there is none.
    pub(super) fingerprint: [u8; 32],
    pub(super) recorded: Vec<u32>,
    pub(super) seen: Vec<u32>,
    /// A place is outside the vault's region.
    pub(super) is_away: bool,
}

/// A key in one of a row's backups.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct In<S> {
    pub(super) backup: usize,
    pub(super) versions: Vec<(S, bool)>,
}

/// A key in a vault's row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyRow<S> {
    number: u32,
    pub(super) key: S,
    pub(super) newest: In<S>,
    pub(super) away: Option<In<S>>,
}

/// A vault's row. Its keys mostly share one backup.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row<S> {
    pub(super) backups: Vec<Held<S>>,
    pub(super) keys: Vec<KeyRow<S>>,
}

type Versions = Vec<(String, bool)>;

/// A key in a backup, while the row is worked on.
#[derive(Debug)]
struct HeldKey {
    backup: Rc<Held<String>>,
    versions: Versions,
}

impl HeldKey {
    fn order(&self) -> (i64, &str) {
        (self.backup.made_at, &self.backup.id)
    }
}

#[derive(Debug)]
struct Latest {
    key: String,
    newest: HeldKey,
    /// The newest that is away, if the newest is not.
    away: Option<HeldKey>,
}

/// The keys of a vault, by number.
#[derive(Debug, Default)]
pub(super) struct Vault(BTreeMap<u32, Latest>);

impl Held<String> {
    pub(super) fn new(made_at: i64, id: &str, bundle: &Bundle, digests: &Digests, is_away: bool) -> Rc<Self> {
        Rc::new(Self {
            made_at,
            id: id.to_owned(),
            generation: bundle.generation,
            region: bundle.region,
            fingerprint: digests.fingerprint,
            recorded: bundle.recorded.clone(),
            seen: bundle.seen.clone(),
            is_away,
        })
    }
}

impl Vault {
    pub(super) fn from_row(row: &[u8]) -> Result<Self, IndexError> {
        let row: Row<String> = decode(row)?;
        let backups: Vec<_> = row.backups.into_iter().map(Rc::new).collect();
        let held = |key: In<String>| {
            let backup = backups.get(key.backup).cloned();
            let backup = backup.ok_or_else(|| IndexError::row("a key in no backup"))?;
            Ok::<_, IndexError>(HeldKey { backup, versions: key.versions })
        };
        let keys = row.keys.into_iter().map(|row| {
            let away = row.away.map(held).transpose()?;
            Ok((row.number, Latest { key: row.key, newest: held(row.newest)?, away }))
        });
        Ok(Self(keys.collect::<Result<_, IndexError>>()?))
    }

    pub(super) fn to_row(&self) -> Result<Vec<u8>, IndexError> {
        let mut shared = Shared::default();
        let mut keys = Vec::with_capacity(self.0.len());
        for (number, latest) in &self.0 {
            let newest = shared.place(&latest.newest);
            let away = latest.away.as_ref().map(|away| shared.place(away));
            keys.push(KeyRow { number: *number, key: latest.key.as_str(), newest, away });
        }
        encode(&Row { backups: shared.backups, keys })
    }

    /// The keys that are known.
    pub(super) fn keys(&self) -> impl Iterator<Item = &u32> {
        self.0.keys()
    }

    /// Takes a backup of a key if it is better, or news of one that is already there. Most are neither, so names and
    /// versions are only asked for when they are needed.
    pub(super) fn offer(
        &mut self,
        number: u32,
        backup: &Rc<Held<String>>,
        key: impl FnOnce() -> Result<String, IndexError>,
        versions: impl FnOnce() -> Result<Versions, IndexError>,
    ) -> Result<bool, IndexError> {
        let held = || Ok::<_, IndexError>(HeldKey { backup: Rc::clone(backup), versions: versions()? });
        let Some(latest) = self.0.get_mut(&number) else {
            self.0.insert(number, Latest { key: key()?, newest: held()?, away: None });
            return Ok(true);
        };
        let order = (backup.made_at, backup.id.as_str());
        if order > latest.newest.order() {
            let before = std::mem::replace(&mut latest.newest, held()?);
            if before.backup.is_away {
                latest.away = Some(before);
            }
        } else if order == latest.newest.order() {
            latest.newest = held()?;
        } else if backup.is_away
            && !latest.newest.backup.is_away
            && latest.away.as_ref().is_none_or(|away| order >= away.order())
        {
            latest.away = Some(held()?);
        } else {
            return Ok(false);
        }
        if latest.newest.backup.is_away {
            latest.away = None;
        }
        Ok(true)
    }

    /// True if no older backup can change anything about that key.
    pub(super) fn is_settled(&self, number: u32) -> bool {
        self.0.get(&number).is_some_and(|latest| latest.newest.backup.is_away || latest.away.is_some())
    }

    /// True if a backup that counts is believed to be in a store in which it was not found.
    pub(super) fn believes(&self, store: u32) -> bool {
        let held = self.0.values().flat_map(|latest| std::iter::once(&latest.newest).chain(&latest.away));
        held.into_iter().any(|key| key.backup.recorded.contains(&store) && !key.backup.seen.contains(&store))
    }
}

/// The backups of a row, each once.
#[derive(Default)]
struct Shared<'a> {
    backups: Vec<Held<&'a str>>,
    places: BTreeMap<(i64, &'a str), usize>,
}

impl<'a> Shared<'a> {
    fn place(&mut self, key: &'a HeldKey) -> In<&'a str> {
        let backup = *self.places.entry(key.order()).or_insert_with(|| {
            let held = key.backup.as_ref();
            self.backups.push(Held {
                made_at: held.made_at,
                id: held.id.as_str(),
                generation: held.generation,
                region: held.region,
                fingerprint: held.fingerprint,
                recorded: held.recorded.clone(),
                seen: held.seen.clone(),
                is_away: held.is_away,
            });
            self.backups.len() - 1
        });
        In {
            backup,
            versions: key.versions.iter().map(|(id, has_canary)| (id.as_str(), *has_canary)).collect(),
        }
    }
}
