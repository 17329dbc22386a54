//! The ledger from the index: one table of newest backups and one of proofs, never the history.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_core::Sha256;
use keyferry_core::coverage::{Backup, KeyRecord, Ledger, Place, Saved, SavedVersion, Trials, Tried};
use keyferry_core::model::StoreUrl;
use keyferry_ids::{KeyId, KeyVersionId, Region};
use rayon::prelude::*;
use redb::{
    AccessGuard, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _,
};

use super::Index;
use super::latest::{Held, In, Row};
use super::proofs::{PROVEN, TriedRow};
use super::tables::{BUNDLES, KEEPING, LATEST, NAMES, PROOFS, STORES, Stores, decode, name_of};
use crate::IndexError;

/// Parts in which vaults are read.
const PARTS: u32 = 8;

/// The few names that rows share, each looked up once.
struct Names {
    table: ReadOnlyTable<u32, &'static str>,
    stores: Stores,
    places: HashMap<u32, (String, Option<Region>)>,
    regions: HashMap<u32, Region>,
}

impl Index {
    /// How many backups are known.
    ///
    /// # Errors
    /// If the database fails.
    pub fn backups(&self) -> Result<u64, IndexError> {
        Ok(self.database.begin_read()?.open_table(BUNDLES)?.len()?)
    }

    /// Everything that a judgement needs, as of the last refresh.
    ///
    /// # Errors
    /// If the database fails.
    pub fn ledger(&self) -> Result<Ledger, IndexError> {
        let (keys, trials) = rayon::join(|| self.keys(), || self.trials());
        let mut keeping = BTreeMap::new();
        for row in self.database.begin_read()?.open_table(KEEPING)?.iter()? {
            let (store, row) = row?;
            keeping.insert(store.value().to_owned(), decode(row.value())?);
        }
        Ok(Ledger { keys: keys?, trials: trials?, keeping })
    }

    fn keys(&self) -> Result<HashMap<KeyId, KeyRecord>, IndexError> {
        let table = self.database.begin_read()?.open_table(LATEST)?;
        let number = |row: Option<(AccessGuard<'_, u32>, _)>| row.map_or(0, |(number, _)| number.value());
        let (first, last) = (number(table.first()?), number(table.last()?));
        // Some parts more than cores: proofs are read beside them.
        let step = (last - first) / PARTS + 1;
        let parts: Vec<_> = (first..=last).step_by(step as usize).collect();
        let parts = parts.into_par_iter().map(|from| self.records(from..=from.saturating_add(step - 1)));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        // A map that grows hashes everything again.
        let mut records = HashMap::with_capacity(parts.iter().map(Vec::len).sum());
        records.extend(parts.into_iter().flatten());
        Ok(records)
    }

    /// The keys of vaults with these numbers.
    fn records(&self, vaults: RangeInclusive<u32>) -> Result<Vec<(KeyId, KeyRecord)>, IndexError> {
        let transaction = self.database.begin_read()?;
        let mut names = Names::new(&transaction)?;
        let mut records = Vec::new();
        for row in transaction.open_table(LATEST)?.range(vaults)? {
            let row = row?;
            let row: Row<&str> = decode(row.1.value())?;
            let backups = row.backups.into_iter().map(|held| names.backup(held));
            let backups = backups.collect::<Result<Vec<_>, _>>()?;
            for key in row.keys {
                let older_away = key.away.map(|away| saved(&backups, &away)).transpose()?;
                let record = KeyRecord { newest: saved(&backups, &key.newest)?, older_away };
                records.push((KeyId::parse(key.key).map_err(IndexError::row)?, record));
            }
        }
        Ok(records)
    }

    fn trials(&self) -> Result<HashMap<KeyVersionId, Trials>, IndexError> {
        let transaction = self.database.begin_read()?;
        let mut names = Names::new(&transaction)?;
        let table = transaction.open_table(PROOFS)?;
        let mut all: HashMap<_, Trials> = HashMap::with_capacity(capacity(table.len()?));
        let mut last: Arc<str> = Arc::from("");
        for row in table.iter()? {
            let (place, row) = row?;
            let (version, verdict) = place.value();
            let (at, region, backup_id): TriedRow<'_> = decode(row.value())?;
            // Versions next to each other were mostly tried together.
            if *last != *backup_id {
                last = Arc::from(backup_id);
            }
            let at = Timestamp::from_microsecond(at).map_err(IndexError::row)?;
            let tried = Tried { at, region: names.region(region)?, backup_id: Arc::clone(&last) };
            let trials = all.entry(KeyVersionId::parse(version).map_err(IndexError::row)?).or_default();
            let side = if verdict == PROVEN { &mut trials.proven } else { &mut trials.failed };
            *side = Some(tried);
        }
        Ok(all)
    }
}

impl Names {
    fn new(transaction: &ReadTransaction) -> Result<Self, IndexError> {
        let stores = Stores::new(&transaction.open_table(STORES)?)?;
        let table = transaction.open_table(NAMES)?;
        Ok(Self { table, stores, places: HashMap::new(), regions: HashMap::new() })
    }

    fn backup(&mut self, held: Held<&str>) -> Result<Arc<Backup>, IndexError> {
        let mut places = Vec::with_capacity(held.seen.len() + held.recorded.len());
        for (number, is_seen) in self.stores.places(&held.recorded, &held.seen) {
            let (store, region) = match self.places.get(&number) {
                Some(known) => known.clone(),
                None => {
                    let text = name_of(&self.table, number)?;
                    let url: StoreUrl = text.parse().map_err(IndexError::row)?;
                    self.places.insert(number, (text.clone(), url.region()));
                    (text, url.region())
                }
            };
            places.push(Place { store, region, is_seen });
        }
        Ok(Arc::new(Backup {
            id: held.id.to_owned(),
            made_at: Timestamp::from_microsecond(held.made_at).map_err(IndexError::row)?,
            generation: (held.generation > 0).then_some(held.generation),
            region: self.region(held.region)?,
            fingerprint: (held.fingerprint != [0; 32]).then(|| Sha256::from(held.fingerprint)),
            places,
        }))
    }

    fn region(&mut self, number: u32) -> Result<Region, IndexError> {
        if let Some(region) = self.regions.get(&number) {
            return Ok(*region);
        }
        let region = Region::parse(&name_of(&self.table, number)?).map_err(IndexError::row)?;
        self.regions.insert(number, region);
        Ok(region)
    }
}

/// Room for so many, as far as is sensible before any of them was read.
fn capacity(expected: u64) -> usize {
    usize::try_from(expected.min(1 << 20)).unwrap_or_default()
}

fn saved(backups: &[Arc<Backup>], key: &In<&str>) -> Result<Saved, IndexError> {
    let backup = backups.get(key.backup).ok_or_else(|| IndexError::row("a key in no backup"))?;
    let versions = key.versions.iter().map(|(id, has_canary)| {
        Ok(SavedVersion { id: KeyVersionId::parse(id).map_err(IndexError::row)?, has_canary: *has_canary })
    });
    Ok(Saved { backup: Arc::clone(backup), versions: versions.collect::<Result<_, IndexError>>()? })
}
