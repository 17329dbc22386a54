//! The last inventory, kept for whoever asks without calling anybody: `STATE/inventory.json`.

use std::path::PathBuf;

use keyferry_core::{Code, Explain, Inventory};
use keyferry_seams::{Access, DiskError};

use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

/// Longest inventory that is read back.
const LONGEST: u64 = 1 << 30;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
enum LastError {
    #[error("no inventory was taken yet on this machine")]
    Absent(#[source] DiskError),
    #[error("the last inventory can't be read")]
    Form(#[source] serde_json::Error),
}

impl Explain for LastError {
    fn code(&self) -> Code {
        match self {
            Self::Absent(_) => Code::NotFound,
            Self::Form(_) => Code::Settings,
        }
    }

    fn help(&self) -> Vec<String> {
        vec!["run `keyferry coverage` without --offline, or `keyferry inventory`".to_owned()]
    }
}

fn path(on: &Invocation) -> Result<PathBuf, CliError> {
    Ok(on.state()?.join("inventory.json"))
}

/// Keeps an inventory of everything.
pub(in crate::commands) fn keep(on: &Invocation, inventory: &Inventory) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(inventory).map_err(LastError::Form)?;
    on.disk.write(&path(on)?, &bytes, Access::Owner).map_err(CliError::from)?;
    Ok(())
}

/// The last one.
pub(super) fn last(on: &Invocation) -> Result<Inventory, Failure> {
    let bytes = match on.disk.read(&path(on)?, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.is_absent() => return Err(LastError::Absent(error).into()),
        Err(error) => return Err(CliError::from(error).into()),
    };
    Ok(serde_json::from_slice(&bytes).map_err(LastError::Form)?)
}
