//! New backups into the index, a batch at a time.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use keyferry_core::model::StoreUrl;
use redb::{ReadableTable as _, Table};

use super::Index;
use super::latest::{Held, Vault};
use super::tables::{BUNDLES, Bundle, Digests, KNOWN, LATEST, Numbers, STORES, Stores};
use crate::record::{Copy, Fact, Saved};
use crate::{Entry, IndexError};

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Added {
    /// Backups that are new in this store.
    pub added: usize,
    /// Backups whose manifest is another one than in the store seen before. They do not count as copies.
    pub differing: Vec<String>,
}

impl Index {
    /// Adds backups that were found in that store. One commit: a batch is in the index, or it is not.
    ///
    /// # Errors
    /// If the database fails.
    pub fn add(&self, store: &StoreUrl, entries: &[Entry]) -> Result<Added, IndexError> {
        self.write(|transaction, facts| {
            let mut numbers = Numbers::new(transaction, facts)?;
            let mut stores = Stores::new(&transaction.open_table(STORES)?)?;
            let at = numbers.of(&store.to_string())?;
            stores.learn(at, store);
            let mut known = transaction.open_table(KNOWN)?;
            let mut bundles = transaction.open_table(BUNDLES)?;
            let mut newest = Newest::new(transaction.open_table(LATEST)?);
            let mut result = Added::default();
            let mut entries: Vec<_> = entries.iter().collect();
            // Neighbours on disk together, and of a vault the newest first: what is older then changes little.
            entries.sort_by(|a, b| {
                let newer = (b.made_at, &b.backup_id).cmp(&(a.made_at, &a.backup_id));
                a.vault_id.cmp(&b.vault_id).then(newer)
            });
            let mut places = HashMap::new();
            for entry in entries {
                let id = entry.backup_id.as_str();
                if known.get((at, id))?.is_some() {
                    continue;
                }
                for place in &entry.places {
                    if !places.contains_key(place) {
                        let number = numbers.of(&place.to_string())?;
                        stores.learn(number, place);
                        places.insert(place, number);
                    }
                }
                let (vault, made_at) = (numbers.of(entry.vault_id.as_str())?, entry.made_at.as_microsecond());
                let place = (vault, made_at, id);
                let digests = Digests::of(entry);
                let before = bundles.get(place)?.map(|row| Bundle::from_row(row.value())).transpose()?;
                let mut bundle = match before {
                    Some((before, _)) if before != digests => {
                        result.differing.push(id.to_owned());
                        continue;
                    }
                    Some((_, bundle)) => {
                        let copy = Copy { backup: id.into(), store: at, vault, made_at: entry.made_at };
                        numbers.facts.push(&Fact::Copied(copy))?;
                        stores.learn_all(&bundle, &numbers)?;
                        bundle
                    }
                    None => {
                        let bundle = numbered(entry, &mut numbers, &places)?;
                        let place = (vault, entry.made_at, id);
                        numbers.facts.push(&Fact::Saved(Saved::new(place, at, &digests, &bundle)))?;
                        bundle
                    }
                };
                bundle.seen.push(at);
                bundles.insert(place, bundle.to_row(&digests)?.as_slice())?;
                known.insert((at, id), (vault, made_at))?;
                let is_away = stores.any_away(&bundle.recorded, &bundle.seen, Some(entry.region));
                let held = Held::new(made_at, id, &bundle, &digests, is_away);
                newest.offer(vault, &held, &bundle, entry)?;
                result.added += 1;
            }
            newest.write()?;
            Ok(result)
        })
    }
}

fn numbered(
    entry: &Entry,
    numbers: &mut Numbers<'_>,
    places: &HashMap<&StoreUrl, u32>,
) -> Result<Bundle, IndexError> {
    let recorded = entry.places.iter().filter_map(|place| places.get(place).copied()).collect();
    let mut keys = Vec::with_capacity(entry.keys.len());
    for key in &entry.keys {
        let versions = key.versions.iter().map(|v| Ok((numbers.of(v.id.as_str())?, v.has_canary)));
        let versions = versions.collect::<Result<_, IndexError>>()?;
        keys.push((numbers.of(key.id.as_str())?, versions));
    }
    let region = numbers.of(entry.region.name())?;
    Ok(Bundle { generation: entry.generation, region, recorded, seen: Vec::new(), keys })
}

/// The vaults that a batch is about, each read and written once.
struct Newest<'a> {
    table: Table<'a, u32, &'static [u8]>,
    vaults: BTreeMap<u32, (Vault, bool)>,
}

impl<'a> Newest<'a> {
    fn new(table: Table<'a, u32, &'static [u8]>) -> Self {
        Self { table, vaults: BTreeMap::new() }
    }

    fn offer(
        &mut self,
        vault: u32,
        held: &Rc<Held<String>>,
        bundle: &Bundle,
        entry: &Entry,
    ) -> Result<(), IndexError> {
        let (vault, is_changed) = match self.vaults.entry(vault) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => {
                let row = self.table.get(vault)?.map(|row| Vault::from_row(row.value())).transpose()?;
                slot.insert((row.unwrap_or_default(), false))
            }
        };
        for ((number, _), key) in bundle.keys.iter().zip(&entry.keys) {
            let versions = || Ok(key.versions.iter().map(|v| (v.id.to_string(), v.has_canary)).collect());
            *is_changed |= vault.offer(*number, held, || Ok(key.id.to_string()), versions)?;
        }
        Ok(())
    }

    fn write(mut self) -> Result<(), IndexError> {
        for (number, (vault, is_changed)) in self.vaults {
            if is_changed {
                self.table.insert(number, vault.to_row()?.as_slice())?;
            }
        }
        Ok(())
    }
}
