//! A table whose rows belong to something, and are found by what they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::{RowError, Rows, StoredRows, Table};

/// A row that belongs to something.
pub(crate) trait Owned {
    /// The OCID of what it belongs to.
    fn owner(&self) -> &str;
}

/// A [`Table`] by OCID, with an index by owner.
#[derive(Debug)]
pub(crate) struct OwnedTable<V> {
    table: Table<String, V>,
    by_owner: BTreeMap<String, BTreeSet<String>>,
}

impl<V> Default for OwnedTable<V> {
    fn default() -> Self {
        Self { table: Table::default(), by_owner: BTreeMap::new() }
    }
}

impl<V> Deref for OwnedTable<V> {
    type Target = Table<String, V>;
    fn deref(&self) -> &Table<String, V> {
        &self.table
    }
}

impl<V: Owned> OwnedTable<V> {
    /// The rows that belong to it, in the order of their ids.
    pub(crate) fn of<'t>(&'t self, owner: &str) -> impl Iterator<Item = &'t V> {
        self.by_owner.get(owner).into_iter().flatten().filter_map(|id| self.table.get(id))
    }

    /// Inserts or replaces a row.
    pub(crate) fn insert(&mut self, id: String, row: V) {
        self.forget(&id);
        self.by_owner.entry(row.owner().to_owned()).or_default().insert(id.clone());
        self.table.insert(id, row);
    }

    /// Takes all rows away but those.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&str, &V) -> bool) {
        let gone: Vec<String> =
            self.table.iter().filter(|(id, row)| !stays(id, row)).map(|(id, _)| id.clone()).collect();
        for id in &gone {
            self.forget(id);
            self.table.remove(id);
        }
    }

    /// Out of the index.
    fn forget(&mut self, id: &str) {
        if let Some(owner) = self.table.get(id).map(|row| row.owner().to_owned())
            && let Some(ids) = self.by_owner.get_mut(&owner)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.by_owner.remove(&owner);
            }
        }
    }

    fn index(&mut self) {
        self.by_owner.clear();
        for (id, row) in self.table.iter() {
            self.by_owner.entry(row.owner().to_owned()).or_default().insert(id.clone());
        }
    }
}

impl<V: Owned + Serialize + DeserializeOwned> Rows for OwnedTable<V> {
    fn changed(&self) -> StoredRows<'_> {
        self.table.changed()
    }

    fn all(&self) -> StoredRows<'_> {
        self.table.all()
    }

    fn restore(&mut self, key: &[u8], row: &[u8]) -> Result<(), RowError> {
        self.table.restore(key, row)
    }

    fn restored(&mut self) {
        self.index();
    }

    fn keep(&mut self) {
        self.table.keep();
    }

    fn undo(&mut self) {
        self.table.undo();
        self.index();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Pet(String);

    impl Owned for Pet {
        fn owner(&self) -> &str {
            &self.0
        }
    }

    fn of(table: &OwnedTable<Pet>, owner: &str) -> usize {
        table.of(owner).count()
    }

    #[test]
    fn rows_are_found_by_their_owner_whatever_became_of_them() {
        let mut table = OwnedTable::default();
        let pet = |owner: &str| Pet(owner.to_owned());
        table.insert("cat".to_owned(), pet("ann"));
        table.insert("dog".to_owned(), pet("ann"));
        table.keep();
        table.insert("dog".to_owned(), pet("bob"));
        assert_eq!((of(&table, "ann"), of(&table, "bob")), (1, 1));
        table.retain(|id, _| id != "cat");
        assert_eq!((of(&table, "ann"), of(&table, "bob")), (0, 1));
        table.undo();
        assert_eq!((of(&table, "ann"), of(&table, "bob")), (2, 0));
        let mut again = OwnedTable::<Pet>::default();
        for (key, row) in table.all().map(|row| row.expect("written")) {
            again.restore(&key, &row.expect("there")).expect("read");
        }
        again.restored();
        assert_eq!(of(&again, "ann"), 2);
    }
}
