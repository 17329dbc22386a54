//! What every step needs: the client, stores, time, chance, and somebody who is told.

use std::sync::Arc;

use keyferry_catalogue::Stores;
use keyferry_core::Observer;
use keyferry_core::sshsig::SigningKey;
use keyferry_oci::{Client, ParUrl};
use keyferry_seams::{Clock, Seed};

use crate::{Patience, Waits};

/// The surroundings of a run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Context {
    /// Signed calls.
    pub client: Client,
    /// Stores of every kind.
    pub stores: Stores,
    /// The pre-authenticated request to write a backup through. A secret, so no plan holds it.
    pub par: Option<ParUrl>,
    /// Signs manifests; runs that make no backup need none.
    pub signing_key: Option<Arc<SigningKey>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance: canary plaintexts, challenges and retry tokens come from its children.
    pub seed: Seed,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// How long to wait for the service.
    pub patience: Patience,
    /// Shares what is learned while waiting.
    pub waits: Waits,
}
