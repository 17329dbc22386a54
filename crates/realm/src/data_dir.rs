//! The folder of a realm that runs as a server: who it is, its keys, and what clients need to find it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_seams::{Access, Disk, DiskError, FileLock, Seed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::account::Identity;
use crate::api_key::{ApiKey, PublicKey};
use crate::authenticate::SessionTokens;
use crate::latency::Latency;
use crate::realm::{RealmConfig, RealmError};
use crate::semantics::Semantics;

const LARGEST_FILE: u64 = 64 * 1024;
/// Regions of a realm that was not told which to have.
const DEFAULT_REGIONS: [&str; 2] = ["us-ashburn-1", "eu-frankfurt-1"];
const API_KEY: &str = "api_key.pem";
const SESSION_TOKEN: &str = "session_token";
/// Oracle's SDK warns about keys without this line behind them.
const LABEL: &str = "OCI_API_KEY\n";

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// One process per folder.
    #[error("another realm runs in {}", .0.display())]
    InUse(PathBuf),
    /// A file is not what it should be.
    #[error("{} is not {expected}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// A seeded realm stays one.
    #[error("the realm in {} was not made with seed {seed}", path.display())]
    OtherSeed {
        /// The folder.
        path: PathBuf,
        /// The seed asked for.
        seed: u64,
    },
    /// The system has no randomness, or no current folder.
    #[error("the system did not give what a new realm needs")]
    System(#[source] io::Error),
    /// The realm can't be.
    #[error(transparent)]
    Realm(#[from] RealmError),
}

/// `identity.json`.
#[derive(Debug, Serialize, Deserialize)]
struct IdentityFile {
    #[serde(flatten)]
    identity: Identity,
    /// The number that everything follows from; absent if the realm came from the system's randomness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

/// An opened folder, locked until it is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// What `Authorization: Bearer` must carry at the admin API.
    pub(crate) token: Zeroizing<String>,
    session_tokens: SessionTokens,
    /// The key that the token is good for.
    session_key: PublicKey,
    #[expect(dead_code, reason = "held, not read")]
    lock: FileLock,
}

/// The line that says a realm is ready, and the file by which clients find it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyLine {
    /// `keyferry.realm`.
    pub schema: String,
    /// 1.
    pub version: u32,
    /// The server's process.
    pub pid: u32,
    /// The tenancy, also the root compartment.
    pub tenancy_id: String,
    /// Its one user.
    pub user_id: String,
    /// The Object Storage namespace.
    pub namespace: String,
    /// The home region.
    pub home_region: Region,
    /// A configuration file for Oracle's clients.
    pub config_file: PathBuf,
    /// With TLS: the certificate to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Ten requests a second for each class of key management, as in the cloud.
    #[serde(default)]
    pub rate_limits: bool,
    /// Endpoints by region.
    pub regions: BTreeMap<Region, RegionEndpoint>,
    /// Where the realm is steered.
    pub admin: AdminEndpoint,
}

/// Where a region is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionEndpoint {
    /// The base URL of all its services.
    pub endpoint: String,
}

/// Where the admin API is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminEndpoint {
    /// The base URL.
    pub url: String,
    /// The file with the token.
    pub token_file: PathBuf,
}

impl ReadyLine {
    /// Finds the realm that runs, or ran last, in a folder.
    ///
    /// # Errors
    /// If no realm has ever run there.
    pub fn read(folder: &Path, disk: &dyn Disk) -> Result<Self, DataDirError> {
        let path = folder.join("realm.json");
        let bytes = disk.read(&path, LARGEST_FILE)?;
        serde_json::from_slice(&bytes)
            .map_err(|_| DataDirError::Damaged { path, expected: "the description of a running realm" })
    }
}

impl DataDir {
    /// Opens the folder of a realm, or makes a new one of it. Files that are there are kept, so that a
    /// realm stays the same, or becomes another one's twin by its root key and identity.
    pub(crate) fn open(
        folder: &Path,
        regions: Option<Vec<Region>>,
        seed: Option<u64>,
        latency: Latency,
        disk: &dyn Disk,
    ) -> Result<(Self, RealmConfig), DataDirError> {
        let path = std::path::absolute(folder).map_err(DataDirError::System)?;
        let lock = disk.lock(&path.join("lock"))?.ok_or_else(|| DataDirError::InUse(path.clone()))?;
        let file = path.join("identity.json");
        let known: Option<IdentityFile> = match existing(&file, disk)? {
            Some(bytes) => Some(serde_json::from_slice(&bytes).map_err(|_| DataDirError::Damaged {
                path: file.clone(),
                expected: "the identity of an embedded realm",
            })?),
            None => None,
        };
        if let (Some(known), Some(seed)) = (&known, seed)
            && known.seed != Some(seed)
        {
            return Err(DataDirError::OtherSeed { path, seed });
        }
        let number = known.as_ref().map_or(seed, |known| known.seed);
        let root = match number {
            Some(number) => Seed::from_number(number),
            None => Seed::from_system().map_err(DataDirError::System)?,
        };
        let mut identity = match known {
            Some(known) => known.identity,
            None => {
                let regions = DEFAULT_REGIONS.iter().filter_map(|name| Region::parse(name).ok()).collect();
                Identity::mint(regions, &root.child("identity"))
            }
        };
        if let Some(regions) = regions {
            identity.regions = regions;
        }
        let text = pretty(&IdentityFile { identity: identity.clone(), seed: number });
        disk.write(&file, text.as_bytes(), Access::Owner)?;
        let api_key = private_key(&path.join(API_KEY), &root, disk)?;
        let session_key = api_key.public().clone();
        let root_key = root_key(&path.join("root.key"), &root, disk)?;
        let token = token(&path.join("admin.token"), disk)?;
        write_config(&path, &identity, &api_key, disk)?;
        let session_tokens = SessionTokens::new(&root_key, &identity);
        let semantics = Semantics::default();
        let config =
            RealmConfig { identity, seed: root.child("requests"), root_key, api_key, latency, semantics };
        Ok((Self { path, token, session_tokens, session_key, lock }, config))
    }

