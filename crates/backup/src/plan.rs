//! Decides what a backup of one vault will do, and what it will not save.

use jiff::Timestamp;
use keyferry_core::canary::{Canary, kinds_for};
use keyferry_core::manifest::{Contents, NotSaved, UnprovableVersion};
use keyferry_core::model::{Key, KeyState, KeyVersion, StoreUrl};
use keyferry_core::plan::{Action, Plan, PlanKind, SCHEMA, StepId, VERSION};
use keyferry_core::{Code, Environment, Finding, Severity, VaultStock, completeness, eligibility};

use crate::Destination;

/// What is to be backed up, and what is known about where to.
#[derive(Debug, Clone, Copy)]
pub struct BackupRequest<'a> {
    /// The vault with its keys and secrets.
    pub stock: &'a VaultStock,
    /// Realm and tenancy.
    pub environment: &'a Environment,
    /// The store in the vault's region, its bucket, and what lies in it already.
    pub destination: &'a Destination,
    /// Stores that get a copy.
    pub copies: &'a [StoreUrl],
    /// With keys or not.
    pub contents: Contents,
    /// The new backup's id.
    pub backup_id: &'a str,
    /// When the vault was looked at.
    pub now: Timestamp,
}

/// A plan with what it takes to seal the manifest afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPlan {
    /// The steps and findings.
    pub plan: Plan,
    /// Canaries of earlier backups for versions that can't seal any more.
    pub carried: Vec<Canary>,
    /// Versions that will have no canary.
    pub unprovable: Vec<UnprovableVersion>,
    /// What the service's file will not hold.
    pub not_saved: Vec<NotSaved>,
}

/// `20261124T231500Z-1a2b3c4d`: sorts by time, says nothing confidential.
pub fn backup_id(now: Timestamp, chance: u32) -> String {
    format!("{}-{chance:08x}", now.strftime("%Y%m%dT%H%M%SZ"))
}

/// Decides.
pub fn plan(request: &BackupRequest<'_>) -> BackupPlan {
    let vault = &request.stock.vault;
    let mut plan = Plan {
        schema: SCHEMA.into(),
        version: VERSION,
        kind: PlanKind::Backup,
        made_at: request.now,
        environment: request.environment.clone(),
        backup_ids: vec![request.backup_id.to_owned()],
        into: vault.region,
        backup_made_at: None,
        steps: Vec::new(),
        findings: refusals(request),
    };
    let not_saved = not_saved(request);
    plan.findings.extend(not_saved.iter().map(|item| {
        let subject = item.name.as_ref().unwrap_or(&item.id);
        Finding::new(item.code, Severity::Warning, subject, format!("{}: {}", item.kind, item.because))
    }));
    let saved = |key: &Key| eligibility::key(key).is_empty() && request.contents == Contents::WithKeys;
    let (mut carried, mut unprovable, mut minting) = (Vec::new(), Vec::new(), Vec::new());
    for key in request.stock.keys.iter().filter(|key| saved(key)) {
        for version in eligibility::saved_versions(key) {
            let is_minting = can_seal(key, version);
            if is_minting {
                for canary in kinds_for(&key.shape.algorithm) {
                    let action = Action::MintCanary {
                        vault: Box::new(vault.clone()),
                        key_id: key.id.clone(),
                        version_id: version.id.clone(),
                        shape: key.shape.clone(),
                        canary: *canary,
                        backup_id: request.backup_id.to_owned(),
                    };
                    minting.push(plan.push(action, &[]));
                }
                continue;
            }
            let earlier = request.destination.previous.as_ref();
            let earlier = earlier.map(|opened| opened.manifest.canaries_of(&version.id).cloned().collect());
            let earlier: Vec<Canary> = earlier.unwrap_or_default();
            if earlier.is_empty() {
                unprovable.push(UnprovableVersion {
                    version_id: version.id.clone(),
                    because: why_not(key, version),
                });
            }
            carried.extend(earlier);
        }
    }
    let object = request.destination.store.object(&keyferry_catalogue::bundle::blob(request.backup_id));
    let backup = Action::BackupVault {
        vault_id: vault.id.clone(),
        region: vault.region,
        to: object.clone(),
        include_keys: request.contents == Contents::WithKeys,
    };
    let backup = plan.push(backup, &minting.iter().collect::<Vec<&StepId>>());
    let check = plan.push(Action::CheckObject { at: object.clone(), expect: None }, &[&backup]);
    for store in request.copies {
        let copy = store.object(&keyferry_catalogue::bundle::blob(request.backup_id));
        let copied = plan.push(Action::CopyObject { from: object.clone(), to: copy.clone() }, &[&check]);
        plan.push(Action::CheckObject { at: copy, expect: None }, &[&check, &copied]);
    }
    BackupPlan { plan, carried, unprovable, not_saved }
}

