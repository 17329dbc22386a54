//! What every step needs: the client, time, chance, and somebody who is told.

use std::sync::Arc;

use keyferry_core::Observer;
use keyferry_oci::Client;
use keyferry_seams::{Clock, Seed};

use crate::Patience;

/// The surroundings of a run.
#[derive(Debug, Clone)]
pub struct Context {
    /// Signed calls.
    pub client: Client,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance: canary plaintexts, challenges and retry tokens come from its children.
    pub seed: Seed,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// How long to wait for the service.
    pub patience: Patience,
}
