//! Places in Object Storage: stores and objects in them.

use std::fmt;
use std::str::FromStr;

use keyferry_ids::Region;
use serde::{Deserialize, Serialize};

/// A store of backups: `oci://BUCKET@NAMESPACE/REGION[/PREFIX]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoreUrl {
    /// The bucket.
    pub bucket: String,
    /// The tenancy's namespace, the same in all regions.
    pub namespace: String,
    /// The bucket's region.
    pub region: Region,
    /// Prefix of object names without a slash at the end; may be empty.
    pub prefix: String,
}

/// A text that is no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another scheme.
    #[error("`{0}` is not a store that this version can use; write oci://BUCKET@NAMESPACE/REGION[/PREFIX]")]
    Scheme(String),
    /// Not of the form.
    #[error("`{0}` is not of the form oci://BUCKET@NAMESPACE/REGION[/PREFIX]")]
    Form(String),
    /// The region is not known.
    #[error(transparent)]
    Region(#[from] keyferry_ids::RegionError),
}

impl StoreUrl {
    /// The object of that name below this store's prefix.
    pub fn object(&self, name: &str) -> ObjectPlace {
        let name = if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        ObjectPlace {
            region: self.region,
            namespace: self.namespace.clone(),
            bucket: self.bucket.clone(),
            name,
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let shown = || text.chars().take(120).collect::<String>().escape_debug().to_string();
        let rest = text.strip_prefix("oci://").ok_or_else(|| StoreError::Scheme(shown()))?;
        let (bucket, rest) = rest.split_once('@').ok_or_else(|| StoreError::Form(shown()))?;
        let mut parts = rest.splitn(3, '/');
        let namespace = parts.next().unwrap_or_default();
        let region = parts.next().ok_or_else(|| StoreError::Form(shown()))?;
        let prefix = parts.next().unwrap_or_default().trim_end_matches('/');
        let is_name =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let is_prefix = prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
            && prefix.split('/').all(|part| part != "." && part != "..");
        if !is_name(bucket) || !is_name(namespace) || !is_prefix {
            return Err(StoreError::Form(shown()));
        }
        let region = region.parse()?;
        Ok(Self {
            bucket: bucket.to_owned(),
            namespace: namespace.to_owned(),
            region,
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}@{}/{}", self.bucket, self.namespace, self.region)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = StoreError;
    fn try_from(text: String) -> Result<Self, StoreError> {
        text.parse()
    }
}

impl From<StoreUrl> for String {
    fn from(store: StoreUrl) -> Self {
        store.to_string()
    }
}

/// One object in one region.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectPlace {
    /// The bucket's region.
    pub region: Region,
    /// The tenancy's namespace.
    pub namespace: String,
    /// The bucket.
    pub bucket: String,
    /// The whole name.
    pub name: String,
}

impl fmt::Display for ObjectPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}@{}/{}/{}", self.bucket, self.namespace, self.region, self.name.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_read_and_written_in_one_form() {
        for text in ["oci://b@ns/eu-frankfurt-1", "oci://b@ns/eu-frankfurt-1/team/a"] {
            assert_eq!(text.parse::<StoreUrl>().expect(text).to_string(), text);
        }
        let store: StoreUrl = "oci://b@ns/fra/team/".parse().expect("key and slash");
        assert_eq!(store.object("x").name, "team/x");
        for bad in [
            "s3://b/x",
            "oci://b/ns",
            "oci://@ns/fra",
            "oci://b@ns/nowhere-1",
            "oci://b@ns/fra/../x",
            "oci://b@ns",
        ] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad}");
        }
    }
}
