//! A watcher is told that a backup was made: it raises the alarm when it hears nothing.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use keyferry_core::policy::Heartbeat;
use keyferry_seams::{Clock, HttpSend, NoAnswer};

const TRIES: u32 = 3;
/// The pause after the first try; the next is twice as long.
const PAUSE: Duration = Duration::from_secs(2);
/// The answer is not looked at; this much of it may come.
const LONGEST: usize = 64 << 10;

/// Calls it, without anything that says who we are. The trouble is the end of a sentence and holds no address:
/// whoever knows that can keep the watcher quiet.
pub(super) async fn beat(
    http: &dyn HttpSend,
    clock: &dyn Clock,
    watcher: &Heartbeat,
    is_well: bool,
) -> Result<(), String> {
    let address = if is_well { watcher.success().to_owned() } else { watcher.failure() };
    let request = Request::get(address)
        .body(Bytes::new())
        .map_err(|_| "is no address that can be called".to_owned())?;
    let mut tried = 0;
    loop {
        let trouble = match http.send(request.clone(), LONGEST).await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) if !answer.status().is_server_error() => {
                return Err(format!("was refused: {}", answer.status()));
            }
            Ok(answer) => format!("was not taken: {}", answer.status()),
            Err(NoAnswer::TooLarge { .. }) => return Err("was answered with something else".to_owned()),
            Err(error) => format!("was not heard: {error}"),
        };
        tried += 1;
        if tried == TRIES {
            return Err(trouble);
        }
        clock.sleep(PAUSE * tried).await;
    }
}
