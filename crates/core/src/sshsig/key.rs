//! Signing keys in OpenSSH's own file format, and their public halves.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::Digest as _;
use zeroize::Zeroizing;

use super::packet::{self, Reader};
use super::{BEGIN, END, HASH, KEY_TYPE, MAGIC, to_be_signed};

const FILE_BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const FILE_END: &str = "-----END OPENSSH PRIVATE KEY-----";
const FILE_MAGIC: &[u8; 15] = b"openssh-key-v1\0";

/// Why a file is not a usable signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not in OpenSSH's private key format.
    #[error("not an OpenSSH private key")]
    Form,
    /// Encrypted.
    #[error("the key has a pass phrase; make one without by `ssh-keygen -t ed25519 -N ''`")]
    Encrypted,
    /// Another algorithm.
    #[error("only Ed25519 keys can sign; make one by `ssh-keygen -t ed25519`")]
    OtherAlgorithm,
}

/// An Ed25519 key that signs.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().fingerprint())
    }
}

impl SigningKey {
    /// The key that belongs to 32 secret bytes.
    ///
    /// # Errors
    /// Never for 32 bytes; the library's signature allows for it.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, KeyFileError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyFileError::Form)?;
        Ok(Self { seed: Zeroizing::new(seed), pair })
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs a message for one purpose; the result is armoured.
    pub fn sign(&self, namespace: &str, message: &[u8]) -> String {
        let mut signature = Vec::new();
        packet::put(&mut signature, KEY_TYPE);
        packet::put(&mut signature, self.pair.sign(&to_be_signed(namespace, message)).as_ref());
        let mut blob = MAGIC.to_vec();
        blob.extend_from_slice(&1u32.to_be_bytes());
        packet::put(&mut blob, &self.public().to_wire());
        packet::put(&mut blob, namespace.as_bytes());
        packet::put(&mut blob, b"");
        packet::put(&mut blob, HASH);
        packet::put(&mut blob, &signature);
        packet::armour(BEGIN, END, &blob)
    }

    /// Reads an unencrypted OpenSSH private key file.
    ///
    /// # Errors
    /// If it is encrypted, of another algorithm or not such a file.
    pub fn from_openssh(text: &str) -> Result<Self, KeyFileError> {
        let bytes = Zeroizing::new(packet::unarmour(FILE_BEGIN, FILE_END, text).ok_or(KeyFileError::Form)?);
        let mut reader = Reader(&bytes);
        if reader.take(FILE_MAGIC.len()) != Some(FILE_MAGIC) {
            return Err(KeyFileError::Form);
        }
        let cipher = reader.string().ok_or(KeyFileError::Form)?;
        if cipher != b"none" {
            return Err(KeyFileError::Encrypted);
        }
        let secret = (|| {
            let (_kdf, _options) = (reader.string()?, reader.string()?);
            let _count = reader.number()?;
            let _public = reader.string()?;
            reader.string()
        })();
        let mut reader = Reader(secret.ok_or(KeyFileError::Form)?);
        let checks = (reader.number(), reader.number());
        if checks.0.is_none() || checks.0 != checks.1 {
            return Err(KeyFileError::Form);
        }
        if reader.string() != Some(KEY_TYPE) {
            return Err(KeyFileError::OtherAlgorithm);
        }
        let _public = reader.string();
        let pair = reader.string().ok_or(KeyFileError::Form)?;
        let seed: [u8; 32] = pair.get(..32).and_then(|s| s.try_into().ok()).ok_or(KeyFileError::Form)?;
        Self::from_seed(seed)
    }

    /// Writes the file that [`SigningKey::from_openssh`] and ssh-keygen read.
    pub fn to_openssh(&self, comment: &str) -> Zeroizing<String> {
        let public = self.public();
        // Equal numbers tell a reader that decryption worked; they need not be random without a pass phrase.
        let check: [u8; 4] = [public.0[0], public.0[1], public.0[2], public.0[3]];
        let mut secret = Zeroizing::new([check, check].concat());
        packet::put(&mut secret, KEY_TYPE);
        packet::put(&mut secret, &public.0);
        packet::put(&mut secret, &Zeroizing::new([*self.seed, public.0].concat()));
        packet::put(&mut secret, comment.as_bytes());
        for padding in 1..=u8::MAX {
            if secret.len().is_multiple_of(8) {
                break;
            }
            secret.push(padding);
        }
        let mut file = Zeroizing::new(FILE_MAGIC.to_vec());
        packet::put(&mut file, b"none");
        packet::put(&mut file, b"none");
        packet::put(&mut file, b"");
        file.extend_from_slice(&1u32.to_be_bytes());
        packet::put(&mut file, &public.to_wire());
        packet::put(&mut file, &secret);
        Zeroizing::new(packet::armour(FILE_BEGIN, FILE_END, &file))
    }
}

/// The public half of a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub(super) [u8; 32]);

impl PublicKey {
    pub(super) fn to_wire(self) -> Vec<u8> {
        let mut out = Vec::new();
        packet::put(&mut out, KEY_TYPE);
        packet::put(&mut out, &self.0);
        out
    }

    pub(super) fn from_wire(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.string()? != KEY_TYPE {
            return None;
        }
        reader.string()?.try_into().ok().map(Self)
    }

    /// `ssh-ed25519 AAAA...`, as in `.pub` and allowed-signers files.
    pub fn to_line(self) -> String {
        format!("ssh-ed25519 {}", STANDARD.encode(self.to_wire()))
    }

    /// `SHA256:...`, as ssh-keygen shows it.
    pub fn fingerprint(self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(sha2::Sha256::digest(self.to_wire())))
    }
}
