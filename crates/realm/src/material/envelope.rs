//! What an AES ciphertext of the service looks like, so that the key version is found from it alone:
//! `KFE ‖ format ‖ material id ‖ nonce ‖ ciphertext ‖ tag`.

use std::fmt;

use keyferry_seams::Seed;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::aes;
use crate::crypto_error::CryptoError;

/// The last byte is the format.
const MAGIC: [u8; 4] = *b"KFE\x01";
const HEADER: usize = MAGIC.len() + 16;

/// Names the material of a key version. Unlike the OCID, it is the same after a restore in another region.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct MaterialId([u8; 16]);

impl MaterialId {
    /// The id that belongs to the seed of a new key version.
    pub(crate) fn mint(seed: &Seed) -> Self {
        Self(seed.bytes("material id"))
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<MaterialId> for String {
    fn from(id: MaterialId) -> Self {
        hex::encode(id.0)
    }
}

impl TryFrom<String> for MaterialId {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

/// An AES ciphertext taken apart, not yet decrypted.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    header: &'a [u8; HEADER],
    sealed: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a ciphertext apart.
    pub(crate) fn parse(ciphertext: &'a [u8]) -> Result<Self, CryptoError> {
        match ciphertext.split_first_chunk() {
            Some((header, sealed)) if header.starts_with(&MAGIC) => Ok(Self { header, sealed }),
            _ => Err(CryptoError::NotDecryptable),
        }
    }

    /// Which material made it, by its own claim; only [`Envelope::open`] proves it.
    pub(crate) fn material_id_of(ciphertext: &[u8]) -> Option<MaterialId> {
        let envelope = Envelope::parse(ciphertext).ok()?;
        envelope.header[MAGIC.len()..].try_into().ok().map(MaterialId)
    }

    pub(super) fn seal(
        material_id: MaterialId,
        key: &[u8],
        plaintext: &[u8],
        aad: &[u8],
        seed: &Seed,
    ) -> Result<Vec<u8>, CryptoError> {
        let header = [MAGIC.as_slice(), &material_id.0].concat();
        let sealed = aes::seal(key, plaintext, &[&header, aad].concat(), seed)?;
        Ok([header, sealed].concat())
    }

    pub(super) fn open(&self, key: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        aes::open(key, self.sealed, &[self.header.as_slice(), aad].concat())
    }
}
