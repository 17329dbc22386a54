//! Who we are: an API key or a session, found the way oci-cli finds it.

mod config_file;
mod encrypted;
mod error;
mod key;
mod pass_phrase;
mod session;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use keyferry_ids::{Region, TenancyId, UserId};
use keyferry_seams::Disk;
use zeroize::Zeroizing;

use config_file::Profile;
pub use error::CredentialsError;
pub use key::PrivateKey;
use session::Session;
pub use session::SessionExpired;

/// A configuration, key or token file is never longer than this.
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
    /// A session must not be over by then.
    pub now: Timestamp,
}

/// A private key and whose it is.
#[derive(Clone)]
pub struct Credentials {
    /// The account.
    pub tenancy_id: TenancyId,
    /// The region of the profile, if it has one.
    pub region: Option<Region>,
    /// Holds the token of a session, so it is as secret as the key.
    key_id: Zeroizing<String>,
    session: Option<Session>,
    key: Arc<PrivateKey>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("tenancy_id", &self.tenancy_id).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Finds the credentials: the command line first, then `OCI_CLI_*`, then the profile, then `[DEFAULT]`.
    /// A profile with a session token is a session, unless it is asked for its API key.
    ///
    /// # Errors
    /// If something is missing, malformed, of another kind, out of date, or readable by others.
    pub fn load(source: Source<'_>) -> Result<Self, CredentialsError> {
        let auth = source.auth.or_else(|| variable(source.environment, "AUTH"));
        if let Some(auth) = auth.filter(|auth| !matches!(*auth, "api_key" | "security_token")) {
            return Err(CredentialsError::UnsupportedAuth(auth.chars().take(60).collect()));
        }
        let profile = Profile::find(source)?;
        let id =
            |name, error| CredentialsError::Value { origin: profile.origin.clone(), name, source: error };
        let tenancy_id = TenancyId::parse(&profile.need("tenancy")?).map_err(|e| id("tenancy", e))?;
        let is_session = auth.map_or_else(|| profile.is_session(), |auth| auth == "security_token");
        let (session, key_id) = if is_session {
            let path = in_home(&profile.need("security_token_file")?, source.environment);
            let session = Session::from_file(source.disk, &path, profile.refresh_command())?;
            session.check(source.now)?;
            let key_id = session.key_id();
            (Some(session), key_id)
        } else {
            let user_id = UserId::parse(&profile.need("user")?).map_err(|e| id("user", e))?;
            (None, api_key_id(&tenancy_id, &user_id, &profile.need("fingerprint")?))
        };
        let region = match source.region {
            Some(region) => Some(region),
            None => {
                profile.value("region").map(|text| Region::parse(&text)).transpose().map_err(|error| {
                    CredentialsError::Region { origin: profile.origin.clone(), source: error }
                })?
            }
        };
        let pass_phrase = profile.pass_phrase();
        let key = match variable(source.environment, "KEY_CONTENT") {
            Some(content) => {
                PrivateKey::read(content.as_bytes(), "OCI_CLI_KEY_CONTENT", pass_phrase.as_ref())?
            }
            None => {
                let path = in_home(&profile.need("key_file")?, source.environment);
                PrivateKey::from_file(source.disk, &path, pass_phrase.as_ref())?
            }
        };
        Ok(Self { tenancy_id, region, key_id, session, key: Arc::new(key) })
    }

    /// An API key from its parts. The fingerprint is the MD5 of the public key, as OCI shows it.
    pub fn new(
        tenancy_id: TenancyId,
        user_id: UserId,
        fingerprint: String,
        region: Option<Region>,
        key: PrivateKey,
    ) -> Self {
        let key_id = api_key_id(&tenancy_id, &user_id, &fingerprint);
        Self { tenancy_id, region, key_id, session: None, key: Arc::new(key) }
    }

    /// Refuses to sign for a session that is over.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), SessionExpired> {
        self.session.as_ref().map_or(Ok(()), |session| session.check(now))
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }
}

fn api_key_id(tenancy_id: &TenancyId, user_id: &UserId, fingerprint: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{tenancy_id}/{user_id}/{fingerprint}"))
}

/// Reads a file that nobody else may read.
fn read_private(
    disk: &dyn Disk,
    path: &Path,
    what: &'static str,
) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let mode = disk.mode(path)?;
    if mode & 0o077 != 0 {
        return Err(CredentialsError::Readable { what, path: path.to_path_buf(), mode });
    }
    Ok(Zeroizing::new(disk.read(path, LONGEST)?))
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
