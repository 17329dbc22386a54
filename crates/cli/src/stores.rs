//! Each store outside of OCI is probed once, and what it does is kept: a store may accept a condition and ignore it.

use std::path::Path;

use jiff::Timestamp;
use keyferry_catalogue::Probed;
use keyferry_core::model::StoreUrl;
use keyferry_core::{Code, Finding, Severity, Sha256};
use keyferry_seams::Access;
use serde::{Deserialize, Serialize};

use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};

/// Longest note that is read.
const LONGEST: u64 = 64 << 10;

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreNote {
    pub(crate) store: StoreUrl,
    pub(crate) probed_at: Timestamp,
    /// What was written is what is read, and it is listed.
    pub(crate) is_sound: bool,
    /// A second writer is refused, and of many at once one wins.
    pub(crate) honours_conditions: bool,
}

impl StoreNote {
    /// What somebody should know of it.
    pub(crate) fn finding(&self) -> Option<Finding> {
        let (code, severity, because) = if !self.is_sound {
            let because = "what was written could not be read back or was not listed";
            (Code::StoreUnfit, Severity::Error, because)
        } else if !self.honours_conditions {
            let because = "it let a second writer overwrite what had to be new, and said nothing";
            (Code::StoreWeak, Severity::Warning, because)
        } else {
            return None;
        };
        Some(Finding::new(code, severity, &self.store, because))
    }
}

/// What a store does, by an earlier probe or a new one. None for a bucket of OCI, whose conditions hold.
pub(crate) async fn note(
    on: &Invocation,
    cloud: &Cloud,
    store: &StoreUrl,
    again: bool,
) -> Result<Option<StoreNote>, Failure> {
    if store.oci().is_some() {
        return Ok(None);
    }
    let mark = &Sha256::of(store.to_string().as_bytes()).to_string()[..16];
    let path = on.state()?.join("stores").join(format!("{mark}.json"));
    let known = match on.disk.read(&path, LONGEST) {
        // A note that can't be read is as good as none.
        Ok(bytes) => serde_json::from_slice::<StoreNote>(&bytes).ok().filter(|note| note.store == *store),
        Err(_) => None,
    };
    if let Some(note) = known.filter(|_| !again) {
        return Ok(Some(note));
    }
    // Two at once would mislead each other; the other one will note what it finds.
    let Some(_alone) = on.disk.lock(&path.with_extension("lock")).map_err(CliError::from)? else {
        return Ok(None);
    };
    let chance = chance(on, &path.with_extension("probe"))?;
    let Some(probed) = cloud.stores.open(store)?.probe(chance).await? else { return Ok(None) };
    let Probed { honours_create, one_wins, reads_back, lists } = probed;
    let note = StoreNote {
        store: store.clone(),
        probed_at: on.clock.now(),
        is_sound: reads_back && lists,
        honours_conditions: honours_create && one_wins,
    };
    let bytes = serde_json::to_vec_pretty(&note).map_err(|error| CliError::Output(error.into()))?;
    on.disk.write(&path, &bytes, Access::Owner).map_err(CliError::from)?;
    Ok(Some(note))
}

/// The name of this folder's probes of a store, kept from before the first one: a probe that was killed is cleared
/// away by the next.
fn chance(on: &Invocation, path: &Path) -> Result<[u8; 16], CliError> {
    let known = match on.disk.read(path, LONGEST) {
        Ok(bytes) => bytes.try_into().ok(),
        Err(error) if error.is_absent() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(chance) = known {
        return Ok(chance);
    }
    let chance = on.seed.bytes(&format!("probe {}", path.display()));
    on.disk.write(path, &chance, Access::Owner)?;
    Ok(chance)
}
