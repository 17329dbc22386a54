//! A store that was listed as a whole: what is new in it, what has vanished, and what that changes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keyferry_core::coverage::Keeping;
use keyferry_core::model::StoreUrl;
use keyferry_ids::Region;
use redb::{ReadableDatabase as _, ReadableTable as _, WriteTransaction};

use super::Index;
use super::kept::count_gone;
use super::latest::{Held, Vault};
use super::tables::{
    BUNDLES, Bundle, KEEPING, KNOWN, LATEST, NAMES, NUMBERS, Numbers, STORES, Stores, encode, name_of,
};
use crate::IndexError;
use crate::record::{Copy, Fact};

/// A listing against the index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Backups to read and add.
    pub new: Vec<String>,
    /// Backups that were there and are not any more.
    pub vanished: Vec<String>,
}

/// A store that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its address.
    pub store: String,
    /// When it was listed last.
    pub at: Timestamp,
}

impl Index {
    /// Compares the ids in a store, sorted, with those known to be there. Both are walked side by side, so neither
    /// has to fit into memory twice.
    ///
    /// # Errors
    /// If the database fails.
    pub fn difference(&self, store: &StoreUrl, listed: &[String]) -> Result<Difference, IndexError> {
        let transaction = self.database.begin_read()?;
        let number =
            transaction.open_table(NUMBERS)?.get(store.to_string().as_str())?.map(|number| number.value());
        let Some(number) = number else {
            return Ok(Difference { new: listed.to_vec(), vanished: Vec::new() });
        };
        let known = transaction.open_table(KNOWN)?;
        let mut difference = Difference::default();
        let mut listed = listed.iter().peekable();
        for row in known.range((number, "")..(number + 1, ""))? {
            let row = row?;
            let id = row.0.value().1;
            while let Some(new) = listed.next_if(|listed| listed.as_str() < id) {
                difference.new.push(new.clone());
            }
            if listed.next_if(|listed| listed.as_str() == id).is_none() {
                difference.vanished.push(id.to_owned());
            }
        }
        difference.new.extend(listed.cloned());
        Ok(difference)
    }

    /// Writes down that a store was listed as a whole and that these are gone from it. After that nothing is
    /// believed to be in it that is not.
    ///
    /// # Errors
    /// If the database fails.
    pub fn listed(&self, store: &StoreUrl, vanished: &[String], at: Timestamp) -> Result<(), IndexError> {
        self.write(|transaction, facts| {
            let mut numbers = Numbers::new(transaction, facts)?;
            let number = numbers.of(&store.to_string())?;
            numbers.facts.push(&Fact::Listed { store: number, at })?;
            let mut table = transaction.open_table(STORES)?;
            let is_first = table.insert(number, at.as_second())?.is_none();
            let mut stores = Stores::new(&table)?;
            let (mut touched, mut gone) = (BTreeSet::new(), 0);
            let mut known = transaction.open_table(KNOWN)?;
            let mut bundles = transaction.open_table(BUNDLES)?;
            for id in vanished {
                let found = known.remove((number, id.as_str()))?.map(|row| row.value());
                let Some((vault, made_at)) = found else { continue };
                let (backup, at) =
                    (id.into(), Timestamp::from_microsecond(made_at).map_err(IndexError::row)?);
                numbers.facts.push(&Fact::Gone(Copy { backup, store: number, vault, made_at: at }))?;
                gone += 1;
                let place = (vault, made_at, id.as_str());
                let row = bundles.remove(place)?.map(|row| row.value().to_vec());
                if let Some(row) = row {
                    let (digests, mut bundle) = Bundle::from_row(&row)?;
                    bundle.seen.retain(|seen| *seen != number);
                    if !bundle.seen.is_empty() {
                        bundles.insert(place, bundle.to_row(&digests)?.as_slice())?;
                    }
                }
                touched.insert(vault);
            }
            drop(bundles);
            count_gone(transaction, gone)?;
            if is_first {
                stores.mark_listed(number);
                touched.extend(believers(transaction, number)?);
            }
            let mut recompute =
                |vault| recompute(transaction, &numbers, &mut stores, vault, &BTreeSet::new());
            touched.into_iter().try_for_each(&mut recompute)
        })?;
        self.tidy()
    }

    /// Remembers how well a store keeps what is in it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn keeps(&self, store: &StoreUrl, keeping: Keeping) -> Result<(), IndexError> {
        self.write(|transaction, facts| {
            let (mut table, store) = (transaction.open_table(KEEPING)?, store.to_string());
            let row = encode(&keeping)?;
            if table.get(store.as_str())?.is_none_or(|before| before.value() != row) {
                facts.push(&Fact::Keeps { store: store.as_str().into(), keeping })?;
                table.insert(store.as_str(), row.as_slice())?;
            }
            Ok(())
        })
    }

    /// The stores that were listed, and when.
    ///
    /// # Errors
    /// If the database fails.
    pub fn stores(&self) -> Result<Vec<Listed>, IndexError> {
        let transaction = self.database.begin_read()?;
        let names = transaction.open_table(NAMES)?;
        let mut listed = Vec::new();
        for row in transaction.open_table(STORES)?.iter()? {
            let (number, seconds) = row?;
            let at = Timestamp::from_second(seconds.value()).map_err(IndexError::row)?;
            listed.push(Listed { store: name_of(&names, number.value())?, at });
        }
        Ok(listed)
    }
}

/// Vaults of which a backup that counts is believed to be in that store.
pub(super) fn believers(transaction: &WriteTransaction, store: u32) -> Result<BTreeSet<u32>, IndexError> {
    let mut vaults = BTreeSet::new();
    for row in transaction.open_table(LATEST)?.iter()? {
        let (vault, row) = row?;
        if Vault::from_row(row.value())?.believes(store) {
            vaults.insert(vault.value());
        }
    }
    Ok(vaults)
}

/// Finds the newest backups of a vault's keys again, from the newest backward, as far as needed. `new` are keys that
/// the vault was not known to have.
pub(super) fn recompute(
    transaction: &WriteTransaction,
    numbers: &Numbers<'_>,
    stores: &mut Stores,
    vault: u32,
    new: &BTreeSet<u32>,
) -> Result<(), IndexError> {
    let mut table = transaction.open_table(LATEST)?;
    let before =
        table.remove(vault)?.map(|row| Vault::from_row(row.value())).transpose()?.unwrap_or_default();
    let mut found = Vault::default();
    let bundles = transaction.open_table(BUNDLES)?;
    for row in bundles.range((vault, i64::MIN, "")..(vault + 1, i64::MIN, ""))?.rev() {
        if before.keys().chain(new).all(|key| found.is_settled(*key)) {
            break;
        }
        let (place, row) = row?;
        let (_, made_at, backup_id) = place.value();
        let (digests, bundle) = Bundle::from_row(row.value())?;
        stores.learn_all(&bundle, numbers)?;
        let region = Region::parse(&numbers.name(bundle.region)?).map_err(IndexError::row)?;
        let is_away = stores.any_away(&bundle.recorded, &bundle.seen, Some(region));
        let held = Held::new(made_at, backup_id, &bundle, &digests, is_away);
        for (key, versions) in &bundle.keys {
            let spelled = || {
                versions
                    .iter()
                    .map(|(version, has_canary)| Ok((numbers.name(*version)?, *has_canary)))
                    .collect()
            };
            found.offer(*key, &held, || numbers.name(*key), spelled)?;
        }
    }
    if found.keys().next().is_some() {
        table.insert(vault, found.to_row()?.as_slice())?;
    }
    Ok(())
}
