//! Why there are no credentials.

use std::path::PathBuf;

use keyferry_ids::{OcidError, RegionError};
use keyferry_seams::DiskError;

use super::SessionExpired;

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file can't be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Not an INI file; its lines are not repeated, for they may hold a pass phrase.
    #[error("{} can't be understood: {problem}", path.display())]
    Grammar {
        /// The file.
        path: PathBuf,
        /// Line and rule.
        problem: String,
    },
    /// No such profile.
    #[error("{} has no profile [{profile}]", path.display())]
    NoProfile {
        /// The file.
        path: PathBuf,
        /// The profile asked for.
        profile: String,
    },
    /// A value is missing.
    #[error("{origin} has no `{name}`")]
    Missing {
        /// Profile or environment.
        origin: String,
        /// The value.
        name: &'static str,
    },
    /// A value is not of its form.
    #[error("`{name}` of {origin} can't be used")]
    Value {
        /// Profile or environment.
        origin: String,
        /// The value.
        name: &'static str,
        /// Why.
        #[source]
        source: OcidError,
    },
    /// The region is not known.
    #[error("`region` of {origin} can't be used")]
    Region {
        /// Profile or environment.
        origin: String,
        /// Why.
        #[source]
        source: RegionError,
    },
    /// Another kind of credentials.
    #[error("credentials of the kind `{}` are not supported yet", .0.escape_debug())]
    UnsupportedAuth(String),
    /// Others could read the key or the token.
    #[error("the {what} {} can be read by others (mode {mode:o})", path.display())]
    Readable {
        /// Which kind of file.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A pass phrase would be needed.
    #[error("{path} is encrypted, and there is no pass phrase for it")]
    NoPassPhrase {
        /// The key file.
        path: String,
    },
    /// Or the file is damaged: nobody can tell.
    #[error("the pass phrase from {origin} does not open {path}")]
    WrongPassPhrase {
        /// The key file.
        path: String,
        /// Where the pass phrase was set.
        origin: String,
    },
    /// Encrypted in a way that is out of use or never was in it.
    #[error("{path} is encrypted in a way that can't be read: {cipher}")]
    Cipher {
        /// The key file.
        path: String,
        /// What was found.
        cipher: String,
    },
    /// Not a session token.
    #[error("the session token {} {problem}", path.display())]
    Token {
        /// The token's file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// It was one.
    #[error(transparent)]
    SessionExpired(#[from] SessionExpired),
    /// The other half of the pair.
    #[error("{path} holds a public key; `key_file` has to name the private key")]
    PublicKey {
        /// The key file.
        path: String,
    },
    /// Not a private key that can sign.
    #[error("{path} holds no usable RSA private key: {problem}")]
    Key {
        /// The key file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}
