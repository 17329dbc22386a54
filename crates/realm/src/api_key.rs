//! The key that the realm's one user signs requests with.

use std::sync::Arc;

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use keyferry_seams::Seed;
use md5::{Digest, Md5};
use rsa::PrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::RealmError;

/// An API key: the private part as PEM for a client's configuration, the public part for the realm.
pub struct ApiKey {
    pem: Zeroizing<String>,
    public: PublicKey,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

impl ApiKey {
    /// A new RSA-2048 key, the same for the same seed.
    ///
    /// # Errors
    /// If the library can't make one.
    pub fn generate(seed: &Seed) -> Result<Self, RealmError> {
        let key = PrivateKey::new(&mut seed.generator("api key"), 2048).map_err(|_| RealmError::ApiKey)?;
        Self::from_key(&key)
    }

    /// Reads a PKCS#8 PEM; what follows the PEM block is ignored.
    ///
    /// # Errors
    /// If the text is no such key.
    pub fn from_pem(text: &str) -> Result<Self, RealmError> {
        let block = pem::parse(text).map_err(|_| RealmError::ApiKey)?;
        let key = PrivateKey::from_pkcs8_der(block.contents()).map_err(|_| RealmError::ApiKey)?;
        Self::from_key(&key)
    }

    fn from_key(key: &PrivateKey) -> Result<Self, RealmError> {
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| RealmError::ApiKey)?;
        let public = key.as_public_key().to_public_key_der().map_err(|_| RealmError::ApiKey)?;
        let public = PublicKey::try_from(public.into_vec()).map_err(|_| RealmError::ApiKey)?;
        Ok(Self { pem, public })
    }

    /// The private key as PKCS#8 PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The MD5 of the public key's DER, as OCI names API keys by it.
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint()
    }

    /// The public key.
    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// A public key of 2048 to 8192 bits, read once and ready to verify. Stored as DER of a `SubjectPublicKeyInfo`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub(crate) struct PublicKey(Arc<ParsedPublicKey>);

impl PublicKey {
    /// Reads a PEM block `PUBLIC KEY`.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let block = pem::parse(pem).ok().filter(|block| block.tag() == "PUBLIC KEY")?;
        Self::try_from(block.into_contents()).ok()
    }

    pub(crate) fn der(&self) -> &[u8] {
        (*self.0).as_ref()
    }

    /// What OCI names the key by.
    pub(crate) fn fingerprint(&self) -> String {
        let pairs: Vec<_> = Md5::digest(self.der()).iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }

    /// Whether it is a signature of this key over that message.
    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl TryFrom<Vec<u8>> for PublicKey {
    type Error = KeyRejected;
    fn try_from(der: Vec<u8>) -> Result<Self, KeyRejected> {
        Ok(Self(Arc::new(ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)?)))
    }
}

impl From<PublicKey> for Vec<u8> {
    fn from(key: PublicKey) -> Self {
        key.der().to_vec()
    }
}
