//! Waiting for many vaults at once: one listing of a compartment tells all who wait there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use keyferry_core::model::{Vault, VaultState};
use keyferry_ids::{CompartmentId, Region, VaultId};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Context, EngineError};

type Where = (Region, CompartmentId);
type Answer = Option<(Timestamp, BTreeMap<VaultId, VaultState>)>;

/// Runs that seal and publish at the same time. Each then holds its manifest several times over, as text, in requests and
/// as read back; and when the service is done with many vaults at once, or the machine was busy, all of them come to
/// it together.
const SEALING: usize = 8;

/// Who waits where, and what was answered last. Cheap to clone; clones share.
#[derive(Debug, Clone)]
pub struct Waits {
    places: Arc<Mutex<BTreeMap<Where, Arc<Place>>>>,
    sealing: Arc<Semaphore>,
}

impl Default for Waits {
    fn default() -> Self {
        Self { places: Arc::default(), sealing: Arc::new(Semaphore::new(SEALING)) }
    }
}

#[derive(Debug, Default)]
struct Place {
    waiting: Mutex<usize>,
    // Held while asking, so that others wait for the same answer.
    answer: tokio::sync::Mutex<Answer>,
}

/// Somebody who waits; counted until dropped.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Place>);

impl Drop for Waiting {
    fn drop(&mut self) {
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

impl Waits {
    /// Leave to seal a manifest and publish it, until dropped.
    pub(crate) async fn seal(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed, so this only ever waits.
        self.sealing.acquire().await.ok()
    }

    fn place(&self, region: Region, compartment: &CompartmentId) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry((region, compartment.clone())).or_default())
    }

    /// Counts somebody who will ask for states in that compartment.
    pub(crate) fn enter(&self, region: Region, compartment: &CompartmentId) -> Waiting {
        let place = self.place(region, compartment);
        *place.waiting.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Waiting(place)
    }

    /// The state of a vault, at most `fresh` old.
    pub(crate) async fn state_of(
        &self,
        context: &Context,
        region: Region,
        vault: &Vault,
        fresh: Duration,
    ) -> Result<VaultState, EngineError> {
        let place = self.place(region, &vault.compartment_id);
        let is_alone = *place.waiting.lock().unwrap_or_else(PoisonError::into_inner) <= 1;
        if !is_alone {
            let mut answer = place.answer.lock().await;
            let now = context.clock.now();
            let is_fresh =
                |at: &Timestamp| now.duration_since(*at).try_into().is_ok_and(|age: Duration| age <= fresh);
            if !answer.as_ref().is_some_and(|(at, _)| is_fresh(at)) {
                let listed = context.client.vault_states(region, &vault.compartment_id).await?;
                // As of the moment of asking: what happened since may not be in it.
                *answer = Some((now, listed.into_iter().collect()));
            }
            let known = answer.as_ref().and_then(|(_, states)| states.get(&vault.id).cloned());
            if let Some(state) = known {
                return Ok(state);
            }
        }
        // Alone, or moved to another compartment meanwhile.
        Ok(context.client.vault(region, &vault.id).await?.lifecycle_state)
    }
}
