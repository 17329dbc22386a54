//! The record into the index: one thread reads and checks what the other one writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use keyferry_core::coverage::Keeping;
use keyferry_core::model::StoreUrl;
use keyferry_ids::{KeyId, KeyVersionId, Region, VaultId};
use redb::{ReadableTable as _, WriteTransaction};

use super::kept::count_gone;
use super::listed::{believers, recompute};
use super::tables::{BUNDLES, Bundle, KEEPING, KNOWN, NAMES, Numbers, STORES, Stores, encode};
use crate::IndexError;
use crate::record::{Chunks, Copy, Fact, Facts, Record, Saved, facts};

/// Vault, time in microseconds, id.
type Place<'a> = (u32, i64, &'a str);

/// Takes in all facts from that byte on, and says how long the record is.
pub(super) fn replay(transaction: &WriteTransaction, record: &Record, from: u64) -> Result<u64, IndexError> {
    let mut reader = Reader { chunks: record.read(from)?, kinds: kinds(transaction)? };
    let (sender, receiver) = sync_channel(1);
    let taken = thread::scope(|scope| {
        let reading = scope.spawn(move || {
            reader.run(&sender);
            reader
        });
        let taken = take_in(transaction, receiver);
        let reader = reading.join().map_err(|_| IndexError::row("the record could not be read"))?;
        taken.map(|taken| (taken, reader.chunks))
    });
    let (taken, chunks) = taken?;
    taken.finish(transaction)?;
    if chunks.is_torn() {
        record.end_line()?;
        return Ok(chunks.at() + 1);
    }
    Ok(chunks.at())
}

/// What a number stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Vault,
    Key,
    Version,
    Store,
    Region,
}

/// None of a name that the index can't use.
fn kind(name: &str) -> Option<Kind> {
    if name.starts_with("ocid1.") {
        let of_vault = VaultId::parse(name).map(|_| Kind::Vault);
        let of_key = || KeyId::parse(name).map(|_| Kind::Key);
        let of_version = |_| KeyVersionId::parse(name).map(|_| Kind::Version);
        return of_vault.or_else(|_| of_key()).or_else(of_version).ok();
    }
    match Region::parse(name) {
        Ok(_) => Some(Kind::Region),
        Err(_) => StoreUrl::from_str(name).ok().map(|_| Kind::Store),
    }
}

fn kinds(transaction: &WriteTransaction) -> Result<HashMap<u32, Kind>, IndexError> {
    let mut kinds = HashMap::new();
    for row in transaction.open_table(NAMES)?.iter()? {
        let (number, name) = row?;
        kinds.extend(kind(name.value()).map(|kind| (number.value(), kind)));
    }
    Ok(kinds)
}

/// Facts of many lines, in the order in which tables take them best.
#[derive(Default)]
struct Batch {
    names: Vec<(u32, String)>,
    /// By place; what happened to one backup in the order in which it happened.
    changes: Vec<Change>,
    keys: BTreeMap<u32, BTreeSet<u32>>,
    listed: Vec<(u32, i64)>,
    keeping: Vec<(String, Keeping)>,
    gone: u64,
}

struct Change {
    vault: u32,
    made_at: i64,
    id: String,
    store: u32,
    what: What,
}

enum What {
    /// With the row of a backup that this store alone holds.
    Saved(Vec<u8>),
    Copied,
    Gone,
}

impl Change {
    fn place(&self) -> Place<'_> {
        (self.vault, self.made_at, &self.id)
    }
}

struct Reader {
    chunks: Chunks,
    kinds: HashMap<u32, Kind>,
}

impl Reader {
    fn run(&mut self, to: &SyncSender<Result<Batch, IndexError>>) {
        loop {
            let batch = match self.chunks.next() {
                Ok(None) => return,
                Ok(Some(lines)) => self.batch(&lines),
                Err(error) => Err(error),
            };
            let is_over = batch.is_err();
            // Nobody takes any more after a failure of its own.
            if to.send(batch).is_err() || is_over {
                return;
            }
        }
    }

    fn batch(&mut self, lines: &[u8]) -> Result<Batch, IndexError> {
        let mut batch = Batch::default();
        for fact in facts(lines) {
            match fact {
                Fact::Named { number, name } => {
                    if let Some(kind) = kind(&name) {
                        self.kinds.insert(number, kind);
                        batch.names.push((number, name.into_owned()));
                    }
                }
                Fact::Saved(saved) if self.knows_all(&saved) => {
                    let (vault, made_at) = (saved.vault, saved.made_at.as_microsecond());
                    let (store, id) = (saved.store, saved.backup.clone().into_owned());
                    let (digests, bundle) = saved.into_bundle();
                    batch.keys.entry(vault).or_default().extend(bundle.keys.iter().map(|key| key.0));
                    let what = What::Saved(bundle.to_row(&digests)?);
                    batch.changes.push(Change { vault, made_at, id, store, what });
                }
                Fact::Copied(copy) if self.knows(&copy) => batch.changes.push(change(copy, What::Copied)),
                Fact::Gone(copy) if self.knows(&copy) => {
                    batch.gone += 1;
                    batch.changes.push(change(copy, What::Gone));
                }
                Fact::Listed { store, at } if self.is(store, Kind::Store) => {
                    batch.listed.push((store, at.as_second()));
                }
                Fact::Keeps { store, keeping } => batch.keeping.push((store.into_owned(), keeping)),
                Fact::Saved(_) | Fact::Copied(_) | Fact::Gone(_) | Fact::Listed { .. } => {}
            }
        }
        batch.changes.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(batch)
    }

