//! What of a vault no backup holds.

use keyferry_core::eligibility;
use keyferry_core::manifest::NotSaved;
use keyferry_core::model::{Key, KeyState};

use super::{BackupRequest, Extent};

pub(super) fn not_saved(request: &BackupRequest<'_>) -> Vec<NotSaved> {
    let mut items = Vec::new();
    let mut add = |kind: &str, id: &str, name: &str, reasons: Vec<eligibility::Reason>| {
        if let Some(reason) = reasons.into_iter().next() {
            let (kind, id, name) = (kind.to_owned(), id.to_owned(), Some(name.to_owned()));
            items.push(NotSaved { kind, id, name, code: reason.code, because: reason.text });
        }
    };
    let is_meant = |key: &&Key| key.lifecycle_state != KeyState::Deleted && request.extent.concerns(&key.id);
    for key in request.stock.keys.iter().filter(is_meant) {
        let reasons = eligibility::key(key);
        if reasons.is_empty() {
            for version in &key.versions {
                add("key_version", version.id.as_str(), &key.name, eligibility::version(key, version));
            }
        }
        add("key", key.id.as_str(), &key.name, reasons);
    }
    // Whoever saves single keys is not told of the rest of the vault.
    let is_whole = !matches!(request.extent, Extent::Keys(_));
    for secret in request.stock.secrets.iter().filter(|s| is_whole && s.lifecycle_state != "DELETED") {
        add("secret", secret.id.as_str(), &secret.name, vec![eligibility::secret()]);
    }
    items
}
