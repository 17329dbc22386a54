//! TLS for the realm's ports: an authority of its own, kept in its folder, and a certificate for the loopback.

use std::path::Path;
use std::sync::Arc;

use keyferry_seams::{Access, Disk, DiskError};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use zeroize::Zeroizing;

const LARGEST_FILE: u64 = 64 * 1024;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The authority's key is damaged, or no certificate can be made.
    #[error("the realm's certificates could not be made")]
    Certificate(#[from] rcgen::Error),
    /// The library refuses them.
    #[error("the realm's certificates could not be used")]
    Config(#[from] rustls::Error),
}

/// Takes connections that are encrypted.
#[derive(Clone)]
pub(crate) struct Tls(pub(crate) TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// Takes connections with a certificate for 127.0.0.1 and localhost, signed by the authority whose certificate
/// lies in `ca_file`. That one stays the same as long as the folder does.
pub(crate) fn acceptor(ca_file: &Path, key_file: &Path, disk: &dyn Disk) -> Result<Tls, TlsError> {
    let (ca_key, is_new) = authority_key(key_file, disk)?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Keyferry embedded realm");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_is_there = match disk.read(ca_file, LARGEST_FILE) {
        Ok(_) => !is_new,
        Err(e) if e.is_absent() => false,
        Err(e) => return Err(e.into()),
    };
    if !ca_is_there {
        disk.write(ca_file, ca.self_signed(&ca_key)?.pem().as_bytes(), Access::Everyone)?;
    }
    let key = KeyPair::generate()?;
    let mut leaf = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    leaf.distinguished_name.push(DnType::CommonName, "127.0.0.1");
    leaf.use_authority_key_identifier_extension = true;
    let certificate = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Tls(TlsAcceptor::from(Arc::new(config))))
}

fn authority_key(path: &Path, disk: &dyn Disk) -> Result<(KeyPair, bool), TlsError> {
    match disk.read(path, LARGEST_FILE).map(Zeroizing::new) {
        Ok(pem) => Ok((KeyPair::from_pem(&String::from_utf8_lossy(&pem))?, false)),
        Err(e) if e.is_absent() => {
            let key = KeyPair::generate()?;
            disk.create(path, Zeroizing::new(key.serialize_pem()).as_bytes(), Access::Owner)?;
            Ok((key, true))
        }
        Err(e) => Err(e.into()),
    }
}
