//! Where the copies of a backup lie, against the old rule: three copies, in two kinds of places, one of them elsewhere.

use std::collections::BTreeSet;

use keyferry_ids::Region;
use serde::Serialize;

use crate::model::StoreUrl;

/// How far the copies of a backup are spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Stores that hold it.
    pub copies: usize,
    /// Regions of OCI among them.
    pub regions: BTreeSet<Region>,
    /// Stores outside of OCI.
    pub off_cloud: usize,
    /// Copies that are not lost with the vault's region.
    pub away: usize,
    /// Three copies, in OCI and outside of it, one of them out of the vault's region.
    pub is_3_2_1: bool,
}

impl Spread {
    /// Of the copies in these stores, of a vault in that region. A store that is named twice counts once.
    pub fn of(home: Region, places: &[StoreUrl]) -> Self {
        let places: BTreeSet<_> = places.iter().collect();
        let regions: BTreeSet<_> = places.iter().filter_map(|place| place.region()).collect();
        let off_cloud = places.iter().filter(|place| place.oci().is_none()).count();
        let away = places.iter().filter(|place| place.region() != Some(home)).count();
        let is_3_2_1 = places.len() >= 3 && off_cloud > 0 && !regions.is_empty() && away > 0;
        Self { copies: places.len(), regions, off_cloud, away, is_3_2_1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_copies_two_kinds_of_places_and_one_elsewhere() {
        let home = "iad".parse().expect("a region");
        let (here, there, folder, shelf) =
            ("oci://b@ns/us-ashburn-1", "oci://b@ns/eu-frankfurt-1", "file:/srv/keys", "s3://keys");
        for (places, holds) in [
            (&[][..], false),
            (&[here], false),
            (&[here, there, "oci://c@ns/eu-frankfurt-1"], false),
            (&[here, folder], false),
            (&[here, folder, folder], false),
            (&[folder, shelf, "file:/mnt/keys"], false),
            (&[here, there, folder], true),
            (&[here, folder, shelf], true),
        ] {
            let urls: Vec<StoreUrl> = places.iter().map(|place| place.parse().expect(place)).collect();
            assert_eq!(Spread::of(home, &urls).is_3_2_1, holds, "{places:?}");
        }
        let urls = [here, there, folder].map(|place| place.parse().expect(place));
        let spread = Spread::of(home, &urls);
        assert_eq!((spread.copies, spread.regions.len(), spread.off_cloud, spread.away), (3, 2, 1, 2));
    }
}
