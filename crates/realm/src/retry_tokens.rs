//! Retry tokens: a repeated create is answered like the first one and does nothing.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use http::StatusCode;
use keyferry_wire::{code, headers};

use crate::call::{Call, Effect};
use crate::records::RetryRecord;
use crate::refusal::Refusal;
use crate::services::{dispatch, work_requests};
use crate::tasks::Task;
use crate::world::Change;

const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_TOKEN: usize = 64;

/// Does what the call asks for, unless it was done already under the same token.
pub(crate) fn dispatch_once(call: &Call<'_>, takes_token: bool) -> Result<Effect, Refusal> {
    let Some(token) = call.header(headers::OPC_RETRY_TOKEN).filter(|_| takes_token) else {
        return dispatch(call);
    };
    if token.len() > LONGEST_TOKEN {
        return Err(Refusal::invalid(format!("A retry token has at most {LONGEST_TOKEN} characters.")));
    }
    let digest = digest(call);
    let key = (call.region, call.operation, token.to_owned());
    if let Some(first) = call.world.retries.get(&key) {
        return if first.digest == digest {
            Ok(answer_again(first))
        } else {
            let message = "The retry token was used for another request.";
            Err(Refusal::new(409, code::INVALIDATED_RETRY_TOKEN, message))
        };
    }
    let effect = dispatch(call)?;
    let record = RetryRecord {
        region: call.region,
        operation: call.operation,
        token: token.to_owned(),
        digest,
        status: effect.status.as_u16(),
        headers: effect.headers.clone(),
        body: effect.body.clone(),
    };
    let forget = Task::ForgetRetry { region: key.0, operation: key.1, token: key.2 };
    let due = work_requests::later(call.now, REMEMBERED);
    Ok(effect.change(record).change(Change::Schedule(due, forget)))
}

fn answer_again(first: &RetryRecord) -> Effect {
    let status = StatusCode::from_u16(first.status).unwrap_or(StatusCode::OK);
    Effect { headers: first.headers.clone(), ..Effect::empty(status).with_bytes(first.body.clone()) }
}

/// Over everything that makes the request what it is.
fn digest(call: &Call<'_>) -> String {
    let mut context = Context::new(&SHA256);
    let ext = call.vault_ext.iter();
    let query = call.query.iter().flat_map(|(name, value)| [name, value]);
    for part in ext.chain(&call.names).chain(query) {
        context.update(part.as_bytes());
        context.update(b"\0");
    }
    context.update(call.body);
    hex::encode(context.finish())
}
