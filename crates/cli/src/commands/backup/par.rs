//! `--par-file`: the URL of a pre-authenticated request comes from where nobody else reads along, never from the
//! command line.

use std::io::{BufRead as _, Read as _};
use std::path::Path;
use std::sync::PoisonError;

use keyferry_backup::{Extent, FleetVault};
use keyferry_core::model::{StoreUrl, Vault};
use keyferry_oci::ParUrl;

use crate::failure::{CliError, Failure};
use crate::invocation::{Cloud, Invocation};

/// Longest text that is read.
const LONGEST: u64 = 8 << 10;

/// Reads it from a file, or from standard input for `-`.
pub(crate) fn read(on: &Invocation, cloud: &Cloud, file: &Path) -> Result<ParUrl, Failure> {
    // It would be repeated in the error of a file that can't be found, and is in the shell's history already.
    if file.to_string_lossy().contains("://") {
        let text = "--par-file takes a file that holds the URL, never the URL: make a new request, this one was seen";
        return Err(CliError::Usage(text.into()).into());
    }
    let bytes = if file == Path::new("-") {
        let mut stdin = on.stdin.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        let read = stdin.by_ref().take(LONGEST).read_until(b'\n', &mut bytes);
        read.map_err(|error| CliError::Usage(format!("standard input can't be read: {error}")))?;
        bytes
    } else {
        on.disk.read(file, LONGEST).map_err(CliError::from)?
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| CliError::Usage("the URL of a pre-authenticated request is plain text".into()))?;
    Ok(ParUrl::parse(&text, cloud.client.endpoints())?)
}

/// The one vault that goes through a pre-authenticated request. The service writes its file wherever the request
/// leads; its manifest and its chain need a store that we can list, which is the first copy's.
pub(super) fn through(
    par: &ParUrl,
    meant: Vec<(Vault, Extent)>,
    mut copies: Vec<StoreUrl>,
) -> Result<Vec<FleetVault>, CliError> {
    let usage = |text: &str| CliError::Usage(text.into());
    let one = <[(Vault, Extent); 1]>::try_from(meant);
    let [(vault, extent)] =
        one.map_err(|_| usage("a pre-authenticated request takes one vault or one key"))?;
    if matches!(&extent, Extent::Keys(keys) if keys.len() > 1) {
        return Err(usage("a pre-authenticated request takes one key"));
    }
    let first = copies.iter().position(|copy| copy.oci().is_some());
    let Some(StoreUrl::Oci(store)) = first.map(|at| copies.remove(at)) else {
        return Err(usage(
            "--par-file needs a bucket for the manifest: add --copy-to oci://BUCKET@NAMESPACE/REGION",
        ));
    };
    let (id, name, region) = (vault.id, vault.name, vault.region);
    Ok(vec![FleetVault { id, name, region, store, copies, extent, par: Some(par.place().clone()) }])
}
