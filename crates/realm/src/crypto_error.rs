//! Why key material could not be made, read or used.

/// A refusal or failure of cryptography. All but `Library` are the caller's doing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CryptoError {
    /// OCI knows it, the embedded realm does not offer it.
    #[error("the embedded realm does not offer {0}")]
    Unsupported(String),
    /// No such algorithm in OCI.
    #[error("`{0}` is not the name of an algorithm or message type")]
    UnknownName(String),
    /// Algorithm, length and curve do not go together. Lengths are in bytes, a common mistake.
    #[error("no key has algorithm `{algorithm}`, length {length} (in bytes) and curve {curve}")]
    Shape {
        /// The algorithm as asked for.
        algorithm: String,
        /// The length as asked for.
        length: u32,
        /// The curve as asked for, or `none`.
        curve: String,
    },
    /// The algorithm is good, but not for this key.
    #[error("{algorithm} cannot be used with a key of shape {shape}")]
    OtherKind {
        /// The algorithm asked for.
        algorithm: String,
        /// The shape of the key.
        shape: String,
    },
    /// Too long or empty.
    #[error("{what} must have 1 to {longest} bytes, not {found}")]
    Length {
        /// Which input.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The limit for this key and algorithm.
        longest: usize,
    },
    /// A message given as a digest is not one of that hash.
    #[error("a digest for {algorithm} has {expected} bytes, not {found}")]
    DigestLength {
        /// The signing algorithm.
        algorithm: String,
        /// The length of its hash.
        expected: usize,
        /// The length given.
        found: usize,
    },
    /// The string form of associated data is bounded.
    #[error("the associated data is longer than {longest} characters")]
    AssociatedDataLength {
        /// The limit.
        longest: usize,
    },
    /// RSA-OAEP as OCI uses it has no place to bind associated data to.
    #[error("associated data cannot be bound to an RSA ciphertext")]
    AssociatedDataWithRsa,
    /// Another key, other associated data, or damage: authenticated encryption does not tell which.
    #[error("the ciphertext does not open with this key and associated data")]
    NotDecryptable,
    /// Bytes that are no key of the expected shape.
    #[error("the bytes are not a key of shape {0}")]
    NotAKey(String),
    /// Wrapped with another key or in another way, or damaged.
    #[error("the wrapped key material does not open with the vault's wrapping key")]
    NotUnwrappable,
    /// OCI takes AES and RSA only.
    #[error("an ECDSA key cannot be imported")]
    NotImportable,
    /// What a key shall be exported to.
    #[error("the public key is not PEM of an RSA key of 2048, 3072 or 4096 bits")]
    NotAPublicKey,
    /// A library failed at what it must be able to do.
    #[error("cryptography failed while {0}")]
    Library(&'static str),
}

/// Names that come from a request are shortened before they appear in an error.
pub(crate) fn quoted(name: &str) -> String {
    name.chars().take(60).collect::<String>().escape_debug().to_string()
}
