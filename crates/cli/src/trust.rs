//! The key that signs our manifests, and the keys whose signatures count.

use std::path::{Path, PathBuf};

use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_seams::Access;

use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;

/// The name under which our own key signs.
const PRINCIPAL: &str = "keyferry";
/// Longest key or list that is read.
const LONGEST: u64 = 1 << 20;

fn key_path(on: &Invocation) -> Result<PathBuf, CliError> {
    Ok(match &on.globals.signing_key {
        Some(path) => path.clone(),
        None => on.state()?.join("signing_key"),
    })
}

/// Our own key, if there is one.
fn existing_key(on: &Invocation) -> Result<Option<SigningKey>, CliError> {
    let path = key_path(on)?;
    let mode = match on.disk.mode(&path) {
        Ok(mode) => mode,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if mode & 0o077 != 0 {
        return Err(CliError::SigningKeyReadable { path, mode });
    }
    let bytes = on.disk.read(&path, LONGEST)?;
    let text = String::from_utf8_lossy(&bytes);
    SigningKey::from_openssh(&text).map(Some).map_err(|source| CliError::SigningKey { path, source })
}

/// The public half of our own key, if there is one, as a line of an allowed-signers file has it.
pub(crate) fn public_key(on: &Invocation) -> Result<Option<String>, Failure> {
    Ok(existing_key(on)?.map(|key| key.public().to_line()))
}

/// Our own key, made if there is none. Its public half is told: without it nobody else can check what it signs.
pub(crate) fn signing_key(on: &Invocation) -> Result<SigningKey, Failure> {
    let path = key_path(on)?;
    if let Some(key) = existing_key(on)? {
        // Killed before the public half was told. Beside a key of the user's own we write nothing.
        let is_ours = on.globals.signing_key.is_none();
        if is_ours && on.disk.look(&public_half(&path)).map_err(CliError::from)?.is_none() {
            tell(on, &path, &key)?;
        }
        return Ok(key);
    }
    let key = SigningKey::from_seed(on.seed.bytes("signing key"))
        .map_err(|source| CliError::SigningKey { path: path.clone(), source })?;
    on.disk.create(&path, key.to_openssh(PRINCIPAL).as_bytes(), Access::Owner).map_err(CliError::from)?;
    tell(on, &path, &key)?;
    Ok(key)
}

fn public_half(path: &Path) -> PathBuf {
    path.with_added_extension("pub")
}

fn tell(on: &Invocation, path: &Path, key: &SigningKey) -> Result<(), CliError> {
    let line = format!("{} {PRINCIPAL}\n", key.public().to_line());
    on.disk.write(&public_half(path), line.as_bytes(), Access::Everyone)?;
    on.printer.note(&format!("made the signing key {}", path.display()));
    on.printer
        .note("keep its public half where disaster can't reach it, as a line of an allowed-signers file:");
    on.printer.note(&format!("  {PRINCIPAL} {}", key.public().to_line()));
    Ok(())
}

/// The list of `--allowed-signers`, and our own key. May be empty.
pub(crate) fn known_signers(on: &Invocation) -> Result<AllowedSigners, Failure> {
    let list = match &on.globals.allowed_signers {
        Some(path) => Some(on.disk.read(path, LONGEST).map_err(CliError::from)?),
        None => match on.disk.read(&on.state()?.join("allowed_signers"), LONGEST) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.is_absent() => None,
            Err(error) => return Err(CliError::from(error).into()),
        },
    };
    let mut signers = match list {
        Some(bytes) => AllowedSigners::parse(&String::from_utf8_lossy(&bytes))?,
        None => AllowedSigners::default(),
    };
    if let Some(key) = existing_key(on)? {
        signers = signers.with(PRINCIPAL, key.public());
    }
    Ok(signers)
}

/// The same, but there has to be somebody: before anything is restored or proven.
pub(crate) fn allowed_signers(on: &Invocation) -> Result<AllowedSigners, Failure> {
    let signers = known_signers(on)?;
    if signers == AllowedSigners::default() {
        return Err(CliError::NoSigners { list: on.state()?.join("allowed_signers") }.into());
    }
    Ok(signers)
}
