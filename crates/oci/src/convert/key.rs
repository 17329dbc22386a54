//! Keys and key versions.

use keyferry_core::model::{Key, KeyShape, KeyVersion, Origin, ProtectionMode, VersionState};
use keyferry_wire::kms;

use super::{id, name, optional_id, tags};
use crate::calls::ListedKey;
use crate::error::{CallSite, Error};

/// A key without its versions.
pub(crate) fn key(site: &CallSite, key: kms::Key) -> Result<Key, Error> {
    Ok(Key {
        id: id(site, "id", &key.id)?,
        name: name(&key.display_name),
        vault_id: id(site, "vaultId", &key.vault_id)?,
        compartment_id: id(site, "compartmentId", &key.compartment_id)?,
        protection_mode: protection(key.protection_mode.as_ref()),
        shape: KeyShape {
            algorithm: key.key_shape.algorithm.as_str().into(),
            length: key.key_shape.length,
            curve: key.key_shape.curve_id.map(|curve| curve.to_string()),
        },
        lifecycle_state: key.lifecycle_state.as_str().into(),
        current_version: id(site, "currentKeyVersion", &key.current_key_version)?,
        restored_from: optional_id(site, "restoredFromKeyId", key.restored_from_key_id.as_deref())?,
        is_primary: key.is_primary.unwrap_or(true),
        time_created: key.time_created.0,
        tags: tags(key.freeform_tags, key.defined_tags),
        versions: Vec::new(),
    })
}

/// A key as a list shows it.
pub(crate) fn listed_key(site: &CallSite, key: &kms::KeySummary) -> Result<ListedKey, Error> {
    Ok(ListedKey {
        id: id(site, "id", &key.id)?,
        name: name(&key.display_name),
        protection_mode: protection(key.protection_mode.as_ref()),
        lifecycle_state: key.lifecycle_state.as_str().into(),
    })
}

// Keys from before software protection existed are HSM keys.
fn protection(mode: Option<&kms::ProtectionMode>) -> ProtectionMode {
    mode.map_or(ProtectionMode::Hsm, |mode| mode.as_str().into())
}

/// A version as a list shows it: without public key and lineage.
pub(crate) fn listed_version(site: &CallSite, version: &kms::KeyVersionSummary) -> Result<KeyVersion, Error> {
    Ok(KeyVersion {
        id: id(site, "id", &version.id)?,
        lifecycle_state: version_state(version.lifecycle_state.as_ref()),
        origin: origin(version.origin.as_ref()),
        time_created: version.time_created.0,
        public_key: None,
        restored_from: None,
    })
}

fn version_state(state: Option<&kms::KeyVersionState>) -> VersionState {
    state.map_or_else(|| VersionState::Other(String::new()), |state| state.as_str().into())
}

fn origin(origin: Option<&kms::Origin>) -> Origin {
    origin.map_or(Origin::Internal, |origin| origin.as_str().into())
}

pub(crate) fn version(site: &CallSite, version: kms::KeyVersion) -> Result<KeyVersion, Error> {
    let from = version.restored_from_key_version_id.as_deref();
    Ok(KeyVersion {
        id: id(site, "id", &version.id)?,
        lifecycle_state: version_state(version.lifecycle_state.as_ref()),
        origin: origin(version.origin.as_ref()),
        time_created: version.time_created.0,
        public_key: version.public_key.filter(|pem| !pem.is_empty()),
        restored_from: optional_id(site, "restoredFromKeyVersionId", from)?,
    })
}
