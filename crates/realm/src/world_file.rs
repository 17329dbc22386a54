//! World files: what a realm holds when it begins, written down by hand.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use keyferry_ids::Region;
use keyferry_wire::OperationName as Op;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::call::{Call, Moment};
use crate::material::Material;
use crate::realm::{Realm, RealmError};
use crate::records::{LimitRecord, VersionRecord};
use crate::services::dispatch;
use crate::services::limits::Limit;
use crate::services::work_requests::later;
use crate::state::State;
use crate::steering::{Secret, secret_record};

/// Compartments, buckets and vaults with keys and secrets, as TOML:
///
/// ```toml
/// [[limit]]
/// region = "us-ashburn-1"      # a service limit, where more vaults are made than the usual 100
/// name = "virtual-private-vault-count"
/// value = 200
///
/// [[compartment]]
/// name = "payments"            # names are unique in the file
/// parent = "shop"              # an earlier one; the root if left out
///
/// [[bucket]]
/// region = "us-ashburn-1"
/// name = "backups"
/// compartment = "payments"     # the root if left out, everywhere
///
/// [[vault]]
/// region = "us-ashburn-1"
/// name = "cards"
/// # count = 20                 # as many vaults: cards-01, cards-02, ...
/// type = "VIRTUAL_PRIVATE"     # or DEFAULT; VIRTUAL_PRIVATE if left out
/// compartment = "payments"
///
/// [[vault.key]]
/// name = "master"
/// # count = 10                 # as many keys in each: master-01, master-02, ...
/// compartment = "payments"     # the vault's if left out
/// algorithm = "AES"            # or RSA, ECDSA; AES if left out
/// length = 32                  # bytes, as in the API; needed for RSA
/// # curve = "NIST_P384"        # needed for ECDSA
/// protection = "HSM"           # or SOFTWARE; HSM if left out
/// # One text per version, oldest first: hexadecimal digits of an AES key, of an ECDSA private scalar, or of
/// # an RSA key as PKCS#8 DER. Left out, the key has one version that follows from the realm's seed.
/// material = ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"]
///
/// [[vault.secret]]
/// name = "db-password"         # as a list shows it; it has no content
/// key = "master"               # one of this vault; none if left out
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    #[serde(default, rename = "limit")]
    limits: Vec<Limit>,
    #[serde(default, rename = "compartment")]
    compartments: Vec<Compartment>,
    #[serde(default, rename = "bucket")]
    buckets: Vec<Bucket>,
    #[serde(default, rename = "vault")]
    vaults: Vec<Vault>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Compartment {
    name: String,
    parent: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bucket {
    region: Region,
    name: String,
    compartment: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vault {
    region: Region,
    name: String,
    count: Option<u32>,
    #[serde(rename = "type")]
    vault_type: Option<String>,
    compartment: Option<String>,
    #[serde(default, rename = "key")]
    keys: Vec<Key>,
    #[serde(default, rename = "secret")]
    secrets: Vec<NamedSecret>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    count: Option<u32>,
    compartment: Option<String>,
    algorithm: Option<String>,
    length: Option<u32>,
    curve: Option<String>,
    protection: Option<String>,
    #[serde(default)]
    material: Vec<Hex>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedSecret {
    name: String,
    compartment: Option<String>,
    key: Option<String>,
}

/// Key material, which is never printed.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
struct Hex(Zeroizing<String>);

impl From<String> for Hex {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hex(..)")
    }
}

/// Why a world file is refused.
#[derive(Debug, thiserror::Error)]
pub enum WorldFileError {
    /// Not TOML, or not with these names. The source's text quotes no values.
    #[error("line {line}: {message}")]
    Syntax {
        /// Where, from 1.
        line: usize,
        /// What was expected.
        message: String,
    },
    /// There can't be such a thing.
    #[error("{what}: {because}")]
    Refused {
        /// Which.
        what: String,
        /// Why not.
        because: String,
    },
}

impl WorldFile {
    /// Reads a world file.
    ///
    /// # Errors
    /// With the line at which it is not one.
    pub fn parse(text: &str) -> Result<Self, WorldFileError> {
        toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            WorldFileError::Syntax { line: before.matches('\n').count() + 1, message: e.message().to_owned() }
        })
    }
}

