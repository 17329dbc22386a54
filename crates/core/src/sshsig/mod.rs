//! Ed25519 signatures in OpenSSH's SSHSIG form: `ssh-keygen -Y verify` checks them without Keyferry.
//!
//! Format: PROTOCOL.sshsig and PROTOCOL.key of OpenSSH.

mod key;
mod packet;
mod signers;

pub use key::{KeyFileError, PublicKey, SigningKey};
pub use signers::{AllowedSigners, Signer, TrustError};

const MAGIC: &[u8; 6] = b"SSHSIG";
const KEY_TYPE: &[u8] = b"ssh-ed25519";
const HASH: &[u8] = b"sha512";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// What is really signed: the namespace keeps a signature from being used for another purpose.
fn to_be_signed(namespace: &str, message: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    let mut out = MAGIC.to_vec();
    packet::put(&mut out, namespace.as_bytes());
    packet::put(&mut out, b"");
    packet::put(&mut out, HASH);
    packet::put(&mut out, &sha2::Sha512::digest(message));
    out
}
