//! ECDSA keys on P-384, stored as the secret scalar; signatures are deterministic (RFC 6979), in ASN.1 DER.

use keyferry_seams::Seed;
use p384::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p384::ecdsa::{Signature, SigningKey};
use p384::pkcs8::EncodePublicKey;
use zeroize::Zeroizing;

use crate::crypto_error::CryptoError;

/// Bytes of a scalar of the curve.
pub(super) const LENGTH: usize = 48;

/// A scalar of the curve. Nearly every 48 bytes are one; the few that are not are passed over.
pub(super) fn generate(seed: &Seed) -> Zeroizing<Vec<u8>> {
    let mut attempt = 0u32;
    loop {
        let scalar = Zeroizing::new(seed.bytes::<LENGTH>(&format!("ecdsa {attempt}")).to_vec());
        if is_scalar(&scalar) {
            return scalar;
        }
        attempt += 1;
    }
}

/// Whether the bytes are a secret scalar of the curve.
pub(super) fn is_scalar(bytes: &[u8]) -> bool {
    bytes.len() == LENGTH && SigningKey::from_slice(bytes).is_ok()
}

/// The `SubjectPublicKeyInfo`.
pub(super) fn public_key_der(scalar: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = key(scalar)?;
    let der = key.verifying_key().to_public_key_der();
    Ok(der.map_err(|_| CryptoError::Library("writing an ECDSA public key"))?.into_vec())
}

pub(super) fn sign(scalar: &[u8], digest: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let signature: Signature =
        key(scalar)?.sign_prehash(digest).map_err(|_| CryptoError::Library("signing with ECDSA"))?;
    Ok(signature.to_der().as_bytes().to_vec())
}

pub(super) fn verify(scalar: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
    let key = key(scalar)?;
    Ok(Signature::from_der(signature)
        .is_ok_and(|signature| key.verifying_key().verify_prehash(digest, &signature).is_ok()))
}

fn key(scalar: &[u8]) -> Result<SigningKey, CryptoError> {
    SigningKey::from_slice(scalar).map_err(|_| CryptoError::Library("reading an ECDSA key"))
}
