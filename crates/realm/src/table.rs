//! A table of the world: a sorted map that knows what has changed in it since it was last kept.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Rows by key. Reading is a map's; what a row was before a change is held until the change is kept or undone.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    before: BTreeMap<K, Option<V>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), before: BTreeMap::new() }
    }
}

impl<K, V> Deref for Table<K, V> {
    type Target = BTreeMap<K, V>;
    fn deref(&self) -> &BTreeMap<K, V> {
        &self.rows
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    /// Inserts or replaces a row.
    pub(crate) fn insert(&mut self, key: K, row: V) {
        let before = self.rows.insert(key.clone(), row);
        self.before.entry(key).or_insert(before);
    }

    /// Takes a row away.
    pub(crate) fn remove(&mut self, key: &K) {
        if let Some((key, row)) = self.rows.remove_entry(key) {
            self.before.entry(key).or_insert(Some(row));
        }
    }

    /// Takes all rows away but those.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&K, &V) -> bool) {
        let gone: Vec<K> =
            self.rows.iter().filter(|(key, row)| !stays(key, row)).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
    }
}

/// Bytes of a row that can't be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    #[error("a row could not be written")]
    Write(#[from] rmp_serde::encode::Error),
    #[error("a row could not be read")]
    Read(#[from] rmp_serde::decode::Error),
}

/// A row as it is stored: its key, and its content unless it is gone.
pub(crate) type StoredRow = (Vec<u8>, Option<Vec<u8>>);
/// One row after the other, so that a big world is not in memory twice.
pub(crate) type StoredRows<'t> = Box<dyn Iterator<Item = Result<StoredRow, RowError>> + 't>;

/// What a store sees of a table.
pub(crate) trait Rows {
    /// The rows that have changed, as they are now.
    fn changed(&self) -> StoredRows<'_>;
    /// All rows.
    fn all(&self) -> StoredRows<'_>;
    /// Puts a stored row back; this is no change.
    fn restore(&mut self, key: &[u8], row: &[u8]) -> Result<(), RowError>;
    /// All stored rows are back.
    fn restored(&mut self) {}
    /// Makes the changes final.
    fn keep(&mut self);
    /// Takes the changes back.
    fn undo(&mut self);
}

impl<K, V> Rows for Table<K, V>
where
    K: Ord + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    fn changed(&self) -> StoredRows<'_> {
        let rows = &self.rows;
        Box::new(self.before.keys().map(|key| Ok((bytes(key)?, rows.get(key).map(bytes).transpose()?))))
    }

    fn all(&self) -> StoredRows<'_> {
        Box::new(self.rows.iter().map(|(key, row)| Ok((bytes(key)?, Some(bytes(row)?)))))
    }

    fn restore(&mut self, key: &[u8], row: &[u8]) -> Result<(), RowError> {
        self.rows.insert(rmp_serde::from_slice(key)?, rmp_serde::from_slice(row)?);
        Ok(())
    }

    fn keep(&mut self) {
        self.before.clear();
    }

    fn undo(&mut self) {
        for (key, before) in std::mem::take(&mut self.before) {
            match before {
                Some(row) => drop(self.rows.insert(key, row)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

/// With the names of fields, so that a later version can read what an earlier one wrote.
fn bytes(value: &impl Serialize) -> Result<Vec<u8>, RowError> {
    Ok(rmp_serde::to_vec_named(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<String, u32> {
        let mut table = Table::default();
        for (name, row) in [("a", 1), ("b", 2), ("c", 3)] {
            table.insert(name.to_owned(), row);
        }
        table.keep();
        table
    }

    fn content(table: &Table<String, u32>) -> Vec<(&str, u32)> {
        table.iter().map(|(key, row)| (key.as_str(), *row)).collect()
    }

    #[test]
    fn changes_can_be_taken_back_whatever_they_were() {
        let mut table = table();
        table.insert("a".to_owned(), 10);
        table.insert("a".to_owned(), 11);
        table.remove(&"b".to_owned());
        table.insert("b".to_owned(), 20);
        table.retain(|_, row| *row != 3);
        table.insert("d".to_owned(), 4);
        assert_eq!(content(&table), [("a", 11), ("b", 20), ("d", 4)]);
        assert_eq!(table.changed().count(), 4);
        table.undo();
        assert_eq!(content(&table), [("a", 1), ("b", 2), ("c", 3)]);
        assert_eq!(table.changed().count(), 0);
    }

    #[test]
    fn stored_rows_make_the_same_table_again() {
        let table = table();
        let mut again = Table::<String, u32>::default();
        for (key, row) in table.all().map(|row| row.expect("written")) {
            again.restore(&key, &row.expect("there")).expect("read");
        }
        assert_eq!(content(&again), content(&table));
        assert_eq!(again.changed().count(), 0, "reading is no change");
        assert!(again.restore(b"\xc1", b"\xc1").is_err());
    }
}
