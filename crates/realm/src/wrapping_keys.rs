//! The keys that material to import is wrapped with, one per vault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyferry_seams::Seed;

use crate::crypto_error::CryptoError;
use crate::material::{Material, Shape};

/// RSA-4096.
pub(crate) const SHAPE: Shape = Shape::Rsa { length: 512 };

/// Wrapping keys follow from the realm's root key and their own id alone. So they are nowhere stored, a vault
/// that is restored under its own id has the one it had, and a copy of it elsewhere has another.
#[derive(Debug)]
pub(crate) struct WrappingKeys {
    root: Seed,
    /// Making one takes seconds, so it is done when first asked for, and once.
    made: Mutex<BTreeMap<String, Arc<Material>>>,
}

impl WrappingKeys {
    pub(crate) fn new(root_key: &Seed) -> Self {
        Self { root: root_key.child("wrapping keys"), made: Mutex::default() }
    }

    /// The wrapping key with that id.
    pub(crate) fn key(&self, id: &str) -> Result<Arc<Material>, CryptoError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.get(id) {
            return Ok(key.clone());
        }
        let key = Arc::new(Material::generate(SHAPE, &self.root.child(id))?);
        made.insert(id.to_owned(), key.clone());
        Ok(key)
    }

    /// A seed for what else belongs to the key with that id.
    pub(crate) fn seed(&self, id: &str) -> Seed {
        self.root.child(id).child("names")
    }
}
