//! Checks signatures against a recorded public key, without the service.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// The DER bytes of a PEM public key, for comparing keys whatever their line ends are.
pub(crate) fn der_of(pem: &str) -> Option<Vec<u8>> {
    pem::parse(pem).ok().map(pem::Pem::into_contents)
}

/// Whether a signature is by the holder of this public key; `None` for an algorithm that is not checked here.
pub(crate) fn is_signature_by(pem: &str, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let verification: &'static dyn VerificationAlgorithm = match algorithm {
        "SHA_256_RSA_PKCS1_V1_5" => &RSA_PKCS1_2048_8192_SHA256,
        "ECDSA_SHA_256" => &ECDSA_P256_SHA256_ASN1,
        "ECDSA_SHA_384" => &ECDSA_P384_SHA384_ASN1,
        "ECDSA_SHA_512" => &ECDSA_P521_SHA512_ASN1,
        _ => return None,
    };
    let der = der_of(pem)?;
    Some(UnparsedPublicKey::new(verification, der).verify(message, signature).is_ok())
}
