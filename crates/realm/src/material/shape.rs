//! Key shapes: the combinations of algorithm, length and curve the embedded realm can make.

use std::fmt;

use keyferry_wire::kms::{Algorithm, CurveId, KeyShape};
use serde::{Deserialize, Serialize};

use crate::crypto_error::{CryptoError, quoted};

/// What a key is made of. Lengths are in bytes, as OCI counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeyShape", into = "KeyShape")]
pub(crate) enum Shape {
    Aes { length: usize },
    Rsa { length: usize },
    EcdsaP384,
}

impl TryFrom<KeyShape> for Shape {
    type Error = CryptoError;
    fn try_from(shape: KeyShape) -> Result<Self, CryptoError> {
        match (&shape.algorithm, shape.length, &shape.curve_id) {
            (Algorithm::Aes, 16 | 24 | 32, None) => Ok(Self::Aes { length: shape.length as usize }),
            (Algorithm::Rsa, 256 | 384 | 512, None) => Ok(Self::Rsa { length: shape.length as usize }),
            (Algorithm::Ecdsa, 48, Some(CurveId::NistP384)) => Ok(Self::EcdsaP384),
            (Algorithm::Ecdsa, 32, Some(curve @ CurveId::NistP256))
            | (Algorithm::Ecdsa, 66, Some(curve @ CurveId::NistP521)) => {
                Err(CryptoError::Unsupported(format!("ECDSA on {curve}")))
            }
            (algorithm, length, curve) => Err(CryptoError::Shape {
                algorithm: quoted(algorithm.as_str()),
                length,
                curve: curve.as_ref().map_or_else(|| "none".to_owned(), |curve| quoted(curve.as_str())),
            }),
        }
    }
}

impl From<Shape> for KeyShape {
    fn from(shape: Shape) -> Self {
        let (algorithm, length, curve_id) = match shape {
            Shape::Aes { length } => (Algorithm::Aes, length, None),
            Shape::Rsa { length } => (Algorithm::Rsa, length, None),
            Shape::EcdsaP384 => (Algorithm::Ecdsa, 48, Some(CurveId::NistP384)),
        };
        Self { algorithm, length: u32::try_from(length).unwrap_or(u32::MAX), curve_id }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aes { length } => write!(f, "AES with {length} bytes"),
            Self::Rsa { length } => write!(f, "RSA with {length} bytes"),
            Self::EcdsaP384 => f.write_str("ECDSA on NIST_P384"),
        }
    }
}

#[cfg(test)]
mod tests {
    use keyferry_wire::kms::{Algorithm, CurveId, KeyShape};

    use super::{CryptoError, Shape};

    fn shape(algorithm: &str, length: u32, curve: Option<&str>) -> Result<Shape, CryptoError> {
        let algorithm = Algorithm::from(algorithm);
        KeyShape { algorithm, length, curve_id: curve.map(CurveId::from) }.try_into()
    }

    #[test]
    fn lengths_are_bytes_and_lengths_in_bits_are_refused() {
        assert_eq!(shape("AES", 24, None).expect("a good shape"), Shape::Aes { length: 24 });
        assert_eq!(shape("RSA", 512, None).expect("a good shape"), Shape::Rsa { length: 512 });
        for (algorithm, length, curve) in [
            ("RSA", 2048, None),
            ("AES", 256, None),
            ("ECDSA", 48, None),
            ("AES", 32, Some("NIST_P384")),
            ("DES", 8, None),
        ] {
            let error = shape(algorithm, length, curve).expect_err("no such shape");
            assert!(matches!(error, CryptoError::Shape { .. }), "{error}");
        }
    }

    #[test]
    fn the_other_two_curves_of_oci_are_named_as_not_offered() {
        for (length, curve) in [(32, "NIST_P256"), (66, "NIST_P521")] {
            let error = shape("ECDSA", length, Some(curve)).expect_err("not offered");
            assert_eq!(error.to_string(), format!("the embedded realm does not offer ECDSA on {curve}"));
        }
    }

    #[test]
    fn shapes_survive_storage() {
        for shape in [Shape::Aes { length: 16 }, Shape::Rsa { length: 384 }, Shape::EcdsaP384] {
            let stored = serde_json::to_string(&shape).expect("a shape can be stored");
            assert_eq!(serde_json::from_str::<Shape>(&stored).expect("and read"), shape);
        }
        serde_json::from_str::<Shape>(r#"{"algorithm":"AES","length":17}"#).expect_err("no such shape");
    }
}
