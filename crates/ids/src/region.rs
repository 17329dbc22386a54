//! Regions and realms, from the table that Oracle's SDKs carry.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Read from Oracle's Python SDK 2.189 (`regions_definitions`): 85 regions in 20 realms.
const TABLE: &str = include_str!("regions.tsv");

struct Row {
    name: &'static str,
    key: &'static str,
    realm: &'static str,
    domain: &'static str,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows = TABLE.lines().skip(1).filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Row {
            name: columns.next()?,
            key: columns.next()?,
            realm: columns.next()?,
            domain: columns.next()?,
        })
    });
    rows.collect()
});

/// An isolated set of regions, such as `oc1`. Backups never cross it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RealmName(String);

impl RealmName {
    /// A realm of that name; realms that are not in the table are allowed.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region in the table. Cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "&'static str")]
pub struct Region(&'static str);

// Not derived: a derived impl would ask for input that lives as long as the table.
impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A text that names no known region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a region that Keyferry knows (a name such as us-ashburn-1 or a key such as iad)")]
pub struct RegionError(String);

impl Region {
    /// Parses a name (`us-ashburn-1`) or a key (`iad`, `IAD`).
    ///
    /// # Errors
    /// If the table has neither.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let row = ROWS.iter().find(|row| row.name == text || row.key.eq_ignore_ascii_case(text));
        row.map(|row| Self(row.name))
            .ok_or_else(|| RegionError(text.chars().take(60).collect::<String>().escape_debug().to_string()))
    }

    /// The name, such as `us-ashburn-1`.
    pub fn name(&self) -> &'static str {
        self.0
    }

    /// The three-letter key in lower case, such as `iad`.
    pub fn key(&self) -> &'static str {
        self.row().map_or("", |row| row.key)
    }

    /// The realm it belongs to. It can't be read off a host name: oc2 and oc3 share a domain.
    pub fn realm(&self) -> RealmName {
        RealmName::new(self.row().map_or("", |row| row.realm))
    }

    /// The realm's second-level domain, such as `oraclecloud.com`.
    pub fn domain(&self) -> &'static str {
        self.row().map_or("", |row| row.domain)
    }

    /// How OCIDs of this region spell it: Ashburn and Phoenix by key, all others by name.
    pub fn in_ocids(&self) -> &'static str {
        if matches!(self.0, "us-ashburn-1" | "us-phoenix-1") { self.key() } else { self.0 }
    }

    fn row(&self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.name == self.0)
    }
}

/// All known regions.
pub fn regions() -> impl Iterator<Item = Region> {
    ROWS.iter().map(|row| Region(row.name))
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl TryFrom<String> for Region {
    type Error = RegionError;
    fn try_from(text: String) -> Result<Self, RegionError> {
        Self::parse(&text)
    }
}

impl From<Region> for &'static str {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl std::str::FromStr for Region {
    type Err = RegionError;
    fn from_str(text: &str) -> Result<Self, RegionError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_look_alikes_stay_apart() {
        assert_eq!(regions().count(), 85);
        let frankfurt = Region::parse("FRA").expect("known");
        assert_eq!((frankfurt.name(), frankfurt.domain()), ("eu-frankfurt-1", "oraclecloud.com"));
        let look_alike = Region::parse("eu-frankfurt-2").expect("known");
        assert_eq!((look_alike.realm().as_str(), look_alike.domain()), ("oc19", "oraclecloud.eu"));
        assert!(Region::parse("eu-frankfurt-9").is_err());
    }
}
