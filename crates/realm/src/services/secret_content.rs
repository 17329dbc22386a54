//! The content of secrets: encrypted under their key, listed by version, and given out by the retrieval service.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::kms::{KeyState, VaultState};
use keyferry_wire::secrets::{
    SecretBundle, SecretBundleContent, SecretBundleVersion, SecretContentDetails, SecretStage, SecretState,
    SecretVersion,
};
use zeroize::Zeroizing;

use super::secret_states::check_state;
use super::{keys, secrets};
use crate::call::{Call, Effect};
use crate::crypto_error::CryptoError;
use crate::lists::{self, Listed};
use crate::material::{EncryptionAlgorithm, Envelope, Shape, open_sealed, seal};
use crate::records::{KeyRecord, SecretRecord, SecretVersionRecord};
use crate::refusal::Refusal;

const BASE64: &str = "BASE64";
/// Bytes of a secret.
const LONGEST: usize = 25 * 1024;

/// The key of a secret, if it can be used: neither it nor its vault may be disabled or on its way out.
fn usable_key<'c>(call: &'c Call<'_>, secret: &SecretRecord) -> Result<&'c KeyRecord, Refusal> {
    let vault = call.world.vaults.get(&secret.vault_id);
    let vault = vault.filter(|v| v.region == call.region && v.state != VaultState::Deleted);
    let vault = vault.ok_or_else(Refusal::absent)?;
    let key = secret.key_id.as_ref().and_then(|id| call.world.keys.get(id));
    let key = key.filter(|key| key.vault_id == vault.id).ok_or_else(Refusal::absent)?;
    keys::check_state(&keys::state_for_use(vault, key), &KeyState::Enabled)?;
    Ok(key)
}

/// Ties a content to the secret and version it belongs to.
fn place(secret: &SecretRecord, number: u64) -> Vec<u8> {
    format!("{} {number}", secret.id).into_bytes()
}

/// The content of a new version under a data key, and that one under the secret's key. Only AES keys of the
/// vault itself encrypt secrets.
pub(super) fn sealed(
    call: &Call<'_>,
    secret: &SecretRecord,
    number: u64,
    content: &SecretContentDetails,
) -> Result<(Bytes, Bytes), Refusal> {
    if content.content_type != BASE64 {
        return Err(Refusal::invalid("contentType is BASE64."));
    }
    let text = content.content.as_deref().ok_or_else(|| Refusal::missing("content"))?;
    let plaintext = BASE64_STANDARD.decode(text).map(Zeroizing::new);
    let plaintext = plaintext.map_err(|_| Refusal::invalid("content is not base64."))?;
    if !(1..=LONGEST).contains(&plaintext.len()) {
        return Err(Refusal::invalid(format!("A secret has 1 to {LONGEST} bytes.")));
    }
    let key = usable_key(call, secret)?;
    if !matches!(key.shape, Shape::Aes { .. }) {
        return Err(Refusal::invalid("Secrets are encrypted with AES keys only."));
    }
    let version = call.world.versions.get(&key.current_version_id).ok_or_else(Refusal::absent)?;
    let seed = call.seed.child("secret content");
    let data_key = Zeroizing::new(seed.bytes::<32>("data key"));
    let place = place(secret, number);
    let algorithm = EncryptionAlgorithm::Aes256Gcm;
    let material = version.material.as_ref().ok_or_else(Refusal::absent)?;
    let sealed_key = material.encrypt(version.material_id, algorithm, &*data_key, &place, &seed)?;
    let sealed = seal(&*data_key, &plaintext, &place, &seed)?;
    Ok((sealed_key.into(), sealed.into()))
}

/// What [`sealed`] sealed.
fn opened(
    call: &Call<'_>,
    secret: &SecretRecord,
    version: &SecretVersionRecord,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let key = usable_key(call, secret)?;
    let material_id = Envelope::material_id_of(&version.sealed_key);
    let key_versions = call.world.versions_of(&key.id);
    let key_version = key_versions.into_iter().find(|v| Some(v.material_id) == material_id);
    let key_version = key_version.ok_or(CryptoError::NotDecryptable)?;
    let place = place(secret, version.number);
    let algorithm = EncryptionAlgorithm::Aes256Gcm;
    let material = key_version.material.as_ref().ok_or(CryptoError::NotDecryptable)?;
    let data_key = material.decrypt(algorithm, &version.sealed_key, &place)?;
    Ok(open_sealed(&data_key, &version.sealed, &place)?)
}

fn stages(secret: &SecretRecord, version: &SecretVersionRecord) -> Vec<SecretStage> {
    let number = Some(version.number);
    let all = [
        (secret.current == number, SecretStage::Current),
        (version.is_pending, SecretStage::Pending),
        (secret.versions.last().map(|last| last.number) == number, SecretStage::Latest),
        (secret.previous == number, SecretStage::Previous),
    ];
    let stages: Vec<_> = all.into_iter().filter_map(|(is_so, stage)| is_so.then_some(stage)).collect();
    if stages.is_empty() { vec![SecretStage::Deprecated] } else { stages }
}

