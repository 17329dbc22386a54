//! Keys and key versions.

use keyferry_core::model::{Key, KeyShape, KeyVersion, Origin, ProtectionMode, VersionState};
use keyferry_wire::kms;

use super::{id, name, optional_id, tags};
use crate::error::{CallSite, Error};

pub(crate) fn key(site: &CallSite, key: kms::Key, versions: Vec<KeyVersion>) -> Result<Key, Error> {
    Ok(Key {
        id: id(site, "id", &key.id)?,
        name: name(&key.display_name),
        vault_id: id(site, "vaultId", &key.vault_id)?,
        compartment_id: id(site, "compartmentId", &key.compartment_id)?,
        // Keys from before software protection existed are HSM keys.
        protection_mode: key.protection_mode.map_or(ProtectionMode::Hsm, |mode| mode.as_str().into()),
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
        versions,
    })
}

pub(crate) fn version(site: &CallSite, version: kms::KeyVersion) -> Result<KeyVersion, Error> {
    let from = version.restored_from_key_version_id.as_deref();
    Ok(KeyVersion {
        id: id(site, "id", &version.id)?,
        lifecycle_state: version
            .lifecycle_state
            .map_or_else(|| VersionState::Other(String::new()), |state| state.as_str().into()),
        origin: version.origin.map_or(Origin::Internal, |origin| origin.as_str().into()),
        time_created: version.time_created.0,
        public_key: version.public_key.filter(|pem| !pem.is_empty()),
        restored_from: optional_id(site, "restoredFromKeyVersionId", from)?,
    })
}
