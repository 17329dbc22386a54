//! The key that the realm's one user signs requests with.

use keyferry_seams::Seed;
use md5::{Digest, Md5};
use rsa::PrivateKey;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use zeroize::Zeroizing;

use crate::RealmError;

/// An API key: the private part as PEM for a client's configuration, the public part for the realm.
pub struct ApiKey {
    pem: Zeroizing<String>,
    public_der: Vec<u8>,
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
        Ok(Self { pem, public_der: public.into_vec() })
    }

    /// The private key as PKCS#8 PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The MD5 of the public key's DER, as OCI names API keys by it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.public_der)
    }

    /// The public key as DER of a `SubjectPublicKeyInfo`.
    pub(crate) fn public_der(&self) -> &[u8] {
        &self.public_der
    }
}

/// The DER of a public key in PEM form, if signatures can be verified with it.
pub(crate) fn public_der_of(pem: &str) -> Option<Vec<u8>> {
    let block = pem::parse(pem).ok().filter(|block| block.tag() == "PUBLIC KEY")?;
    let key = rsa::PublicKey::from_public_key_der(block.contents()).ok()?;
    let is_usable = (2048..=8192).contains(&(key.size() * 8));
    is_usable.then(|| block.into_contents())
}

/// What OCI names a key by.
pub(crate) fn fingerprint(public_der: &[u8]) -> String {
    let pairs: Vec<_> = Md5::digest(public_der).iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}
