//! Private keys: read from PEM, able to sign, never shown.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use keyferry_seams::Disk;
use zeroize::Zeroizing;

use super::{CredentialsError, LONGEST};

/// An RSA private key.
pub struct PrivateKey(KeyPair);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PrivateKey {
    /// Reads a key file, unless others can read it too.
    ///
    /// # Errors
    /// If it is readable by others, encrypted, public, or no RSA key.
    pub fn from_file(disk: &dyn Disk, path: &Path) -> Result<Self, CredentialsError> {
        let mode = disk.mode(path)?;
        if mode & 0o077 != 0 {
            return Err(CredentialsError::Readable { path: path.to_path_buf(), mode });
        }
        let pem = Zeroizing::new(disk.read(path, LONGEST)?);
        Self::from_pem(&pem, &path.display().to_string())
    }

    /// Reads the first PEM block, PKCS#8 or PKCS#1. Text around it is allowed: Oracle recommends a line
    /// `OCI_API_KEY` at the end. `origin` names the source in errors.
    ///
    /// # Errors
    /// If it is encrypted, public, or no RSA key.
    pub fn from_pem(text: &[u8], origin: &str) -> Result<Self, CredentialsError> {
        let path = origin.to_owned();
        let unusable = |problem: String| CredentialsError::Key { path: path.clone(), problem };
        let block = pem::parse(text).map_err(|_| unusable("there is no PEM block in it".to_owned()))?;
        let is_encrypted =
            block.headers().iter().any(|(name, value)| name == "Proc-Type" && value.contains("ENCRYPTED"));
        let tag = block.tag().to_owned();
        let der = Zeroizing::new(block.into_contents());
        let pair = match tag.as_str() {
            "ENCRYPTED PRIVATE KEY" => return Err(CredentialsError::Encrypted { path }),
            "PRIVATE KEY" | "RSA PRIVATE KEY" if is_encrypted => {
                return Err(CredentialsError::Encrypted { path });
            }
            "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(CredentialsError::PublicKey { path }),
            "PRIVATE KEY" => KeyPair::from_pkcs8(&der),
            "RSA PRIVATE KEY" => KeyPair::from_der(&der),
            other => {
                let other: String = other.chars().take(40).collect();
                return Err(unusable(format!("its PEM block is a {}", other.escape_debug())));
            }
        };
        pair.map(Self).map_err(|rejected| unusable(rejected.to_string()))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256. Deterministic: the generator only blinds.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }
}
