//! Places in Object Storage: stores and objects in them.

use std::fmt;
use std::str::FromStr;

use keyferry_ids::Region;
use serde::{Deserialize, Serialize};

/// A bucket of OCI that holds backups: `oci://BUCKET@NAMESPACE/REGION[/PREFIX]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OciStore {
    /// The bucket.
    pub bucket: String,
    /// The tenancy's namespace, the same in all regions.
    pub namespace: String,
    /// The bucket's region.
    pub region: Region,
    /// Prefix of object names without a slash at the end; may be empty.
    pub prefix: String,
}

/// A store of backups.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StoreUrl {
    /// A bucket of OCI, the only kind that the service itself writes to and reads from.
    Oci(OciStore),
    /// `s3://BUCKET[/PREFIX]`: any S3-compatible store; endpoint and credentials by the AWS conventions.
    S3 {
        /// The bucket.
        bucket: String,
        /// Without slashes at its ends; may be empty.
        prefix: String,
    },
    /// `file:PATH`: a folder.
    File {
        /// As written; taken from the working folder if it does not begin with a slash.
        path: String,
    },
}

/// A text that is no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another scheme.
    #[error(
        "`{0}` is not a store; write oci://BUCKET@NAMESPACE/REGION[/PREFIX], s3://BUCKET[/PREFIX] or file:PATH"
    )]
    Scheme(String),
    /// Not of the form.
    #[error("`{text}` is not of the form {form}")]
    Form {
        /// What was written.
        text: String,
        /// What it should be.
        form: &'static str,
    },
    /// The region is not known.
    #[error(transparent)]
    Region(#[from] keyferry_ids::RegionError),
}

/// How a bucket of OCI is written.
const OCI_FORM: &str = "oci://BUCKET@NAMESPACE/REGION[/PREFIX]";

impl OciStore {
    /// The object of that name below this store's prefix.
    pub fn object(&self, name: &str) -> ObjectPlace {
        ObjectPlace {
            region: self.region,
            namespace: self.namespace.clone(),
            bucket: self.bucket.clone(),
            name: below(&self.prefix, name),
        }
    }
}

impl StoreUrl {
    /// The bucket of OCI, if it is one.
    pub fn oci(&self) -> Option<&OciStore> {
        match self {
            Self::Oci(store) => Some(store),
            Self::S3 { .. } | Self::File { .. } => None,
        }
    }

    /// The region it is lost with; none if it is not in OCI.
    pub fn region(&self) -> Option<Region> {
        self.oci().map(|store| store.region)
    }

    /// Where it is, in a word or two: the region, or the store itself outside of OCI.
    pub fn whereabouts(&self) -> String {
        self.region().map_or_else(|| self.to_string(), |region| region.to_string())
    }

    /// The object of that name, as shown.
    pub fn object_text(&self, name: &str) -> String {
        format!("{self}/{name}")
    }
}

fn below(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

fn shown(text: &str) -> String {
    text.chars().take(120).collect::<String>().escape_debug().to_string()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn is_prefix(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && text.split('/').all(|part| part != "." && part != "..")
}

impl FromStr for OciStore {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let form = || StoreError::Form { text: shown(text), form: OCI_FORM };
        let rest = text.strip_prefix("oci://").ok_or_else(|| StoreError::Scheme(shown(text)))?;
        let (bucket, rest) = rest.split_once('@').ok_or_else(form)?;
        let mut parts = rest.splitn(3, '/');
        let namespace = parts.next().unwrap_or_default();
        let region = parts.next().ok_or_else(form)?;
        let prefix = parts.next().unwrap_or_default().trim_end_matches('/');
        if !is_name(bucket) || !is_name(namespace) || !is_prefix(prefix) {
            return Err(form());
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

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let form = |form| StoreError::Form { text: shown(text), form };
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_matches('/');
            if !is_name(bucket) || !is_prefix(prefix) {
                return Err(form("s3://BUCKET[/PREFIX]"));
            }
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
        }
        if let Some(path) = text.strip_prefix("file:") {
            let path = if path == "/" { path } else { path.trim_end_matches('/') };
            if path.is_empty() || path.contains('\0') || path.starts_with("//") {
                return Err(form("file:PATH"));
            }
            return Ok(Self::File { path: path.to_owned() });
        }
        text.parse().map(Self::Oci)
    }
}

impl fmt::Display for OciStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "oci://{}",
            below_text(&format!("{}@{}/{}", self.bucket, self.namespace, self.region), &self.prefix)
        )
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oci(store) => store.fmt(f),
            Self::S3 { bucket, prefix } => write!(f, "s3://{}", below_text(bucket, prefix)),
            Self::File { path } => write!(f, "file:{path}"),
        }
    }
}

fn below_text(root: &str, prefix: &str) -> String {
    if prefix.is_empty() { root.to_owned() } else { format!("{root}/{prefix}") }
}

impl TryFrom<String> for OciStore {
    type Error = StoreError;
    fn try_from(text: String) -> Result<Self, StoreError> {
        text.parse()
    }
}

impl From<OciStore> for String {
    fn from(store: OciStore) -> Self {
        store.to_string()
    }
}

impl From<OciStore> for StoreUrl {
    fn from(store: OciStore) -> Self {
        Self::Oci(store)
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
        for text in [
            "oci://b@ns/eu-frankfurt-1",
            "oci://b@ns/eu-frankfurt-1/team/a",
            "s3://bucket",
            "s3://bucket/team/a",
            "file:/srv/keys",
            "file:keys",
        ] {
            assert_eq!(text.parse::<StoreUrl>().expect(text).to_string(), text);
        }
        let store: OciStore = "oci://b@ns/fra/team/".parse().expect("key and slash");
        assert_eq!(store.object("x").name, "team/x");
        for bad in [
            "oci://b/ns",
            "oci://@ns/fra",
            "oci://b@ns/nowhere-1",
            "oci://b@ns/fra/../x",
            "oci://b@ns",
            "s3://",
            "s3://b/../x",
            "file:",
            "file://host/x",
            "https://b",
        ] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad}");
        }
    }
}