impl Realm {
    /// Whether nobody has put anything into the realm yet.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state();
        let world = &state.world;
        world.compartments.is_empty() && world.vaults.is_empty() && world.buckets.is_empty()
    }

    /// Puts everything that a world file describes into the realm, or nothing of it.
    ///
    /// # Errors
    /// If something in it can't be.
    pub fn furnish(&self, file: &WorldFile, now: Timestamp) -> Result<(), RealmError> {
        let mut state = self.state();
        let outcome = Builder::new(&mut state, now).build(file);
        if outcome.is_err() {
            state.undo();
        }
        outcome?;
        Ok(state.keep()?)
    }
}

/// Makes one thing after the other, as a client would.
struct Builder<'s> {
    state: &'s mut State,
    now: Timestamp,
    compartments: BTreeMap<String, String>,
}

type Built<T> = Result<T, WorldFileError>;

fn refused<T>(what: &str, because: impl Into<String>) -> Built<T> {
    Err(WorldFileError::Refused { what: what.to_owned(), because: because.into() })
}

/// The name itself, or as many numbered ones, in an order that sorts.
fn names(name: &str, count: Option<u32>) -> impl Iterator<Item = String> {
    let width = count.map_or(0, |count| count.to_string().len().max(2));
    (1..=count.unwrap_or(1)).map(move |at| match count {
        None => name.to_owned(),
        Some(_) => format!("{name}-{at:0width$}"),
    })
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_default().to_owned()
}

impl<'s> Builder<'s> {
    fn new(state: &'s mut State, now: Timestamp) -> Self {
        Self { state, now, compartments: BTreeMap::new() }
    }

    fn build(mut self, file: &WorldFile) -> Built<()> {
        let home = self.state.account.home;
        for Limit { region, name, value } in file.limits.iter().copied() {
            self.check_region(&format!("limit `{}`", name.as_str()), region)?;
            self.state.world.apply(LimitRecord { region, name, value }.into());
        }
        for Compartment { name, parent } in &file.compartments {
            let what = format!("compartment `{name}`");
            if self.compartments.contains_key(name) {
                return refused(&what, "there are two of that name");
            }
            let parent = self.compartment(&what, parent.as_ref())?;
            let body = json!({"compartmentId": parent, "name": name, "description": name});
            let answer = self.ask(&what, home, Op::CreateCompartment, None, &[], &body)?;
            self.compartments.insert(name.clone(), id_of(&answer));
        }
        for Bucket { region, name, compartment } in &file.buckets {
            let what = format!("bucket `{name}`");
            let compartment = self.compartment(&what, compartment.as_ref())?;
            let namespace = self.state.account.identity.namespace.clone();
            let body = json!({"name": name, "compartmentId": compartment});
            self.ask(&what, *region, Op::CreateBucket, None, &[namespace], &body)?;
        }
        for vault in &file.vaults {
            for name in names(&vault.name, vault.count) {
                self.vault(vault, &name)?;
            }
        }
        Ok(())
    }

    fn vault(&mut self, vault: &Vault, name: &str) -> Built<()> {
        let Vault { region, vault_type, compartment, keys, secrets, .. } = vault;
        let what = format!("vault `{name}`");
        let compartment_id = self.compartment(&what, compartment.as_ref())?;
        let vault_type = vault_type.as_deref().unwrap_or("VIRTUAL_PRIVATE");
        let body = json!({"compartmentId": compartment_id, "displayName": name, "vaultType": vault_type});
        let vault_id = id_of(&self.ask(&what, *region, Op::CreateVault, None, &[], &body)?);
        let ext = self.state.world.vaults.get(&vault_id).map(|vault| vault.ext.clone());
        let mut key_ids = BTreeMap::new();
        for key in keys {
            let compartment = key.compartment.as_ref().or(compartment.as_ref());
            for name in names(&key.name, key.count) {
                let what = format!("{what}, key `{name}`");
                let compartment = self.compartment(&what, compartment)?;
                let id = self.key(&what, *region, ext.as_deref(), &compartment, key, &name)?;
                key_ids.insert(name, id);
            }
        }
        for secret in secrets {
            let what = format!("{what}, secret `{}`", secret.name);
            let key_id = match secret.key.as_ref().map(|name| key_ids.get(name)) {
                Some(None) => return refused(&what, "the vault has no key of that name"),
                found => found.flatten().cloned(),
            };
            let of = secret.compartment.as_ref().or(compartment.as_ref());
            let compartment_id = self.compartment(&what, of)?;
            let (region, name, vault_id) = (*region, secret.name.clone(), vault_id.clone());
            let secret = Secret { region, vault_id, compartment_id, name, key_id };
            let seed = self.state.next_seed("world");
            self.state.world.apply(secret_record(&secret, &seed, self.now).into());
        }
        Ok(())
    }

