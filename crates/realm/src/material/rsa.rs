//! RSA keys: made and encrypted with by one library that takes our generator, used privately by another.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{self, KeyPair as _, RsaEncoding, RsaParameters, UnparsedPublicKey};
use keyferry_seams::Seed;
use rsa::pkcs8::{DecodePublicKey, EncodePrivateKey};
use rsa::traits::PublicKeyParts;
use rsa::{PrivateKey, PublicKey};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::algorithm::{EncryptionAlgorithm, Hash, Scheme, SigningAlgorithm};
use crate::crypto_error::CryptoError;

/// A new private key as PKCS#8 DER, with exponent 65537.
pub(super) fn generate(length: usize, seed: &Seed) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let key = PrivateKey::new(&mut seed.generator("rsa"), length * 8)
        .map_err(|_| CryptoError::Library("making an RSA key"))?;
    Ok(key.to_pkcs8_der().map_err(|_| CryptoError::Library("storing an RSA key"))?.to_bytes())
}

/// The modulus length in bytes, if this is PKCS#8 of an RSA key.
pub(super) fn length_of(pkcs8: &[u8]) -> Option<usize> {
    KeyPair::from_pkcs8(pkcs8).ok().map(|pair| pair.public_modulus_len())
}

/// The `SubjectPublicKeyInfo`.
pub(super) fn public_key_der(pkcs8: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let der =
        pair(pkcs8)?.public_key().as_der().map_err(|_| CryptoError::Library("writing an RSA public key"))?;
    Ok(der.as_ref().to_vec())
}

/// RSA-OAEP with an empty label and the same hash in the mask generation.
pub(super) fn encrypt(
    pkcs8: &[u8],
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
    seed: &Seed,
) -> Result<Vec<u8>, CryptoError> {
    encrypt_to(&public_key_der(pkcs8)?, algorithm, plaintext, seed)
}

/// The modulus length in bytes, if this is the `SubjectPublicKeyInfo` of an RSA key.
pub(super) fn public_length_of(public_der: &[u8]) -> Option<usize> {
    PublicKey::from_public_key_der(public_der).ok().map(|key| key.size())
}

/// The same to a public key alone.
pub(super) fn encrypt_to(
    public_der: &[u8],
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
    seed: &Seed,
) -> Result<Vec<u8>, CryptoError> {
    let failed = |_| CryptoError::Library("encrypting with RSA");
    let public = PublicKey::from_public_key_der(public_der)
        .map_err(|_| CryptoError::Library("reading an RSA public key"))?;
    let mut generator = seed.generator("rsa oaep");
    match algorithm {
        EncryptionAlgorithm::RsaOaepSha1 => {
            public.oaep_encrypt_with_rng::<Sha1, _>(&mut generator, plaintext)
        }
        _ => public.oaep_encrypt_with_rng::<Sha256, _>(&mut generator, plaintext),
    }
    .map_err(failed)
}

/// The longest plaintext of RSA-OAEP: k − 2h − 2.
pub(super) fn longest_plaintext(length: usize, algorithm: EncryptionAlgorithm) -> usize {
    let hash = if algorithm == EncryptionAlgorithm::RsaOaepSha1 { 20 } else { 32 };
    length - 2 * hash - 2
}

pub(super) fn decrypt(
    pkcs8: &[u8],
    algorithm: EncryptionAlgorithm,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let unreadable = "reading an RSA key";
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| CryptoError::Library(unreadable))?;
    let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CryptoError::Library(unreadable))?;
    let padding = if algorithm == EncryptionAlgorithm::RsaOaepSha1 {
        &OAEP_SHA1_MGF1SHA1
    } else {
        &OAEP_SHA256_MGF1SHA256
    };
    let mut plaintext = Zeroizing::new(vec![0; key.min_output_size()]);
    let length = key
        .decrypt(padding, ciphertext, &mut plaintext, None)
        .map_err(|_| CryptoError::NotDecryptable)?
        .len();
    plaintext.truncate(length);
    Ok(plaintext)
}

/// Signs a digest. The salt of PSS comes from the system's generator: two signatures differ.
pub(super) fn sign(
    pkcs8: &[u8],
    algorithm: SigningAlgorithm,
    digest: &aws_lc_rs::digest::Digest,
) -> Result<Vec<u8>, CryptoError> {
    let pair = pair(pkcs8)?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign_digest(signing(algorithm), digest, &mut signature)
        .map_err(|_| CryptoError::Library("signing with RSA"))?;
    Ok(signature)
}

pub(super) fn verify(
    pkcs8: &[u8],
    algorithm: SigningAlgorithm,
    digest: &aws_lc_rs::digest::Digest,
    signature: &[u8],
) -> Result<bool, CryptoError> {
    let public = UnparsedPublicKey::new(verification(algorithm), public_key_der(pkcs8)?);
    Ok(public.verify_digest(digest, signature).is_ok())
}

fn pair(pkcs8: &[u8]) -> Result<KeyPair, CryptoError> {
    KeyPair::from_pkcs8(pkcs8).map_err(|_| CryptoError::Library("reading an RSA key"))
}

fn signing(algorithm: SigningAlgorithm) -> &'static dyn RsaEncoding {
    match (algorithm.scheme, algorithm.hash) {
        (Scheme::RsaPss, Hash::Sha256) => &signature::RSA_PSS_SHA256,
        (Scheme::RsaPss, Hash::Sha384) => &signature::RSA_PSS_SHA384,
        (Scheme::RsaPss, Hash::Sha512) => &signature::RSA_PSS_SHA512,
        (_, Hash::Sha256) => &signature::RSA_PKCS1_SHA256,
        (_, Hash::Sha384) => &signature::RSA_PKCS1_SHA384,
        (_, Hash::Sha512) => &signature::RSA_PKCS1_SHA512,
    }
}

fn verification(algorithm: SigningAlgorithm) -> &'static RsaParameters {
    match (algorithm.scheme, algorithm.hash) {
        (Scheme::RsaPss, Hash::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        (Scheme::RsaPss, Hash::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        (Scheme::RsaPss, Hash::Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
        (_, Hash::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (_, Hash::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (_, Hash::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
    }
}
