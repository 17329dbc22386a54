//! Key shapes: the combinations of algorithm, length and curve that there are.

use std::fmt;

use keyferry_wire::kms::{Algorithm, KeyShape};
use serde::{Deserialize, Serialize};

use super::ecdsa::Curve;
use crate::crypto_error::{CryptoError, quoted};

/// What a key is made of. Lengths are in bytes, as OCI counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KeyShape", into = "KeyShape")]
pub(crate) enum Shape {
    Aes { length: usize },
    Rsa { length: usize },
    Ecdsa(Curve),
}

impl TryFrom<KeyShape> for Shape {
    type Error = CryptoError;
    fn try_from(shape: KeyShape) -> Result<Self, CryptoError> {
        let curve = Curve::ALL.into_iter().find(|curve| {
            (curve.length(), Some(curve.id())) == (shape.length as usize, shape.curve_id.clone())
        });
        match (&shape.algorithm, shape.length, &shape.curve_id) {
            (Algorithm::Aes, 16 | 24 | 32, None) => Ok(Self::Aes { length: shape.length as usize }),
            (Algorithm::Rsa, 256 | 384 | 512, None) => Ok(Self::Rsa { length: shape.length as usize }),
            (Algorithm::Ecdsa, ..) if let Some(curve) = curve => Ok(Self::Ecdsa(curve)),
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
            Shape::Ecdsa(curve) => (Algorithm::Ecdsa, curve.length(), Some(curve.id())),
        };
        Self { algorithm, length: u32::try_from(length).unwrap_or(u32::MAX), curve_id }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aes { length } => write!(f, "AES with {length} bytes"),
            Self::Rsa { length } => write!(f, "RSA with {length} bytes"),
            Self::Ecdsa(curve) => write!(f, "ECDSA on {}", curve.id()),
        }
    }
}

#[cfg(test)]
mod tests {
    use keyferry_wire::kms::{Algorithm, CurveId, KeyShape};

    use super::{CryptoError, Curve, Shape};

    fn shape(algorithm: &str, length: u32, curve: Option<&str>) -> Result<Shape, CryptoError> {
        let algorithm = Algorithm::from(algorithm);
        KeyShape { algorithm, length, curve_id: curve.map(CurveId::from) }.try_into()
    }

    #[test]
    fn lengths_are_bytes_and_lengths_in_bits_are_refused() {
        assert_eq!(shape("AES", 24, None).expect("a good shape"), Shape::Aes { length: 24 });
        assert_eq!(shape("RSA", 512, None).expect("a good shape"), Shape::Rsa { length: 512 });
        let ecdsa = shape("ECDSA", 66, Some("NIST_P521"));
        assert_eq!(ecdsa.expect("a good shape"), Shape::Ecdsa(Curve::P521));
        for (algorithm, length, curve) in [
            ("RSA", 2048, None),
            ("AES", 256, None),
            ("ECDSA", 48, None),
            ("ECDSA", 32, Some("NIST_P384")),
            ("ECDSA", 65, Some("NIST_P521")),
            ("AES", 32, Some("NIST_P384")),
            ("DES", 8, None),
        ] {
            let error = shape(algorithm, length, curve).expect_err("no such shape");
            assert!(matches!(error, CryptoError::Shape { .. }), "{error}");
        }
    }

    #[test]
    fn shapes_survive_storage() {
        let curves = Curve::ALL.map(Shape::Ecdsa);
        for shape in [Shape::Aes { length: 16 }, Shape::Rsa { length: 384 }].into_iter().chain(curves) {
            let stored = serde_json::to_string(&shape).expect("a shape can be stored");
            assert_eq!(serde_json::from_str::<Shape>(&stored).expect("and read"), shape);
        }
        serde_json::from_str::<Shape>(r#"{"algorithm":"AES","length":17}"#).expect_err("no such shape");
    }
}