    /// Leaves a new token for the profile `SESSION`.
    pub(crate) fn renew_session(&self, now: Timestamp, disk: &dyn Disk) -> Result<(), DataDirError> {
        let token = self.session_tokens.issue(&self.session_key, now).ok_or(RealmError::ApiKey)?;
        Ok(disk.write(&self.path.join(SESSION_TOKEN), token.as_bytes(), Access::Owner)?)
    }

    /// The configuration file for Oracle's clients.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.path.join("config")
    }

    /// The database with the realm's state.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.path.join("state.redb")
    }

    /// The certificate of the authority behind all of the realm's certificates.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    /// That authority's private key.
    pub(crate) fn ca_key_file(&self) -> PathBuf {
        self.path.join("ca.key")
    }

    /// The file with the admin API's token.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.path.join("admin.token")
    }

    /// Leaves the description of the running realm for clients to find.
    pub(crate) fn announce(&self, ready: &ReadyLine, disk: &dyn Disk) -> Result<(), DataDirError> {
        Ok(disk.write(&self.path.join("realm.json"), pretty(ready).as_bytes(), Access::Owner)?)
    }
}

fn pretty(value: &impl Serialize) -> String {
    // Structs of texts and numbers always have a JSON form.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn existing(path: &Path, disk: &dyn Disk) -> Result<Option<Zeroizing<Vec<u8>>>, DiskError> {
    match disk.read(path, LARGEST_FILE) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(e) if e.is_absent() => Ok(None),
        Err(e) => Err(e),
    }
}

fn private_key(path: &Path, root: &Seed, disk: &dyn Disk) -> Result<ApiKey, DataDirError> {
    if let Some(bytes) = existing(path, disk)? {
        let key = std::str::from_utf8(&bytes).ok().and_then(|text| ApiKey::from_pem(text).ok());
        let expected = "an RSA private key as PEM";
        return key.ok_or_else(|| DataDirError::Damaged { path: path.to_path_buf(), expected });
    }
    let key = ApiKey::generate(&root.child("api key"))?;
    let text = Zeroizing::new(format!("{}{LABEL}", key.pem()));
    disk.create(path, text.as_bytes(), Access::Owner)?;
    Ok(key)
}

fn root_key(path: &Path, root: &Seed, disk: &dyn Disk) -> Result<Seed, DataDirError> {
    if let Some(bytes) = existing(path, disk)? {
        let mut key = Zeroizing::new([0; 32]);
        return match hex::decode_to_slice(bytes.trim_ascii(), &mut *key) {
            Ok(()) => Ok(Seed::from_bytes(*key)),
            Err(_) => {
                let expected = "a root key (64 hexadecimal digits)";
                Err(DataDirError::Damaged { path: path.to_path_buf(), expected })
            }
        };
    }
    let key = Zeroizing::new(RealmConfig::root_key_of(root));
    let text = Zeroizing::new(format!("{}\n", hex::encode(*key)));
    disk.create(path, text.as_bytes(), Access::Owner)?;
    Ok(Seed::from_bytes(*key))
}

/// Never seeded: whoever knows the seed of a test must not be able to steer somebody's realm.
fn token(path: &Path, disk: &dyn Disk) -> Result<Zeroizing<String>, DataDirError> {
    if let Some(bytes) = existing(path, disk)? {
        let text = std::str::from_utf8(bytes.trim_ascii()).unwrap_or_default();
        if text.len() >= 32 {
            return Ok(Zeroizing::new(text.to_owned()));
        }
        let expected = "a token of at least 32 characters";
        return Err(DataDirError::Damaged { path: path.to_path_buf(), expected });
    }
    let chance = Seed::from_system().map_err(DataDirError::System)?;
    let token = Zeroizing::new(hex::encode(chance.bytes::<32>("admin token")));
    disk.create(path, format!("{}\n", *token).as_bytes(), Access::Owner)?;
    Ok(token)
}

/// A configuration as Oracle's clients read it: DEFAULT is home, a profile per region, and SESSION, which signs
/// with a token. Nothing is left to inheritance, which not all clients know.
fn write_config(
    folder: &Path,
    identity: &Identity,
    key: &ApiKey,
    disk: &dyn Disk,
) -> Result<(), DataDirError> {
    let home = identity.regions.first().map(|home| ("DEFAULT", *home));
    let profiles = home.into_iter().chain(identity.regions.iter().map(|region| (region.name(), *region)));
    let mut text = String::new();
    for (profile, region) in profiles {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "[{profile}]\nuser={}\nfingerprint={}\ntenancy={}\nregion={region}\nkey_file={}\n",
            identity.user_id,
            key.fingerprint(),
            identity.tenancy_id,
            folder.join(API_KEY).display(),
        );
    }
    if let Some((_, region)) = home {
        // As `oci session authenticate` writes it: without a user, for the token says who it is. It makes a key for
        // each session; here the one key does, for the search for primes is nearly all of a first start.
        let _ = writeln!(
            text,
            "[SESSION]\nfingerprint={}\ntenancy={}\nregion={region}\nkey_file={}\nsecurity_token_file={}\n",
            key.fingerprint(),
            identity.tenancy_id,
            folder.join(API_KEY).display(),
            folder.join(SESSION_TOKEN).display(),
        );
    }
    Ok(disk.write(&folder.join("config"), text.as_bytes(), Access::Owner)?)
}

#[cfg(test)]
mod tests;
