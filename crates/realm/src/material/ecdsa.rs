//! ECDSA keys, stored as the secret scalar; signatures are deterministic (RFC 6979), in ASN.1 DER.

use keyferry_seams::Seed;
use keyferry_wire::kms::CurveId;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey};
use zeroize::Zeroizing;

use super::algorithm::Hash;
use crate::crypto_error::CryptoError;

/// The curves of OCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// OCI's name.
    pub(super) fn id(self) -> CurveId {
        match self {
            Self::P256 => CurveId::NistP256,
            Self::P384 => CurveId::NistP384,
            Self::P521 => CurveId::NistP521,
        }
    }

    /// Bytes of a scalar, which is the length of such a key in OCI.
    pub(super) fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The one hash that keys on this curve sign with.
    pub(super) fn hash(self) -> Hash {
        match self {
            Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
        }
    }
}

/// The same code for each curve; the crates differ in nothing but their names.
macro_rules! on {
    ($curve:expr, $module:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $module;
                $body
            }
            Curve::P384 => {
                use p384 as $module;
                $body
            }
            Curve::P521 => {
                use p521 as $module;
                $body
            }
        }
    };
}

/// A scalar of the curve. Nearly all bytes of the right length are one; the few that are not are passed over.
pub(super) fn generate(curve: Curve, seed: &Seed) -> Zeroizing<Vec<u8>> {
    let mut attempt = 0u32;
    loop {
        let bytes = Zeroizing::new(seed.bytes::<66>(&format!("ecdsa {attempt}")));
        let mut scalar = Zeroizing::new(bytes[..curve.length()].to_vec());
        if curve == Curve::P521 {
            // 521 bits are 65 bytes and one bit.
            scalar[0] &= 1;
        }
        if is_scalar(curve, &scalar) {
            return scalar;
        }
        attempt += 1;
    }
}

/// Whether the bytes are a secret scalar of the curve.
pub(super) fn is_scalar(curve: Curve, bytes: &[u8]) -> bool {
    bytes.len() == curve.length() && on!(curve, c => c::ecdsa::SigningKey::from_slice(bytes).is_ok())
}

/// The `SubjectPublicKeyInfo`.
pub(super) fn public_key_der(curve: Curve, scalar: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on!(curve, c => {
        let key = c::ecdsa::SigningKey::from_slice(scalar).map_err(unreadable)?;
        let der = key.verifying_key().to_public_key_der();
        Ok(der.map_err(|_| CryptoError::Library("writing an ECDSA public key"))?.into_vec())
    })
}

/// The private key as PKCS#8 DER.
pub(super) fn private_key_der(curve: Curve, scalar: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    on!(curve, c => {
        let key = c::ecdsa::SigningKey::from_slice(scalar).map_err(unreadable)?;
        Ok(key.to_pkcs8_der().map_err(|_| CryptoError::Library("writing an ECDSA key"))?.to_bytes())
    })
}

pub(super) fn sign(curve: Curve, scalar: &[u8], digest: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on!(curve, c => {
        let key = c::ecdsa::SigningKey::from_slice(scalar).map_err(unreadable)?;
        let signature: c::ecdsa::Signature =
            key.sign_prehash(digest).map_err(|_| CryptoError::Library("signing with ECDSA"))?;
        Ok(signature.to_der().as_bytes().to_vec())
    })
}

pub(super) fn verify(
    curve: Curve,
    scalar: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    on!(curve, c => {
        let key = c::ecdsa::SigningKey::from_slice(scalar).map_err(unreadable)?;
        Ok(c::ecdsa::Signature::from_der(signature)
            .is_ok_and(|signature| key.verifying_key().verify_prehash(digest, &signature).is_ok()))
    })
}

fn unreadable<E>(_: E) -> CryptoError {
    CryptoError::Library("reading an ECDSA key")
}

#[cfg(test)]
mod tests {
    use super::{Curve, sign};
    use crate::material::algorithm::{MessageType, SigningAlgorithm};

    #[test]
    fn signatures_are_those_of_rfc_6979() {
        // A.2.5, A.2.6, A.2.7: the message "sample" with the hash of the curve.
        for (curve, scalar, r, s) in [
            (
                Curve::P256,
                "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
                "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
                "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
            ),
            (
                Curve::P384,
                "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
                "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
                "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
            ),
            (
                Curve::P521,
                "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
                "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA",
                "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A",
            ),
        ] {
            let bytes = |text| hex::decode(text).expect("hexadecimal");
            let name = format!("ECDSA_{}", curve.hash().name());
            let algorithm = SigningAlgorithm::parse(&name).expect("a name of OCI");
            let digest = algorithm.digest_of(b"sample", MessageType::Raw).expect("short");
            let signature = sign(curve, &bytes(scalar), digest.as_ref()).expect("it signs");
            for number in [r, s] {
                let number = bytes(number);
                let start = number.iter().position(|&byte| byte != 0).unwrap_or(0);
                let wanted = &number[start..];
                assert!(signature.windows(wanted.len()).any(|part| part == wanted), "{curve:?}");
            }
        }
    }
}
