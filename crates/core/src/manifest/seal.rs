//! Sealing signs the exact bytes; opening checks signature, form and version before anything is believed.

use super::{Manifest, NAMESPACE, SCHEMA, VERSION};
use crate::canonical::{self, CanonicalError};
use crate::sshsig::{AllowedSigners, Signer, SigningKey, TrustError};
use crate::{Code, Explain, Sha256};

/// A manifest's bytes and their signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedManifest {
    /// Canonical JSON.
    pub bytes: Vec<u8>,
    /// SSHSIG armour over exactly these bytes.
    pub signature: String,
}

impl SealedManifest {
    /// Digest of the manifest's bytes.
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.bytes)
    }
}

/// Why a manifest can't be believed.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The signature or the signer.
    #[error("the manifest's signature was not accepted")]
    Trust(#[from] TrustError),
    /// The bytes.
    #[error("the manifest is damaged")]
    Form(#[from] CanonicalError),
    /// A good document of another kind or version.
    #[error("the file is {schema} version {version}, not {SCHEMA} version 1 to {VERSION}")]
    Version {
        /// What it calls itself.
        schema: String,
        /// Its version.
        version: u32,
    },
}

impl Explain for ManifestError {
    fn code(&self) -> Code {
        match self {
            Self::Trust(error) => error.code(),
            Self::Form(_) | Self::Version { .. } => Code::Signature,
        }
    }
}

/// Writes and signs a manifest.
///
/// # Errors
/// If it has no JSON form.
pub fn seal(manifest: &Manifest, key: &SigningKey) -> Result<SealedManifest, CanonicalError> {
    let bytes = canonical::to_bytes(manifest)?;
    let signature = key.sign(NAMESPACE, &bytes);
    Ok(SealedManifest { bytes, signature })
}

/// Checks the signature, then reads the manifest.
///
/// # Errors
/// If the signer is not allowed, the signature does not match, or the document is not a canonical manifest.
pub fn open(sealed: &SealedManifest, allowed: &AllowedSigners) -> Result<(Manifest, Signer), ManifestError> {
    let signer = allowed.verify(NAMESPACE, &sealed.bytes, &sealed.signature)?;
    Ok((open_unverified(&sealed.bytes)?, signer))
}

/// Reads a manifest without knowing who signed it; for listings that say so.
///
/// # Errors
/// If the document is not a canonical manifest.
pub fn open_unverified(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let value: serde_json::Value = canonical::from_bytes(bytes)?;
    let schema =
        value["schema"].as_str().unwrap_or("not a Keyferry document").chars().take(64).collect::<String>();
    let version = value["version"].as_u64().and_then(|v| u32::try_from(v).ok()).unwrap_or(0);
    if schema != SCHEMA || !(1..=VERSION).contains(&version) {
        return Err(ManifestError::Version { schema, version });
    }
    Ok(serde_json::from_value(value).map_err(CanonicalError::Form)?)
}
