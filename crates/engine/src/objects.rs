//! Reads objects back and copies them, inside the cloud and out of it.

use keyferry_core::Sha256;
use keyferry_core::journal::Output;
use keyferry_core::model::{ObjectPlace, OciStore, StoreUrl};
use keyferry_core::plan::ExpectedBytes;

use crate::wait::until;
use crate::{Context, EngineError, jobs};

/// Longest service file that is read back. Real ones are some kilobytes per key.
const LONGEST_BLOB: usize = 1 << 30;

pub(crate) async fn check(
    context: &Context,
    at: &ObjectPlace,
    expect: Option<ExpectedBytes>,
) -> Result<Output, EngineError> {
    let missing = || EngineError::ObjectMissing(at.to_string());
    let facts = context.client.head_object(at).await?.ok_or_else(missing)?;
    if let Some(expected) = expect
        && facts.size != expected.size
    {
        return Err(differs(at, expected, format!("{} bytes", facts.size)));
    }
    let limit = usize::try_from(facts.size).unwrap_or(usize::MAX).min(LONGEST_BLOB);
    let read = context.client.object(at, limit).await?;
    let bytes = ExpectedBytes { size: read.len() as u64, sha256: Sha256::of(&read) };
    match expect {
        Some(expected) if expected != bytes => {
            Err(differs(at, expected, format!("{} bytes with SHA-256 {}", bytes.size, bytes.sha256)))
        }
        _ if bytes.size == 0 => Err(EngineError::ObjectMissing(format!("{at} is empty; its content"))),
        _ => Ok(Output::Checked { bytes, facts }),
    }
}

/// Why an object that the service says it wrote can't be read. Absent and forbidden sound alike; only a list tells
/// them apart.
pub(crate) async fn lost(context: &Context, at: &ObjectPlace, error: EngineError) -> EngineError {
    let bucket = OciStore {
        bucket: at.bucket.clone(),
        namespace: at.namespace.clone(),
        region: at.region,
        prefix: String::new(),
    };
    match context.client.list_objects(&bucket, &at.name).await {
        Ok(_) if matches!(error, EngineError::ObjectMissing(_)) => error,
        Err(error) if !error.is_absent_or_forbidden() => error.into(),
        _ => EngineError::Unverified(at.to_string()),
    }
}

fn differs(at: &ObjectPlace, expected: ExpectedBytes, found: String) -> EngineError {
    EngineError::ObjectDiffers {
        object: at.to_string(),
        expected: format!("{} bytes with SHA-256 {}", expected.size, expected.sha256),
        found,
    }
}

/// Has the service copy, or copies through the client where the service may not: its right to read and write for
/// us is a policy of its own, which many tenancies lack.
pub(crate) async fn copy(
    context: &Context,
    from: &ObjectPlace,
    to: &ObjectPlace,
    expect: Option<ExpectedBytes>,
) -> Result<Output, EngineError> {
    let asked_at = context.clock.now();
    let client = &context.client;
    let id = match client.copy_object(from, to).await {
        Ok(id) => id,
        Err(error) if error.is_refusal() && !error.is_absent_or_forbidden() => {
            return through_the_client(context, from, to, expect).await;
        }
        Err(error) => return Err(error.into()),
    };
    let work = until(context, "the copy", async || {
        Ok(jobs::ended(client.object_work_request(from.region, &id).await?).flatten())
    });
    let work = work.await?;
    if work.status.is_failure() {
        // Somebody, perhaps an earlier attempt of ours, has put an object there; it is read back next.
        if client.head_object(to).await?.is_some() {
            return Ok(Output::Done { work_request_id: Some(id), asked_at, vault_id: None });
        }
        let errors = client.object_work_request_errors(from.region, &id).await.unwrap_or_default();
        return Err(EngineError::WorkRequest { id, status: work.status.to_string(), errors });
    }
    Ok(Output::Done { work_request_id: Some(id), asked_at, vault_id: None })
}

async fn through_the_client(
    context: &Context,
    from: &ObjectPlace,
    to: &ObjectPlace,
    expect: Option<ExpectedBytes>,
) -> Result<Output, EngineError> {
    let asked_at = context.clock.now();
    let bytes = read(context, from, expect).await?;
    match context.client.put_object(to, bytes, true).await {
        Ok(_) => {}
        // It is read back next.
        Err(error) if error.is_precondition_failed() => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Output::Done { work_request_id: None, asked_at, vault_id: None })
}

/// Copies out of the cloud. The store reads back what it wrote.
pub(crate) async fn copy_out(
    context: &Context,
    from: &ObjectPlace,
    to: &StoreUrl,
    name: &str,
    expect: Option<ExpectedBytes>,
) -> Result<Output, EngineError> {
    let bytes = read(context, from, expect).await?;
    context.stores.open(to)?.put(name, bytes).await?;
    Ok(Output::Stored)
}

async fn read(
    context: &Context,
    from: &ObjectPlace,
    expect: Option<ExpectedBytes>,
) -> Result<bytes::Bytes, EngineError> {
    let expected = expect.ok_or(EngineError::NoResult)?;
    let limit = usize::try_from(expected.size).unwrap_or(usize::MAX).min(LONGEST_BLOB);
    let bytes = context.client.object(from, limit).await?;
    let found = ExpectedBytes { size: bytes.len() as u64, sha256: Sha256::of(&bytes) };
    if found == expected {
        return Ok(bytes);
    }
    Err(differs(from, expected, format!("{} bytes with SHA-256 {}", found.size, found.sha256)))
}
