//! Objects in the world. The latest version is in one table; what lies below it, and delete markers, in another.

use std::cmp::Reverse;

use keyferry_ids::Region;

use crate::records::{MasterKey, ObjectRecord};
use crate::world::{ObjectKey, World};

/// Region, bucket, object, and the place among the earlier versions, oldest first.
pub(crate) type EarlierKey = (Region, String, String, u64);

impl World {
    /// An object's latest version, unless that is a delete marker.
    pub(crate) fn object(&self, region: Region, bucket: &str, name: &str) -> Option<&ObjectRecord> {
        self.objects.get(&(region, bucket.to_owned(), name.to_owned()))
    }

    /// A version of an object, or a delete marker.
    pub(crate) fn object_version(&self, key: &ObjectKey, version_id: Option<&str>) -> Option<&ObjectRecord> {
        if self.is_latest(key, version_id) {
            return self.objects.get(key);
        }
        self.earlier.get(&earlier_key(key, self.place_of(key, version_id)?))
    }

    /// All versions and delete markers of a bucket's objects from a name on: by name, newest first.
    pub(crate) fn object_versions(&self, region: Region, bucket: &str, from: &str) -> Vec<&ObjectRecord> {
        let first = (region, bucket.to_owned(), from.to_owned());
        let latest = self.objects.range(first.clone()..).map(|(_, object)| (u64::MAX, object));
        let latest = latest.take_while(|(_, object)| object.region == region && object.bucket == bucket);
        let earlier =
            self.earlier.range((first.0, first.1, first.2, 0)..).map(|(key, object)| (key.3, object));
        let earlier = earlier.take_while(|(_, object)| object.region == region && object.bucket == bucket);
        let mut all: Vec<_> = latest.chain(earlier).collect();
        all.sort_by_key(|(place, object)| (&object.name, Reverse(*place)));
        all.into_iter().map(|(_, object)| object).collect()
    }

    fn earlier_of(&self, key: &ObjectKey) -> impl DoubleEndedIterator<Item = (u64, &ObjectRecord)> {
        let all = earlier_key(key, 0)..=earlier_key(key, u64::MAX);
        self.earlier.range(all).map(|(key, object)| (key.3, object))
    }

    fn place_of(&self, key: &ObjectKey, version_id: Option<&str>) -> Option<u64> {
        let mut earlier = self.earlier_of(key);
        earlier.find(|(_, object)| object.version_id.as_deref() == version_id).map(|(place, _)| place)
    }

    fn is_latest(&self, key: &ObjectKey, version_id: Option<&str>) -> bool {
        self.objects.get(key).is_some_and(|object| object.version_id.as_deref() == version_id)
    }

    /// Puts a version on top. It replaces the one with its own id, and no other.
    pub(crate) fn put_object(&mut self, object: ObjectRecord) {
        let key = object.key();
        if let Some(place) = self.place_of(&key, object.version_id.as_deref()) {
            self.earlier.remove(&earlier_key(&key, place));
        }
        let before = self.objects.get(&key).cloned();
        if let Some(before) = before.filter(|before| before.version_id != object.version_id) {
            self.shelve(before);
        }
        self.objects.remove(&key);
        if object.is_delete_marker {
            self.shelve(object);
        } else {
            self.objects.insert(key, object);
        }
    }

    fn shelve(&mut self, object: ObjectRecord) {
        let key = object.key();
        let place = self.earlier_of(&key).next_back().map_or(0, |(place, _)| place + 1);
        self.earlier.insert(earlier_key(&key, place), object);
    }

    /// Takes a version away. What lies on top then is the object again, unless it is a delete marker.
    pub(crate) fn delete_version(&mut self, key: &ObjectKey, version_id: Option<&str>) {
        if self.is_latest(key, version_id) {
            self.objects.remove(key);
        } else if let Some(place) = self.place_of(key, version_id) {
            self.earlier.remove(&earlier_key(key, place));
        }
        let top = self.earlier_of(key).next_back().map(|(place, object)| (place, object.clone()));
        if let Some((place, top)) = top
            && !top.is_delete_marker
            && !self.objects.contains_key(key)
        {
            self.earlier.remove(&earlier_key(key, place));
            self.objects.insert(key.clone(), top);
        }
    }

    /// Changes the key that a version is encrypted with; its place and times stay.
    pub(crate) fn reencrypt(&mut self, key: ObjectKey, version_id: Option<&str>, master: Option<MasterKey>) {
        let Some(mut object) = self.object_version(&key, version_id).cloned() else { return };
        object.content.master_key = master;
        if self.is_latest(&key, version_id) {
            self.objects.insert(key, object);
        } else if let Some(place) = self.place_of(&key, version_id) {
            self.earlier.insert(earlier_key(&key, place), object);
        }
    }
}

fn earlier_key(key: &ObjectKey, place: u64) -> EarlierKey {
    (key.0, key.1.clone(), key.2.clone(), place)
}

#[cfg(test)]
mod tests;