/// Only the current version of an enabled key encrypts and signs.
fn can_seal(key: &Key, version: &KeyVersion) -> bool {
    key.lifecycle_state == KeyState::Enabled
        && key.current_version == version.id
        && !kinds_for(&key.shape.algorithm).is_empty()
}

fn why_not(key: &Key, version: &KeyVersion) -> String {
    if key.lifecycle_state == KeyState::Disabled {
        "the key was disabled, and no earlier backup minted a canary".into()
    } else if key.current_version != version.id {
        "it was rotated away before any backup minted a canary".into()
    } else {
        format!("no canary is known for {}", key.shape.algorithm)
    }
}

fn refusals(request: &BackupRequest<'_>) -> Vec<Finding> {
    let vault = &request.stock.vault;
    let error = |code, because: String| Finding::new(code, Severity::Error, vault.id.as_str(), because);
    let mut findings: Vec<_> =
        eligibility::vault(vault).into_iter().map(|reason| error(reason.code, reason.text)).collect();
    if request.destination.store.region != vault.region {
        let because =
            format!("the vault is in {}, the bucket in {}", vault.region, request.destination.store.region);
        findings.push(error(Code::BucketElsewhere, because));
    }
    match &request.destination.bucket {
        None => findings
            .push(error(Code::NotFound, format!("there is no bucket {} to see", request.destination.store))),
        Some(bucket) => {
            let locked =
                request.stock.keys.iter().find(|key| bucket.kms_key_id.as_deref() == Some(key.id.as_str()));
            if let Some(key) = locked {
                let because = format!(
                    "bucket {} is encrypted by key {} of the vault it would save: {} -> {} -> {}",
                    bucket.name, key.name, vault.name, bucket.name, vault.name
                );
                findings.push(error(Code::Lockout, because));
            }
            if bucket.is_read_only {
                findings.push(error(Code::BucketElsewhere, format!("bucket {} is read-only", bucket.name)));
            }
        }
    }
    for copy in request.copies.iter().filter(|copy| copy.region == request.destination.store.region) {
        let because =
            format!("{copy} is in the region of the backup itself; it does not survive that region's loss");
        findings.push(Finding::new(Code::BucketElsewhere, Severity::Warning, vault.id.as_str(), because));
    }
    let counted = completeness(request.stock);
    if !counted.complete {
        let because = match counted.expected {
            Some(expected) => format!("the service counts {expected} keys, {} could be listed", counted.seen),
            None => "the service's own count of keys could not be read".into(),
        };
        findings.push(Finding::new(Code::InventoryIncomplete, Severity::Warning, vault.id.as_str(), because));
    }
    findings
}

fn not_saved(request: &BackupRequest<'_>) -> Vec<NotSaved> {
    let mut items = Vec::new();
    let mut add = |kind: &str, id: &str, name: &str, reasons: Vec<eligibility::Reason>| {
        if let Some(reason) = reasons.into_iter().next() {
            let (kind, id, name) = (kind.to_owned(), id.to_owned(), Some(name.to_owned()));
            items.push(NotSaved { kind, id, name, code: reason.code, because: reason.text });
        }
    };
    for key in request.stock.keys.iter().filter(|key| key.lifecycle_state != KeyState::Deleted) {
        let reasons = eligibility::key(key);
        if reasons.is_empty() {
            for version in &key.versions {
                add("key_version", version.id.as_str(), &key.name, eligibility::version(key, version));
            }
        }
        add("key", key.id.as_str(), &key.name, reasons);
    }
    for secret in request.stock.secrets.iter().filter(|secret| secret.lifecycle_state != "DELETED") {
        let text = "a secret is never part of a backup".to_owned();
        let reason = eligibility::Reason { code: Code::SecretNotSaved, text };
        add("secret", secret.id.as_str(), &secret.name, vec![reason]);
    }
    items
}

#[cfg(test)]
mod tests;
