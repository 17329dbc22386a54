//! The realm in process: an `HttpSend` without a network, on whose clock time passes as if there were one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use keyferry_seams::{BoxFuture, Clock, HttpSend, NoAnswer, Seed};

use crate::realm::{Answer, Realm};

/// How long a client waits for a region that hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// A round trip takes this many milliseconds, and up to [`SPREAD`] more.
const SHORTEST_TRIP: u64 = 20;
const SPREAD: u64 = 100;

/// Sends requests to a realm in this process.
#[derive(Debug)]
pub struct EmbeddedSend {
    realm: Arc<Realm>,
    clock: Arc<dyn Clock>,
    seed: Seed,
    calls: AtomicU64,
}

impl EmbeddedSend {
    /// Round trips take times that follow from the seed.
    pub fn new(realm: Arc<Realm>, clock: Arc<dyn Clock>, seed: Seed) -> Self {
        Self { realm, clock, seed, calls: AtomicU64::new(0) }
    }

    fn trip(&self) -> Duration {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let chance = u64::from_be_bytes(self.seed.bytes(&format!("trip {call}")));
        Duration::from_millis(SHORTEST_TRIP + chance % (SPREAD + 1))
    }
}

impl HttpSend for EmbeddedSend {
    fn send(
        &self,
        request: Request<Bytes>,
        max_reply: usize,
    ) -> BoxFuture<'_, Result<Response<Bytes>, NoAnswer>> {
        Box::pin(async move {
            self.clock.sleep(self.trip()).await;
            let within = |response: Response<Bytes>| {
                let is_short = response.body().len() <= max_reply;
                is_short.then_some(response).ok_or(NoAnswer::TooLarge { limit: max_reply })
            };
            match self.realm.handle(&request, self.clock.now()) {
                Answer::Reply(response) => within(response),
                Answer::Disturbed(response, disturbance) => {
                    self.clock.sleep(disturbance.delay).await;
                    if disturbance.is_broken {
                        return Err(NoAnswer::Broken("the connection broke".to_owned()));
                    }
                    within(response)
                }
                Answer::Refuse => Err(NoAnswer::Unreachable),
                Answer::Hang => {
                    self.clock.sleep(PATIENCE).await;
                    Err(NoAnswer::TimedOut)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use jiff::SignedDuration;
    use keyferry_seams::VirtualClock;

    use super::*;
    use crate::Down;
    use crate::testing::{Client, iad};

    /// Sends one request over a fresh realm and says what came and how long it took.
    fn sent(down: Option<Down>, max_reply: usize) -> (Result<u16, NoAnswer>, SignedDuration) {
        let client = Client::new();
        let request = client.signed(&Method::GET, "http://127.0.0.1:7001/n", &[], b"");
        if let Some(how) = down {
            client.realm.region_down(iad(), how, client.now()).expect("a region of the realm");
        }
        let start = client.now();
        let clock = Arc::new(VirtualClock::new(start));
        let send = EmbeddedSend::new(client.realm, clock.clone(), Seed::from_number(3));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let result = runtime.block_on(send.send(request, max_reply));
        (result.map(|response| response.status().as_u16()), clock.now().duration_since(start))
    }

    #[test]
    fn a_trip_takes_the_same_time_for_the_same_seed() {
        let (result, took) = sent(None, 1000);
        assert_eq!(result, Ok(200));
        assert!((20..=120).contains(&took.as_millis()), "{took}");
        assert_eq!(sent(None, 1000).1, took);
    }

    #[test]
    fn lost_regions_refuse_or_hang_and_long_answers_are_cut_off() {
        assert_eq!(sent(Some(Down::Destroyed), 1000).0, Err(NoAnswer::Unreachable));
        let (result, took) = sent(Some(Down::Hang), 1000);
        assert_eq!(result, Err(NoAnswer::TimedOut));
        assert!(took.as_secs() >= 60);
        assert_eq!(sent(Some(Down::Unavailable), 1000).0, Ok(503));
        assert_eq!(sent(None, 5).0, Err(NoAnswer::TooLarge { limit: 5 }));
    }
}
