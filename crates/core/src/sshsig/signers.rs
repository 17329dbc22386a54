//! Who may sign: OpenSSH's allowed-signers file (`principal [options] ssh-ed25519 KEY`).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::packet::{self, Reader};
use super::{BEGIN, END, HASH, KEY_TYPE, MAGIC, PublicKey, to_be_signed};
use crate::{Code, Explain};

/// Longest signature that is read.
const LONGEST: usize = 4096;

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not an SSHSIG signature by an Ed25519 key.
    #[error("not an Ed25519 signature in SSHSIG form")]
    Form,
    /// Made for another purpose.
    #[error("the signature was made for `{found}`, not for `{expected}`")]
    OtherNamespace {
        /// What is being checked.
        expected: String,
        /// What it says.
        found: String,
    },
    /// The bytes are not the ones that were signed.
    #[error("the signature does not match the bytes")]
    Mismatch,
    /// A good signature by somebody who is not on the list.
    #[error("signed by {0}, which is not among the allowed signers")]
    Unknown(String),
    /// The list itself can't be read.
    #[error("line {0} of the allowed-signers file can't be used")]
    List(usize),
}

impl Explain for TrustError {
    fn code(&self) -> Code {
        match self {
            Self::Unknown(_) | Self::List(_) => Code::Untrusted,
            _ => Code::Signature,
        }
    }
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The name on the list.
    pub principal: String,
    /// `SHA256:...`.
    pub fingerprint: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    principal: String,
    namespaces: Option<Vec<String>>,
    key: PublicKey,
}

/// The list of keys whose signatures count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedSigners(Vec<Entry>);

impl AllowedSigners {
    /// Reads the file. Keys of other algorithms are passed over; `cert-authority` and time limits are refused,
    /// because silently ignoring a restriction would widen it.
    ///
    /// # Errors
    /// Names the first line that can't be used.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = || TrustError::List(index + 1);
            let words: Vec<_> = line.split_whitespace().collect();
            let at = words
                .iter()
                .position(|w| w.starts_with("ssh-") || w.starts_with("ecdsa-") || w.starts_with("sk-"));
            let at = at.filter(|at| *at >= 1).ok_or_else(bad)?;
            if words[at].as_bytes() != KEY_TYPE {
                continue;
            }
            let bytes = words.get(at + 1).and_then(|key| STANDARD.decode(key).ok()).ok_or_else(bad)?;
            let key = PublicKey::from_wire(&bytes).ok_or_else(bad)?;
            let mut namespaces = None;
            for option in &words[1..at] {
                let list = option.strip_prefix("namespaces=").map(|v| v.trim_matches('"')).ok_or_else(bad)?;
                namespaces = Some(list.split(',').map(str::to_owned).collect());
            }
            entries.push(Entry { principal: words[0].to_owned(), namespaces, key });
        }
        Ok(Self(entries))
    }

    /// One key, known by a name.
    #[must_use]
    pub fn with(mut self, principal: &str, key: PublicKey) -> Self {
        self.0.push(Entry { principal: principal.to_owned(), namespaces: None, key });
        self
    }

    /// Checks an armoured signature over a message.
    ///
    /// # Errors
    /// If it does not match, was made for another purpose, or its key is not on the list for this purpose.
    pub fn verify(&self, namespace: &str, message: &[u8], armoured: &str) -> Result<Signer, TrustError> {
        let (key, found, signature) = read(armoured).ok_or(TrustError::Form)?;
        if found != namespace {
            let found = found.chars().take(64).collect::<String>().escape_debug().to_string();
            return Err(TrustError::OtherNamespace { expected: namespace.to_owned(), found });
        }
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(&to_be_signed(namespace, message), &signature)
            .map_err(|_| TrustError::Mismatch)?;
        let is_allowed = |e: &&Entry| {
            e.key == key && e.namespaces.as_ref().is_none_or(|list| list.iter().any(|n| n == namespace))
        };
        let entry = self.0.iter().find(is_allowed).ok_or_else(|| TrustError::Unknown(key.fingerprint()))?;
        Ok(Signer { principal: entry.principal.clone(), fingerprint: key.fingerprint() })
    }
}

fn read(armoured: &str) -> Option<(PublicKey, String, Vec<u8>)> {
    let bytes = packet::unarmour(BEGIN, END, armoured.get(..LONGEST.min(armoured.len()))?)?;
    let mut reader = Reader(&bytes);
    if reader.take(6)? != MAGIC || reader.number()? != 1 {
        return None;
    }
    let key = PublicKey::from_wire(reader.string()?)?;
    let namespace = String::from_utf8(reader.string()?.to_vec()).ok()?;
    let _reserved = reader.string()?;
    if reader.string()? != HASH {
        return None;
    }
    let mut inner = Reader(reader.string()?);
    (inner.string()? == KEY_TYPE).then_some(())?;
    Some((key, namespace, inner.string()?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::SigningKey;
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed([byte; 32]).expect("32 bytes")
    }

    #[test]
    fn a_signature_counts_for_its_bytes_its_purpose_and_its_signer_only() {
        let allowed = AllowedSigners::default().with("backup", key(1).public());
        let signature = key(1).sign("keyferry-manifest", b"hello");
        assert_eq!(
            allowed.verify("keyferry-manifest", b"hello", &signature).expect("good").principal,
            "backup"
        );
        assert_eq!(allowed.verify("keyferry-manifest", b"hellO", &signature), Err(TrustError::Mismatch));
        assert!(matches!(
            allowed.verify("keyferry-plan", b"hello", &signature),
            Err(TrustError::OtherNamespace { .. })
        ));
        let stranger = key(2).sign("keyferry-manifest", b"hello");
        assert!(matches!(
            allowed.verify("keyferry-manifest", b"hello", &stranger),
            Err(TrustError::Unknown(_))
        ));
        assert_eq!(allowed.verify("keyferry-manifest", b"hello", "nonsense"), Err(TrustError::Form));
    }

    #[test]
    fn the_list_keeps_its_restrictions() {
        let line = format!("# team\nops namespaces=\"keyferry-plan\" {}\n", key(1).public().to_line());
        let allowed = AllowedSigners::parse(&line).expect("good");
        assert!(allowed.verify("keyferry-plan", b"x", &key(1).sign("keyferry-plan", b"x")).is_ok());
        let manifest = key(1).sign("keyferry-manifest", b"x");
        assert!(matches!(allowed.verify("keyferry-manifest", b"x", &manifest), Err(TrustError::Unknown(_))));
        assert_eq!(
            AllowedSigners::parse("ops valid-before=\"20300101\" ssh-ed25519 AAAA"),
            Err(TrustError::List(1))
        );
    }

    #[test]
    fn key_files_go_both_ways() {
        let file = key(3).to_openssh("keyferry");
        assert_eq!(SigningKey::from_openssh(&file).expect("own file").public(), key(3).public());
        assert_eq!(SigningKey::from_openssh("x").expect_err("nonsense"), super::super::KeyFileError::Form);
    }
}
