//! Objects of no backup: files of one that was never finished, or that was forgotten, and what killed writers left.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use keyferry_core::model::ListedObject;

use crate::{Listing, bundle};

/// What lies in the folder of a backup that has no manifest, or of one that has it and does not belong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The backup's id.
    pub backup_id: String,
    /// Its objects, by name.
    pub objects: Vec<ListedObject>,
}

impl Leftover {
    /// Bytes of all objects together.
    pub fn size(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    /// When the last of them was written; where the store does not say, the time in the backup's id.
    pub fn written(&self) -> Option<Timestamp> {
        let written = self.objects.iter().filter_map(|object| object.modified).max();
        written.or_else(|| time_in(&self.backup_id))
    }
}

fn time_in(backup_id: &str) -> Option<Timestamp> {
    let (time, _) = backup_id.split_once('-')?;
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

impl Listing {
    /// Whatever lies in the folders of backups that have no manifest, and what killed writers left in the others, so
    /// that there is no object without a name.
    pub fn leftovers(&self) -> Vec<Leftover> {
        let finished: BTreeSet<_> =
            self.objects.iter().filter_map(|object| bundle::backup_of(&object.name)).collect();
        let mut folders: BTreeMap<&str, Vec<ListedObject>> = BTreeMap::new();
        for object in &self.objects {
            let is_left = |owner: &&str| bundle::is_unfinished(&object.name) || !finished.contains(owner);
            if let Some(owner) = bundle::owner_of(&object.name).filter(is_left) {
                folders.entry(owner).or_default().push(object.clone());
            }
        }
        let leftover = |(id, objects): (&str, _)| Leftover { backup_id: id.to_owned(), objects };
        folders.into_iter().map(leftover).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: String, modified: Option<&str>) -> ListedObject {
        ListedObject { name, size: 3, modified: modified.map(|at| at.parse().expect("a time")) }
    }

    #[test]
    fn what_a_killed_writer_left_in_a_finished_backup_is_named_and_nothing_else_of_it() {
        let whole = "20261124T231500Z-1";
        let rest = bundle::file(whole, ".keyferry-a1B2c3");
        let key = bundle::file(whole, "keys/.keyferry-d4E5f6");
        let listing = Listing {
            objects: vec![
                object(bundle::file(whole, bundle::BLOB), None),
                object(bundle::manifest(whole), None),
                object(rest.clone(), Some("2026-11-25T00:00:07Z")),
                object(key.clone(), Some("2026-11-25T00:00:08Z")),
            ],
            ..Listing::default()
        };
        let leftovers = listing.leftovers();
        assert_eq!(leftovers.len(), 1);
        let names: Vec<_> = leftovers[0].objects.iter().map(|object| object.name.clone()).collect();
        assert_eq!((leftovers[0].backup_id.as_str(), names), (whole, vec![rest, key]));
    }

    #[test]
    fn files_without_a_manifest_are_named_and_claims_are_not() {
        let (whole, rest, old) = ("20261124T231500Z-1", "20261125T000000Z-2", "20261001T120000Z-3");
        let listing = Listing {
            objects: vec![
                object(bundle::file(whole, bundle::BLOB), None),
                object(bundle::manifest(whole), None),
                object(bundle::file(rest, bundle::BLOB), Some("2026-11-25T00:00:07Z")),
                object(bundle::signature(rest), Some("2026-11-25T00:00:09Z")),
                object(bundle::file(old, &bundle::key_file(2)), None),
                object("keyferry/chain/abc/000000000001".to_owned(), None),
            ],
            ..Listing::default()
        };
        let leftovers = listing.leftovers();
        let found: Vec<_> = leftovers
            .iter()
            .map(|found| {
                (found.backup_id.as_str(), found.size(), found.written().expect("a time").to_string())
            })
            .collect();
        assert_eq!(
            found,
            [(old, 3, "2026-10-01T12:00:00Z".to_owned()), (rest, 6, "2026-11-25T00:00:09Z".to_owned()),]
        );
    }
}
