//! The embedded realm: a multi-region OCI realm in one process.

mod blob;
mod crypto_error;
mod material;
