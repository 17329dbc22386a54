//! Index and record kept in step.

use std::io::{self, Write};

use jiff::Timestamp;
use keyferry_core::Sha256;
use redb::{
    ReadTransaction, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, WriteTransaction,
};

use super::Index;
use super::replay::replay;
use super::tables::{BUNDLES, Bundle, Digests, KEEPING, KNOWN, META, NAMES, STORES, decode};
use crate::IndexError;
use crate::record::{Copy, Fact, Saved, State, write_line};

/// So many copies may have vanished before the record is written anew for them, however few are left.
const FEW: u64 = 1_000;

impl Index {
    /// Takes in what a crash has left in the record alone, or all of it if the index is new. A record that is gone,
    /// shorter than what was taken in, or of another version is written anew from the index.
    pub(super) fn catch_up(&self) -> Result<(), IndexError> {
        let Some(record) = &self.record else { return Ok(()) };
        let taken = State { edition: self.meta("edition")?, length: self.meta("recorded")? };
        match record.state()? {
            Some(found) if found == taken => Ok(()),
            Some(found) if found.edition == taken.edition && found.length > taken.length => {
                self.take_in(taken.length, found.edition)
            }
            Some(found) if taken.edition == 0 => self.take_in(0, found.edition),
            // Killed after the record was written anew, or the index comes from a safe copy.
            Some(found) if found.edition > taken.edition => {
                Err(IndexError::row("an index that is older than its record"))
            }
            _ => self.write_record(taken.edition + 1),
        }
    }

    /// Leaves out what has vanished, once that is the larger part of the record.
    pub(super) fn tidy(&self) -> Result<(), IndexError> {
        let known = self.database.begin_read()?.open_table(KNOWN)?.len()?;
        if self.meta("gone")? < known + FEW {
            return Ok(());
        }
        self.write_record(self.meta("edition")? + 1)
    }

    pub(super) fn meta(&self, name: &str) -> Result<u64, IndexError> {
        Ok(self.database.begin_read()?.open_table(META)?.get(name)?.map_or(0, |value| value.value()))
    }

    fn take_in(&self, from: u64, edition: u64) -> Result<(), IndexError> {
        let Some(record) = &self.record else { return Ok(()) };
        let transaction = self.begin()?;
        let end = replay(&transaction, record, from)?;
        in_step(&transaction, State { edition, length: end })?;
        transaction.commit()?;
        Ok(())
    }

    pub(super) fn write_record(&self, edition: u64) -> Result<(), IndexError> {
        let Some(record) = &self.record else { return Ok(()) };
        let read = self.database.begin_read()?;
        record.replace(edition, |file| tell(&read, file).map_err(io::Error::other))?;
        let transaction = self.begin()?;
        in_step(&transaction, State { edition, length: record.length()? })?;
        transaction.open_table(META)?.insert("gone", 0)?;
        transaction.commit()?;
        Ok(())
    }
}

fn in_step(transaction: &WriteTransaction, record: State) -> Result<(), IndexError> {
    let mut meta = transaction.open_table(META)?;
    meta.insert("edition", record.edition)?;
    meta.insert("recorded", record.length)?;
    Ok(())
}

/// Counts lines of the record that hold nothing any more.
pub(super) fn count_gone(transaction: &WriteTransaction, more: u64) -> Result<(), IndexError> {
    let mut meta = transaction.open_table(META)?;
    let before = meta.get("gone")?.map_or(0, |gone| gone.value());
    meta.insert("gone", before + more)?;
    Ok(())
}

/// All facts of an index. Proofs are not among them: they are folded from the runs again.
fn tell(index: &ReadTransaction, file: &mut dyn Write) -> Result<(), IndexError> {
    let mut put = |fact: &Fact<'_>| write_line(file, fact).map_err(IndexError::row);
    for row in index.open_table(NAMES)?.iter()? {
        let (number, name) = row?;
        put(&Fact::Named { number: number.value(), name: name.value().into() })?;
    }
    for row in index.open_table(BUNDLES)?.iter()? {
        let (place, row) = row?;
        let ((vault, made_at, id), (digests, bundle)) = (place.value(), Bundle::from_row(row.value())?);
        let made_at = Timestamp::from_microsecond(made_at).map_err(IndexError::row)?;
        let Some((first, others)) = bundle.seen.split_first() else { continue };
        put(&Fact::Saved(Saved::new((vault, made_at, id), *first, &digests, &bundle)))?;
        for store in others {
            put(&Fact::Copied(Copy { backup: id.into(), store: *store, vault, made_at }))?;
        }
    }
    for row in index.open_table(STORES)?.iter()? {
        let (store, at) = row?;
        let at = Timestamp::from_second(at.value()).map_err(IndexError::row)?;
        put(&Fact::Listed { store: store.value(), at })?;
    }
    for row in index.open_table(KEEPING)?.iter()? {
        let (store, row) = row?;
        put(&Fact::Keeps { store: store.value().into(), keeping: decode(row.value())? })?;
    }
    Ok(())
}

impl<'a> Saved<'a> {
    /// A backup of that vault, time and id, as it was found in a store.
    pub(super) fn new(
        (vault, made_at, id): (u32, Timestamp, &'a str),
        store: u32,
        digests: &Digests,
        bundle: &'a Bundle,
    ) -> Self {
        Self {
            backup: id.into(),
            store,
            vault,
            made_at,
            region: bundle.region,
            generation: bundle.generation,
            manifest: Sha256::from(digests.manifest),
            fingerprint: (digests.fingerprint != [0; 32]).then(|| Sha256::from(digests.fingerprint)),
            places: bundle.recorded.as_slice().into(),
            keys: bundle.keys.as_slice().into(),
        }
    }

    /// What the index keeps of it.
    pub(super) fn into_bundle(self) -> (Digests, Bundle) {
        let digests = Digests {
            manifest: *self.manifest.as_bytes(),
            fingerprint: self.fingerprint.map(|digest| *digest.as_bytes()).unwrap_or_default(),
        };
        let bundle = Bundle {
            generation: self.generation,
            region: self.region,
            recorded: self.places.into_owned(),
            seen: vec![self.store],
            keys: self.keys.into_owned(),
        };
        (digests, bundle)
    }
}
