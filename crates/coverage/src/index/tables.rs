//! Tables and rows. Identifiers that repeat a million times are numbered; what a ledger shows is spelled out.

use std::collections::{HashMap, HashSet};

use keyferry_core::model::StoreUrl;
use keyferry_ids::Region;
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::record::{Fact, Facts, NumberedKey};
use crate::{Entry, IndexError};

type Definition<K, V> = TableDefinition<'static, K, V>;

/// The form of everything else, and how much of the record is in it.
pub(super) const META: Definition<&str, u64> = TableDefinition::new("meta");
/// Numbers of OCIDs, stores and regions.
pub(super) const NUMBERS: Definition<&str, u32> = TableDefinition::new("numbers");
/// What has that number.
pub(super) const NAMES: Definition<u32, &str> = TableDefinition::new("names");
/// Stores that were listed as a whole, and when (seconds).
pub(super) const STORES: Definition<u32, i64> = TableDefinition::new("stores");
/// By store and backup id: vault and time, which lead to the bundle.
pub(super) const KNOWN: Definition<(u32, &str), (u32, i64)> = TableDefinition::new("known");
/// By vault, time (microseconds) and backup id.
pub(super) const BUNDLES: Definition<(u32, i64, &str), &[u8]> = TableDefinition::new("bundles");
/// By vault: the only table of backups that a ledger reads.
pub(super) const LATEST: Definition<u32, &[u8]> = TableDefinition::new("latest");
/// By version and verdict.
pub(super) const PROOFS: Definition<(&str, u8), &[u8]> = TableDefinition::new("proofs");
/// How well a store keeps what is in it, by address.
pub(super) const KEEPING: Definition<&str, &[u8]> = TableDefinition::new("keeping");
/// Runs that are over and hold nothing new.
pub(super) const RUNS: Definition<&str, ()> = TableDefinition::new("runs");

/// So that each is there to be read, also while it is empty.
pub(super) fn make_all(transaction: &WriteTransaction) -> Result<(), IndexError> {
    transaction.open_table(NUMBERS)?;
    transaction.open_table(NAMES)?;
    transaction.open_table(STORES)?;
    transaction.open_table(KNOWN)?;
    transaction.open_table(BUNDLES)?;
    transaction.open_table(LATEST)?;
    transaction.open_table(PROOFS)?;
    transaction.open_table(KEEPING)?;
    transaction.open_table(RUNS)?;
    Ok(())
}

/// A backup in [`BUNDLES`]. What is in its key is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bundle {
    pub(super) generation: u64,
    pub(super) region: u32,
    /// Stores that the manifest names.
    pub(super) recorded: Vec<u32>,
    /// Stores in which it was found.
    pub(super) seen: Vec<u32>,
    /// Keys in its files.
    pub(super) keys: Vec<NumberedKey>,
}

/// The digests in front of a bundle's row, raw: rows are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) manifest: [u8; 32],
    /// All zeros if there is none.
    pub(super) fingerprint: [u8; 32],
}

impl Digests {
    pub(super) fn of(entry: &Entry) -> Self {
        let fingerprint = entry.fingerprint.map(|digest| *digest.as_bytes()).unwrap_or_default();
        Self { manifest: *entry.manifest_sha256.as_bytes(), fingerprint }
    }
}

impl Bundle {
    pub(super) fn to_row(&self, digests: &Digests) -> Result<Vec<u8>, IndexError> {
        let mut row = [digests.manifest, digests.fingerprint].concat();
        rmp_serde::encode::write(&mut row, self).map_err(IndexError::row)?;
        Ok(row)
    }

    pub(super) fn from_row(row: &[u8]) -> Result<(Digests, Self), IndexError> {
        let short = || IndexError::row("a row that is too short");
        let (manifest, rest) = row.split_first_chunk().ok_or_else(short)?;
        let (fingerprint, rest) = rest.split_first_chunk().ok_or_else(short)?;
        Ok((Digests { manifest: *manifest, fingerprint: *fingerprint }, decode(rest)?))
    }
}

pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, IndexError> {
    rmp_serde::to_vec(value).map_err(IndexError::row)
}

pub(super) fn decode<'a, T: Deserialize<'a>>(row: &'a [u8]) -> Result<T, IndexError> {
    rmp_serde::from_slice(row).map_err(IndexError::row)
}

