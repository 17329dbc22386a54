//! Sessions: a token that stands for the user for an hour, and the key that it names.

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jiff::Timestamp;
use keyferry_seams::Disk;
use zeroize::Zeroizing;

use super::{CredentialsError, read_private};

/// Real tokens have about two kilobytes. What is longer fits into no header.
const LONGEST: usize = 16 << 10;

/// The time is over for which a session token is good.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the session token {} expired at {at}", path.display())]
pub struct SessionExpired {
    /// The token's file.
    pub path: PathBuf,
    /// Since when.
    pub at: Timestamp,
    /// The command that gets another one.
    pub refresh: String,
}

/// A session that signs.
#[derive(Clone)]
pub(super) struct Session {
    token: Zeroizing<String>,
    /// What there is to say once it is over.
    end: SessionExpired,
}

impl Session {
    /// Reads a token file, unless others can read it too. `refresh` is the command that renews it.
    pub(super) fn from_file(disk: &dyn Disk, path: &Path, refresh: String) -> Result<Self, CredentialsError> {
        let bytes = read_private(disk, path, "token file")?;
        let unusable = |problem| CredentialsError::Token { path: path.to_path_buf(), problem };
        let text = std::str::from_utf8(bytes.trim_ascii()).map_err(|_| unusable("is not text"))?;
        if text.len() > LONGEST {
            return Err(unusable("is too long"));
        }
        let at = expiry(text).map_err(unusable)?;
        let end = SessionExpired { path: path.to_path_buf(), at, refresh };
        Ok(Self { token: Zeroizing::new(text.to_owned()), end })
    }

    /// How signatures name the token.
    pub(super) fn key_id(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("ST${}", *self.token))
    }

    /// OCI answers an expired token with the same 401 as a wrong one; this says which it is.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), SessionExpired> {
        if now < self.end.at { Ok(()) } else { Err(self.end.clone()) }
    }
}

/// The `exp` of a JWT. Its signature is the service's to check.
fn expiry(token: &str) -> Result<Timestamp, &'static str> {
    const NO_JWT: &str = "holds no JWT";
    let parts: Vec<_> = token.split('.').collect();
    let is_jwt = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let [_, claims, _] = *parts.as_slice() else { return Err(NO_JWT) };
    if !parts.iter().all(is_jwt) {
        return Err(NO_JWT);
    }
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).map_err(|_| NO_JWT)?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).map_err(|_| NO_JWT)?;
    let seconds = claims.get("exp").and_then(serde_json::Value::as_i64);
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or("names no time at which it expires")
}
