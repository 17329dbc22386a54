//! Private keys: read from PEM, able to sign, never shown.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use keyferry_seams::Disk;
use zeroize::Zeroizing;

use super::encrypted::{Closed, open_legacy, open_pkcs8};
use super::pass_phrase::PassPhrase;
use super::{CredentialsError, read_private};

/// An RSA private key.
pub struct PrivateKey(KeyPair);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PrivateKey {
    /// Reads a key file, unless others can read it too.
    pub(super) fn from_file(
        disk: &dyn Disk,
        path: &Path,
        pass_phrase: Option<&PassPhrase>,
    ) -> Result<Self, CredentialsError> {
        let pem = read_private(disk, path, "key file")?;
        Self::read(&pem, &path.display().to_string(), pass_phrase)
    }

    /// Reads the first PEM block, PKCS#8 or PKCS#1. Text around it is allowed: Oracle recommends a line
    /// `OCI_API_KEY` at the end. `origin` names the source in errors.
    ///
    /// # Errors
    /// If it is encrypted, public, or no RSA key.
    pub fn from_pem(text: &[u8], origin: &str) -> Result<Self, CredentialsError> {
        Self::read(text, origin, None)
    }

    /// As [`Self::from_pem`], but the key may be encrypted. If it is not, the pass phrase is not needed.
    pub(super) fn read(
        text: &[u8],
        origin: &str,
        pass_phrase: Option<&PassPhrase>,
    ) -> Result<Self, CredentialsError> {
        let path = origin.to_owned();
        let unusable = |problem: String| CredentialsError::Key { path: path.clone(), problem };
        let block = pem::parse(text).map_err(|_| unusable("there is no PEM block in it".to_owned()))?;
        let (tag, info) = (block.tag().to_owned(), block.headers().get("DEK-Info").map(str::to_owned));
        let der = Zeroizing::new(block.into_contents());
        let der = match (tag.as_str(), info) {
            ("ENCRYPTED PRIVATE KEY", _) => opened(pass_phrase, origin, |by| open_pkcs8(&der, by))?,
            ("PRIVATE KEY" | "RSA PRIVATE KEY", Some(info)) => {
                opened(pass_phrase, origin, |by| open_legacy(&info, &der, by))?
            }
            _ => der,
        };
        let pair = match tag.as_str() {
            "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => KeyPair::from_pkcs8(&der),
            "RSA PRIVATE KEY" => KeyPair::from_der(&der),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(CredentialsError::PublicKey { path }),
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

/// Opens an encrypted key, or says what is missing.
fn opened(
    pass_phrase: Option<&PassPhrase>,
    origin: &str,
    open: impl FnOnce(&PassPhrase) -> Result<Zeroizing<Vec<u8>>, Closed>,
) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let path = origin.to_owned();
    let Some(pass_phrase) = pass_phrase else { return Err(CredentialsError::NoPassPhrase { path }) };
    open(pass_phrase).map_err(|closed| match closed {
        Closed::WrongPassPhrase => {
            CredentialsError::WrongPassPhrase { path, origin: pass_phrase.origin.clone() }
        }
        Closed::Cipher(cipher) => CredentialsError::Cipher { path, cipher },
    })
}