    fn key(
        &mut self,
        what: &str,
        region: Region,
        ext: Option<&str>,
        compartment: &str,
        key: &Key,
        name: &str,
    ) -> Built<String> {
        if key.count.is_some() && !key.material.is_empty() {
            return refused(what, "one material is not for several keys");
        }
        let algorithm = key.algorithm.as_deref().unwrap_or("AES");
        let length = key.length.or(match (algorithm, key.curve.as_deref()) {
            ("AES", _) => Some(32),
            ("ECDSA", Some("NIST_P256")) => Some(32),
            ("ECDSA", Some("NIST_P384")) => Some(48),
            ("ECDSA", Some("NIST_P521")) => Some(66),
            _ => None,
        });
        let body = json!({
            "compartmentId": compartment,
            "displayName": name,
            "keyShape": {"algorithm": algorithm, "length": length, "curveId": key.curve},
            "protectionMode": key.protection.as_deref().unwrap_or("HSM"),
        });
        let id = id_of(&self.ask(what, region, Op::CreateKey, ext, &[], &body)?);
        for (at, material) in key.material.iter().enumerate() {
            if at > 0 {
                self.ask(what, region, Op::CreateKeyVersion, ext, std::slice::from_ref(&id), &json!({}))?;
            }
            self.set_material(&format!("{what}, version {}", at + 1), &id, material)?;
        }
        Ok(id)
    }

    /// Of the current version.
    fn set_material(&mut self, what: &str, key_id: &str, material: &Hex) -> Built<()> {
        let world = &self.state.world;
        let version = world.keys.get(key_id).and_then(|key| {
            let version = world.versions.get(&key.current_version_id)?;
            Some((key.shape, version.clone()))
        });
        let Some((shape, version)) = version else { return refused(what, "it was not made") };
        let Ok(bytes) = hex::decode(&*material.0).map(Zeroizing::new) else {
            return refused(what, "the material is not hexadecimal digits");
        };
        let Ok(material) = Material::from_bytes(shape, bytes) else {
            return refused(what, format!("the material is not a key of {shape}"));
        };
        self.state.world.apply(VersionRecord { material: Some(Arc::new(material)), ..version }.into());
        Ok(())
    }

    fn compartment(&self, what: &str, name: Option<&String>) -> Built<String> {
        match name {
            None => Ok(self.state.account.identity.tenancy_id.clone()),
            Some(name) => match self.compartments.get(name) {
                Some(id) => Ok(id.clone()),
                None => refused(what, format!("there is no compartment `{name}` before it")),
            },
        }
    }

    fn check_region(&self, what: &str, region: Region) -> Built<()> {
        if self.state.account.identity.regions.contains(&region) {
            return Ok(());
        }
        refused(what, format!("the realm has no region {region}"))
    }

    /// Does what an operation does, and what it leaves to be done.
    fn ask(
        &mut self,
        what: &str,
        region: Region,
        operation: Op,
        vault_ext: Option<&str>,
        names: &[String],
        body: &Value,
    ) -> Built<Value> {
        self.check_region(what, region)?;
        let seed = self.state.next_seed("world");
        let State { world, account, log, .. } = &*self.state;
        let (headers, body) = (HeaderMap::new(), Bytes::from(body.to_string()));
        let call = Call {
            moment: Moment { world, account, region, now: self.now, seed },
            operation,
            log,
            vault_ext: vault_ext.map(str::to_owned),
            names: names.to_vec(),
            query: Vec::new(),
            headers: &headers,
            body: &body,
        };
        let effect = match dispatch(&call) {
            Ok(effect) => effect,
            Err(refusal) => return refused(what, refusal.message),
        };
        for change in effect.changes {
            self.state.world.apply(change);
        }
        self.state.settle(later(self.now, self.state.account.latency.create));
        Ok(serde_json::from_slice(&effect.body).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
