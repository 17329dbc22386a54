//! Faults in what the realm does after it has answered, and in what it has made.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use keyferry_wire::{OperationName, code, headers};
use serde::{Deserialize, Serialize};

use super::answers::{lists_content, without};
use super::effects::{Effect, Spoiled};
use super::matcher::struck;
use super::rule::FaultRecord;
use crate::call::{Call, Effect as Done, Moment};
use crate::material::Material;
use crate::records::ObjectRecord;
use crate::refusal::Refusal;
use crate::tasks::Task;
use crate::world::{Change, Record};

/// A piece of work that goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Disturbed {
    pub(crate) task: Box<Task>,
    effects: Vec<Effect>,
}

/// For how long a vault's endpoints or a key are out of order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// The vault whose endpoints do not answer, or the key that answers 500.
    pub(crate) id: String,
    pub(crate) until: Timestamp,
}

/// Lets faults spoil a good answer and what it leaves to be done. Returns the counters.
pub(crate) fn disturb(call: &Call<'_>, done: &mut Done) -> Vec<FaultRecord> {
    let new_vaults: Vec<String> = done.changes.iter().filter_map(|change| new_vault(call, change)).collect();
    let any = |is: fn(&Task) -> bool| {
        done.changes.iter().any(|change| matches!(change, Change::Schedule(_, task) if is(task)))
    };
    let revoked: Vec<Change> = done.changes.iter().filter_map(revocation).collect();
    let (effects, counted) = struck(call, |effect| match effect {
        Effect::OmitCompartment { .. } => call.operation == OperationName::ListCompartments,
        Effect::HideContent { compartment } => lists_content(call, compartment),
        Effect::NewEndpointSilent { .. } => !new_vaults.is_empty(),
        Effect::ParRevoked => !revoked.is_empty(),
        Effect::BackupObject { .. } => any(Task::is_backup),
        Effect::RestoredKeyFails { .. }
        | Effect::OtherMaterial
        | Effect::VersionMissing
        | Effect::KeyInOtherCompartment { .. } => any(Task::is_restore),
        Effect::WorkFails | Effect::WorkStuck => any(Task::is_work),
        _ => false,
    });
    for effect in &effects {
        match effect {
            Effect::OmitCompartment { compartment } => done.body = without(compartment, &done.body),
            Effect::HideContent { .. } => {
                done.body = Bytes::from_static(b"[]");
                done.headers.retain(|(name, _)| name != headers::OPC_NEXT_PAGE);
            }
            Effect::ParRevoked => done.changes.extend(revoked.iter().cloned()),
            Effect::NewEndpointSilent { seconds } => {
                done.changes.extend(new_vaults.iter().map(|id| trouble(id, call.now, *seconds)));
            }
            _ => {}
        }
    }
    if !effects.is_empty() {
        for change in &mut done.changes {
            if let Change::Schedule(_, task) = change
                && task.is_work()
            {
                *task = Task::Disturbed(Disturbed { task: Box::new(task.clone()), effects: effects.clone() });
            }
        }
    }
    counted
}

/// The id of a vault that there was not before.
fn new_vault(call: &Call<'_>, change: &Change) -> Option<String> {
    match change {
        Change::Put(record) => match &**record {
            Record::Vault(vault) if !call.world.vaults.contains_key(&vault.id) => Some(vault.id.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// What deletes the pre-authenticated request that a backup goes through, if it goes through one.
fn revocation(change: &Change) -> Option<Change> {
    match change {
        Change::Schedule(_, Task::FinishBackup(backup)) => backup.revocation(),
        _ => None,
    }
}

fn trouble(id: &str, now: Timestamp, seconds: u64) -> Change {
    let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    Change::from(Trouble { id: id.to_owned(), until })
}

impl Disturbed {
    /// Does the work, and spoils it.
    pub(crate) fn perform(&self, moment: &Moment<'_>) -> Vec<Change> {
        if self.effects.contains(&Effect::WorkStuck) {
            return Vec::new();
        }
        if self.effects.contains(&Effect::WorkFails) {
            let message = "The embedded realm was told to let this fail.";
            return self.task.fail(moment, &Refusal::new(500, code::INTERNAL_SERVER_ERROR, message));
        }
        let mut changes = self.task.perform(moment);
        for effect in &self.effects {
            spoil(effect, moment, &mut changes);
        }
        changes
    }
}

fn spoil(effect: &Effect, moment: &Moment<'_>, changes: &mut Vec<Change>) {
    match effect {
        Effect::BackupObject { how: Spoiled::Absent } => {
            changes.retain(|change| !matches!(change, Change::Put(r) if matches!(**r, Record::Object(_))));
        }
        Effect::BackupObject { how } => {
            for record in records(changes) {
                if let Record::Object(object) = record {
                    spoil_object(object, *how);
                }
            }
        }
        Effect::OtherMaterial => {
            for record in records(changes) {
                if let Record::Version(version) = record
                    && let Some(shape) = version.material.as_ref().map(|material| material.shape())
                    && let Ok(other) = Material::generate(shape, &moment.seed.child("other"))
                {
                    version.material = Some(other.into());
                    break;
                }
            }
        }
        Effect::VersionMissing => leave_a_version_out(changes),
        Effect::KeyInOtherCompartment { compartment_id } => {
            let root = &moment.account.identity.tenancy_id;
            for record in records(changes) {
                if let Record::Key(key) = record {
                    compartment_id.as_ref().unwrap_or(root).clone_into(&mut key.compartment_id);
                    break;
                }
            }
        }
        Effect::RestoredKeyFails { seconds } => {
            let keys: Vec<_> = records(changes)
                .filter_map(|record| match record {
                    Record::Key(key) => Some(key.id.clone()),
                    _ => None,
                })
                .collect();
            changes.extend(keys.iter().map(|id| trouble(id, moment.now, *seconds)));
        }
        _ => {}
    }
}

fn records(changes: &mut [Change]) -> impl Iterator<Item = &mut Record> {
    changes.iter_mut().filter_map(|change| match change {
        Change::Put(record) => Some(&mut **record),
        _ => None,
    })
}

/// The object keeps its entity tag and says the MD5 of what it holds: storage is honest about wrong bytes.
fn spoil_object(object: &mut ObjectRecord, how: Spoiled) {
    let bytes = match how {
        Spoiled::Absent => return,
        Spoiled::Truncated => object.content.bytes.slice(..object.content.bytes.len() / 2),
        // Text, as backup files are, but none that ever was one.
        Spoiled::Altered => {
            let text = hex::encode(digest(&SHA256, &object.content.bytes));
            Bytes::from_iter(text.bytes().cycle().take(object.content.bytes.len()))
        }
    };
    object.content.md5 = crate::checksum::md5(&bytes);
    object.content.bytes = bytes;
}

fn leave_a_version_out(changes: &mut Vec<Change>) {
    let mut current = Vec::new();
    let mut versions = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        if let Change::Put(record) = change {
            match &**record {
                Record::Key(key) => current.push(key.current_version_id.clone()),
                Record::Version(version) => versions.push((at, version.id.clone())),
                _ => {}
            }
        }
    }
    let spare = versions.iter().find(|(_, id)| !current.contains(id)).or(versions.first());
    if let Some((at, _)) = spare {
        changes.remove(*at);
    }
}
