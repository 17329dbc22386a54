//! Which vaults are meant: by compartment, region, name and tag.

use std::collections::BTreeMap;

use keyferry_ids::{CompartmentId, Region};
use serde::{Deserialize, Deserializer, Serialize};

use super::Pattern;
use crate::manifest::{Manifest, ManifestVault};
use crate::model::{Tags, Vault};

/// All that is given has to fit; within a list one is enough. At least one thing is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct Selector {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compartments: Vec<CompartmentChoice>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    regions: Vec<Region>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<Pattern>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, Pattern>,
}

/// As written. An empty list is refused: whether it means all or none is anybody's guess.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default, deserialize_with = "some")]
    compartments: Vec<CompartmentChoice>,
    #[serde(default, deserialize_with = "some")]
    regions: Vec<Region>,
    #[serde(default, deserialize_with = "some")]
    names: Vec<Pattern>,
    #[serde(default)]
    tags: BTreeMap<String, Pattern>,
}

fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() {
        return Err(serde::de::Error::custom("an empty list fits nothing; leave it out to mean all"));
    }
    Ok(list)
}

impl TryFrom<Given> for Selector {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        let Given { compartments, regions, names, tags } = given;
        if compartments.is_empty() && regions.is_empty() && names.is_empty() && tags.is_empty() {
            return Err("say which vaults: compartments, regions, names or tags");
        }
        Ok(Self { compartments, regions, names, tags })
    }
}

impl Selector {
    /// True if the vault, which lies in the compartment of that path, is meant.
    pub fn fits(&self, vault: &Vault, compartment_path: &str) -> bool {
        let Vault { name, region, tags, compartment_id, .. } = vault;
        self.fits_all(name, *region, tags, (compartment_id, compartment_path))
    }

    /// True if the vault is meant as it was when it was backed up.
    pub fn fits_saved(&self, manifest: &Manifest) -> bool {
        let ManifestVault { name, tags, compartment, .. } = &manifest.vault;
        self.fits_all(name, manifest.region, tags, (&compartment.id, &compartment.path))
    }

    /// True if a vault of that region can fit.
    pub(super) fn reaches(&self, region: Region) -> bool {
        any(&self.regions, |chosen| *chosen == region)
    }

    /// True if every vault of that region fits.
    pub(super) fn is_all_of(&self, region: Region) -> bool {
        let Self { compartments, regions, names, tags } = self;
        regions.contains(&region) && compartments.is_empty() && names.is_empty() && tags.is_empty()
    }

    fn fits_all(&self, name: &str, region: Region, tags: &Tags, (id, path): (&CompartmentId, &str)) -> bool {
        let in_compartment = |choice: &CompartmentChoice| match choice {
            CompartmentChoice::Id(chosen) => chosen == id,
            CompartmentChoice::Path(pattern) => pattern.fits(path),
        };
        any(&self.compartments, in_compartment)
            && any(&self.regions, |chosen| *chosen == region)
            && any(&self.names, |pattern| pattern.fits(name))
            && self.tags.iter().all(|(key, value)| has_tag(tags, key, value))
    }
}

fn any<T>(alternatives: &[T], fits: impl Fn(&T) -> bool) -> bool {
    alternatives.is_empty() || alternatives.iter().any(fits)
}

/// `KEY` is a free-form tag, `NAMESPACE.KEY` a defined one; a free-form key with a dot in it is found too.
fn has_tag(tags: &Tags, key: &str, value: &Pattern) -> bool {
    if tags.freeform.get(key).is_some_and(|text| value.fits(text)) {
        return true;
    }
    // OCI ignores case in the namespaces and keys of defined tags, but not in free-form keys.
    let Some((namespace, key)) = key.split_once('.') else { return false };
    let of_namespace = tags.defined.iter().filter(|(name, _)| name.eq_ignore_ascii_case(namespace));
    let mut defined = of_namespace.flat_map(|(_, keys)| keys);
    defined.any(|(name, found)| {
        name.eq_ignore_ascii_case(key)
            && match found {
                serde_json::Value::String(text) => value.fits(text),
                other => value.fits(&other.to_string()),
            }
    })
}

/// One compartment by its OCID, or some by path: `/prod/keys`, `/prod/*` for all below `/prod`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CompartmentChoice {
    /// This one, wherever it is moved to.
    Id(CompartmentId),
    /// Those whose whole path fits.
    Path(Pattern),
}

impl TryFrom<String> for CompartmentChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self::Path(Pattern::new(text)));
        }
        CompartmentId::parse(&text).map(Self::Id).map_err(|error| {
            format!(
                "{error}; write a compartment's OCID, or its path from the root such as /prod/keys or /prod/*"
            )
        })
    }
}

impl From<CompartmentChoice> for String {
    fn from(choice: CompartmentChoice) -> Self {
        match choice {
            CompartmentChoice::Id(id) => id.to_string(),
            CompartmentChoice::Path(pattern) => pattern.to_string(),
        }
    }
}