/// Gives numbers. Within one transaction each text is looked up once.
pub(super) struct Numbers<'a> {
    /// What goes into the record: new numbers are told in it before anything that uses them.
    pub(super) facts: &'a mut Facts,
    numbers: Table<'a, &'static str, u32>,
    names: Table<'a, u32, &'static str>,
    found: HashMap<String, u32>,
    next: u32,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(transaction: &'a WriteTransaction, facts: &'a mut Facts) -> Result<Self, IndexError> {
        let names = transaction.open_table(NAMES)?;
        let next = names.last()?.map_or(0, |(last, _)| last.value() + 1);
        Ok(Self { facts, numbers: transaction.open_table(NUMBERS)?, names, found: HashMap::new(), next })
    }

    pub(super) fn of(&mut self, text: &str) -> Result<u32, IndexError> {
        if let Some(number) = self.found.get(text) {
            return Ok(*number);
        }
        let known = self.numbers.get(text)?.map(|number| number.value());
        let number = match known {
            Some(number) => number,
            None => {
                let number = self.next;
                self.next = number.checked_add(1).ok_or_else(|| IndexError::row("too many names"))?;
                self.numbers.insert(text, number)?;
                self.names.insert(number, text)?;
                self.facts.push(&Fact::Named { number, name: text.into() })?;
                number
            }
        };
        self.found.insert(text.to_owned(), number);
        Ok(number)
    }

    /// Gives the number that the record tells of.
    pub(super) fn given(&mut self, number: u32, text: &str) -> Result<(), IndexError> {
        self.numbers.insert(text, number)?;
        self.names.insert(number, text)?;
        Ok(())
    }

    pub(super) fn name(&self, number: u32) -> Result<String, IndexError> {
        name_of(&self.names, number)
    }
}

pub(super) fn name_of(
    names: &impl ReadableTable<u32, &'static str>,
    number: u32,
) -> Result<String, IndexError> {
    let name = names.get(number)?.map(|name| name.value().to_owned());
    name.ok_or_else(|| IndexError::row(format!("nothing has the number {number}")))
}

/// Where stores are, and which of them were listed. There are few.
#[derive(Debug, Default)]
pub(super) struct Stores {
    listed: HashSet<u32>,
    regions: HashMap<u32, Option<Region>>,
}

impl Stores {
    pub(super) fn new(stores: &impl ReadableTable<u32, i64>) -> Result<Self, IndexError> {
        let listed = stores.iter()?.map(|row| Ok(row?.0.value()));
        Ok(Self { listed: listed.collect::<Result<_, redb::StorageError>>()?, regions: HashMap::new() })
    }

    pub(super) fn learn(&mut self, number: u32, url: &StoreUrl) {
        self.regions.insert(number, url.region());
    }

    /// The same for all stores that a backup is in.
    pub(super) fn learn_all(&mut self, bundle: &Bundle, numbers: &Numbers<'_>) -> Result<(), IndexError> {
        for number in bundle.recorded.iter().chain(&bundle.seen) {
            if !self.regions.contains_key(number) {
                self.learn(*number, &numbers.name(*number)?.parse().map_err(IndexError::row)?);
            }
        }
        Ok(())
    }

    pub(super) fn mark_listed(&mut self, number: u32) {
        self.listed.insert(number);
    }

    /// The stores that hold it, and whether it was found there. A listed store has to show it; one that was never
    /// listed is believed to hold what the signed manifest says.
    pub(super) fn places<'a>(
        &'a self,
        recorded: &'a [u32],
        seen: &'a [u32],
    ) -> impl Iterator<Item = (u32, bool)> + 'a {
        let believed = recorded.iter().filter(|store| !seen.contains(store) && !self.listed.contains(store));
        seen.iter().map(|store| (*store, true)).chain(believed.map(|store| (*store, false)))
    }

    /// True if a place is outside that region.
    pub(super) fn any_away(&self, recorded: &[u32], seen: &[u32], region: Option<Region>) -> bool {
        let region_of = |store: &u32| self.regions.get(store).copied().flatten();
        self.places(recorded, seen)
            .any(|(store, _)| region_of(&store).is_none() || region_of(&store) != region)
    }
}
