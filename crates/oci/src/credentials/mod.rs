//! Who we are: an API key, found the way oci-cli finds it.

mod config_file;
mod key;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keyferry_ids::{OcidError, Region, RegionError, TenancyId, UserId};
use keyferry_seams::{Disk, DiskError};

use config_file::Profile;
pub use key::PrivateKey;

/// A configuration or key file is never longer than this.
const LONGEST: u64 = 1 << 20;

/// Where to look, and what the command line says. Environment variables come in as a map.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The files.
    pub disk: &'a dyn Disk,
    /// `OCI_CLI_*` and `HOME`.
    pub environment: &'a BTreeMap<String, String>,
    /// `--config-file`.
    pub config_file: Option<&'a Path>,
    /// `--profile`.
    pub profile: Option<&'a str>,
    /// `--auth`.
    pub auth: Option<&'a str>,
    /// `--region`.
    pub region: Option<Region>,
}

/// An API key and whose it is.
#[derive(Clone)]
pub struct Credentials {
    /// The account.
    pub tenancy_id: TenancyId,
    /// The user.
    pub user_id: UserId,
    /// MD5 of the public key, as OCI shows it.
    pub fingerprint: String,
    /// The region of the profile, if it has one.
    pub region: Option<Region>,
    key: std::sync::Arc<PrivateKey>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file can't be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Not an INI file; its lines are not repeated, for they may hold a pass phrase.
    #[error("{} can't be understood: {problem}", path.display())]
    Grammar {
        /// The file.
        path: PathBuf,
        /// Line and rule.
        problem: String,
    },
    /// No such profile.
    #[error("{} has no profile [{profile}]", path.display())]
    NoProfile {
        /// The file.
        path: PathBuf,
        /// The profile asked for.
        profile: String,
    },
    /// A value is missing.
    #[error("{origin} has no `{name}`")]
    Missing {
        /// Profile or environment.
        origin: String,
        /// The value.
        name: &'static str,
    },
    /// A value is not of its form.
    #[error("`{name}` of {origin} can't be used")]
    Value {
        /// Profile or environment.
        origin: String,
        /// The value.
        name: &'static str,
        /// Why.
        #[source]
        source: OcidError,
    },
    /// The region is not known.
    #[error("`region` of {origin} can't be used")]
    Region {
        /// Profile or environment.
        origin: String,
        /// Why.
        #[source]
        source: RegionError,
    },
    /// Another kind of credentials.
    #[error("{0}, which this version can't use: it takes API keys only")]
    UnsupportedAuth(String),
    /// Others could read the key.
    #[error("the key file {} can be read by others (mode {mode:o})", path.display())]
    Readable {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A pass phrase would be needed.
    #[error("encrypted key files are not supported yet: {path}")]
    Encrypted {
        /// The key file.
        path: String,
    },
    /// The other half of the pair.
    #[error("{path} holds a public key; `key_file` has to name the private key")]
    PublicKey {
        /// The key file.
        path: String,
    },
    /// Not a private key that can sign.
    #[error("{path} holds no usable RSA private key: {problem}")]
    Key {
        /// The key file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

impl Credentials {
    /// Finds the credentials: the command line first, then `OCI_CLI_*`, then the profile, then `[DEFAULT]`.
    ///
    /// # Errors
    /// If something is missing, malformed, of another kind, or a key that others can read.
    pub fn load(source: Source<'_>) -> Result<Self, CredentialsError> {
        let auth = source.auth.or_else(|| variable(source.environment, "AUTH"));
        if let Some(auth) = auth.filter(|auth| *auth != "api_key") {
            return Err(CredentialsError::UnsupportedAuth(format!("`{auth}` was asked for")));
        }
        let profile = Profile::find(source)?;
        if auth.is_none()
            && (profile.is_session() || variable(source.environment, "SECURITY_TOKEN_FILE").is_some())
        {
            let text = format!("{} is a session with a security token", profile.origin);
            return Err(CredentialsError::UnsupportedAuth(text));
        }
        let id =
            |name, error| CredentialsError::Value { origin: profile.origin.clone(), name, source: error };
        let tenancy_id = TenancyId::parse(&profile.need("tenancy")?).map_err(|e| id("tenancy", e))?;
        let user_id = UserId::parse(&profile.need("user")?).map_err(|e| id("user", e))?;
        let fingerprint = profile.need("fingerprint")?;
        let region = match source.region {
            Some(region) => Some(region),
            None => {
                profile.value("region").map(|text| Region::parse(&text)).transpose().map_err(|error| {
                    CredentialsError::Region { origin: profile.origin.clone(), source: error }
                })?
            }
        };
        let key = match variable(source.environment, "KEY_CONTENT") {
            Some(content) => PrivateKey::from_pem(content.as_bytes(), "OCI_CLI_KEY_CONTENT")?,
            None => {
                let path = in_home(&profile.need("key_file")?, source.environment);
                PrivateKey::from_file(source.disk, &path)?
            }
        };
        Ok(Self::new(tenancy_id, user_id, fingerprint, region, key))
    }

    /// Credentials from their parts.
    pub fn new(
        tenancy_id: TenancyId,
        user_id: UserId,
        fingerprint: String,
        region: Option<Region>,
        key: PrivateKey,
    ) -> Self {
        Self { tenancy_id, user_id, fingerprint, region, key: std::sync::Arc::new(key) }
    }

    pub(crate) fn key_id(&self) -> String {
        format!("{}/{}/{}", self.tenancy_id, self.user_id, self.fingerprint)
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }
}

/// `OCI_CLI_<name>`, if it is set and not empty.
fn variable<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    environment.get(&format!("OCI_CLI_{name}")).map(String::as_str).filter(|value| !value.is_empty())
}

/// Expands `~` and `~/`. Other relative paths stay relative to the working directory, as oci-cli has it.
fn in_home(path: &str, environment: &BTreeMap<String, String>) -> PathBuf {
    match (path.strip_prefix('~'), environment.get("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Path::new(home).join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests;