/// A version in a list, named by its number.
struct Numbered<'a> {
    /// So long that the order of the texts is that of the numbers.
    number: String,
    version: &'a SecretVersionRecord,
}

impl Listed for Numbered<'_> {
    fn id(&self) -> &str {
        &self.number
    }
    fn name(&self) -> &str {
        &self.number
    }
    fn time_created(&self) -> Timestamp {
        self.version.time_created
    }
}

fn sorted<'c>(call: &Call<'_>, secret: &'c SecretRecord) -> Result<Vec<Numbered<'c>>, Refusal> {
    let numbered =
        |version: &'c SecretVersionRecord| Numbered { number: format!("{:010}", version.number), version };
    let mut versions: Vec<_> = secret.versions.iter().rev().map(numbered).collect();
    lists::sort(call, "VERSION_NUMBER", &mut versions)?;
    Ok(versions)
}

fn version_view(secret: &SecretRecord, version: &SecretVersionRecord) -> SecretVersion {
    SecretVersion {
        secret_id: secret.id.clone(),
        version_number: version.number,
        name: version.name.clone(),
        content_type: Some(BASE64.to_owned()),
        stages: stages(secret, version),
        time_created: Time(version.time_created),
        time_of_deletion: None,
        is_content_auto_generated: Some(false),
    }
}

pub(super) fn versions(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = secrets::named(call)?;
    let versions = sorted(call, secret)?;
    lists::page(call, &versions, |numbered| version_view(secret, numbered.version))
}

fn find(
    secret: &SecretRecord,
    is_it: impl Fn(&SecretVersionRecord) -> bool,
) -> Result<&SecretVersionRecord, Refusal> {
    secret.versions.iter().rev().find(|version| is_it(version)).ok_or_else(Refusal::absent)
}

pub(super) fn version(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = secrets::named(call)?;
    let version = find(secret, |version| version.number.to_string() == call.name(1))?;
    Ok(Effect::json(&version_view(secret, version))?.etag(&secret.etag))
}

fn bundle_version(secret: &SecretRecord, version: &SecretVersionRecord) -> SecretBundleVersion {
    SecretBundleVersion {
        secret_id: secret.id.clone(),
        version_number: version.number,
        version_name: version.name.clone(),
        stages: stages(secret, version),
        time_created: Some(Time(version.time_created)),
        time_of_deletion: None,
        time_of_expiry: None,
    }
}

pub(super) fn bundle_versions(call: &Call<'_>) -> Result<Effect, Refusal> {
    let secret = secrets::named(call)?;
    let versions = sorted(call, secret)?;
    lists::page(call, &versions, |numbered| bundle_version(secret, numbered.version))
}

pub(super) fn bundle(call: &Call<'_>) -> Result<Effect, Refusal> {
    bundle_of(call, secrets::named(call)?)
}

pub(super) fn bundle_by_name(call: &Call<'_>) -> Result<Effect, Refusal> {
    let (name, vault) = (call.required("secretName")?, call.required("vaultId")?);
    let found = call.world.secrets.values().find(|s| {
        s.region == call.region
            && s.vault_id == vault
            && s.name == name
            && secrets::state_of(call.world, s) != SecretState::Deleted
    });
    bundle_of(call, found.ok_or_else(Refusal::absent)?)
}

/// The version in force, unless another is asked for.
fn bundle_of(call: &Call<'_>, secret: &SecretRecord) -> Result<Effect, Refusal> {
    match secrets::state_of(call.world, secret) {
        SecretState::Deleting | SecretState::Deleted => return Err(Refusal::absent()),
        // The version in force can be read while the next one is made.
        SecretState::Updating => {}
        _ => check_state(call.world, secret, &SecretState::Active)?,
    }
    let asked = ["versionNumber", "secretVersionName", "stage"].map(|name| call.parameter(name));
    let version = match asked {
        [None, None, None] => find(secret, |version| secret.current == Some(version.number)),
        [Some(number), None, None] => find(secret, |version| version.number.to_string() == number),
        [None, Some(name), None] => find(secret, |version| version.name.as_deref() == Some(name)),
        [None, None, Some(stage)] => {
            find(secret, |version| stages(secret, version).contains(&SecretStage::from(stage)))
        }
        _ => Err(Refusal::invalid("One of versionNumber, secretVersionName and stage at most.")),
    }?;
    let content = opened(call, secret, version)?;
    let bundle = SecretBundle {
        version: bundle_version(secret, version),
        secret_bundle_content: SecretBundleContent {
            content_type: BASE64.to_owned(),
            content: BASE64_STANDARD.encode(&*content),
        },
        metadata: Some(secret.metadata.clone()),
    };
    Ok(Effect::json(&bundle)?.etag(&secret.etag))
}