    fn is(&self, number: u32, kind: Kind) -> bool {
        self.kinds.get(&number) == Some(&kind)
    }

    fn knows(&self, copy: &Copy<'_>) -> bool {
        self.is(copy.store, Kind::Store) && self.is(copy.vault, Kind::Vault)
    }

    fn knows_all(&self, saved: &Saved<'_>) -> bool {
        let mut stores = std::iter::once(&saved.store).chain(saved.places.iter());
        let mut versions = saved.keys.iter().flat_map(|(_, versions)| versions);
        stores.all(|store| self.is(*store, Kind::Store))
            && self.is(saved.vault, Kind::Vault)
            && self.is(saved.region, Kind::Region)
            && saved.keys.iter().all(|(key, _)| self.is(*key, Kind::Key))
            && versions.all(|(version, _)| self.is(*version, Kind::Version))
    }
}

fn change(copy: Copy<'_>, what: What) -> Change {
    let (vault, made_at, store) = (copy.vault, copy.made_at.as_microsecond(), copy.store);
    Change { vault, made_at, id: copy.backup.into_owned(), store, what }
}

/// What is left to do once everything was read.
#[derive(Default)]
struct Taken {
    /// Vaults about which something was told, with the keys in what was saved of them.
    vaults: BTreeMap<u32, BTreeSet<u32>>,
    first_listed: Vec<u32>,
    gone: u64,
}

fn take_in(
    transaction: &WriteTransaction,
    batches: Receiver<Result<Batch, IndexError>>,
) -> Result<Taken, IndexError> {
    let mut taken = Taken::default();
    let mut unused = Facts::default();
    let mut numbers = Numbers::new(transaction, &mut unused)?;
    let mut stores = transaction.open_table(STORES)?;
    let mut keeping = transaction.open_table(KEEPING)?;
    for batch in batches {
        let batch = batch?;
        for (number, name) in &batch.names {
            numbers.given(*number, name)?;
        }
        take_changes(transaction, &batch.changes)?;
        for (store, at) in batch.listed {
            if stores.insert(store, at)?.is_none() {
                taken.first_listed.push(store);
            }
        }
        for (store, row) in batch.keeping {
            keeping.insert(store.as_str(), encode(&row)?.as_slice())?;
        }
        taken.gone += batch.gone;
        for change in &batch.changes {
            taken.vaults.entry(change.vault).or_default();
        }
        for (vault, keys) in batch.keys {
            taken.vaults.entry(vault).or_default().extend(keys);
        }
    }
    Ok(taken)
}

fn take_changes(transaction: &WriteTransaction, changes: &[Change]) -> Result<(), IndexError> {
    let mut bundles = transaction.open_table(BUNDLES)?;
    let mut known = Vec::with_capacity(changes.len());
    for changes in changes.chunk_by(|a, b| a.place() == b.place()) {
        let Some(place) = changes.first().map(Change::place) else { continue };
        let seen_before;
        let seen;
        if let [Change { what: What::Saved(row), store, .. }] = changes {
            let before = bundles.insert(place, row.as_slice())?;
            seen_before =
                before.map(|row| Bundle::from_row(row.value())).transpose()?.map(|(_, bundle)| bundle.seen);
            seen = vec![*store];
        } else {
            let before = bundles.get(place)?.map(|row| Bundle::from_row(row.value())).transpose()?;
            seen_before = before.as_ref().map(|(_, bundle)| bundle.seen.clone());
            let after = changes.iter().try_fold(before, changed)?;
            match &after {
                Some((digests, bundle)) => drop(bundles.insert(place, bundle.to_row(digests)?.as_slice())?),
                None => drop(bundles.remove(place)?),
            }
            seen = after.map(|(_, bundle)| bundle.seen).unwrap_or_default();
        }
        let gone = seen_before.into_iter().flatten().filter(|store| !seen.contains(store));
        known.extend(gone.map(|store| ((store, place.2), None)));
        known.extend(seen.iter().map(|store| ((*store, place.2), Some((place.0, place.1)))));
    }
    known.sort_unstable();
    let mut table = transaction.open_table(KNOWN)?;
    for (place, value) in known {
        match value {
            Some(value) => drop(table.insert(place, value)?),
            None => drop(table.remove(place)?),
        }
    }
    Ok(())
}

type Row = (super::tables::Digests, Bundle);

fn changed(row: Option<Row>, change: &Change) -> Result<Option<Row>, IndexError> {
    Ok(match (&change.what, row) {
        (What::Saved(row), _) => Some(Bundle::from_row(row)?),
        (_, None) => None,
        (What::Copied, Some((digests, mut bundle))) => {
            if !bundle.seen.contains(&change.store) {
                bundle.seen.push(change.store);
            }
            Some((digests, bundle))
        }
        (What::Gone, Some((digests, mut bundle))) => {
            bundle.seen.retain(|seen| *seen != change.store);
            (!bundle.seen.is_empty()).then_some((digests, bundle))
        }
    })
}

impl Taken {
    /// Finds the newest backups of each key that something was told about.
    fn finish(mut self, transaction: &WriteTransaction) -> Result<(), IndexError> {
        count_gone(transaction, self.gone)?;
        for store in self.first_listed {
            for vault in believers(transaction, store)? {
                self.vaults.entry(vault).or_default();
            }
        }
        let mut unused = Facts::default();
        let numbers = Numbers::new(transaction, &mut unused)?;
        let mut stores = Stores::new(&transaction.open_table(STORES)?)?;
        for (vault, keys) in self.vaults {
            recompute(transaction, &numbers, &mut stores, vault, &keys)?;
        }
        Ok(())
    }
}
