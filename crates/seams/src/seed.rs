//! Chance: one tree of seeded generators. The same root gives the same run.

use hkdf::Hkdf;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// A node of the tree. Children are named, so that drawing one more value in one place does not shift
/// the values drawn in any other.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of a reproducible run.
    pub fn from_number(number: u64) -> Self {
        Self(Sha256::digest(format!("keyferry seed {number}")).into())
    }

    /// The root of a run that nobody can predict, from the system's generator.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn from_system() -> std::io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes))
    }

    /// A root from 32 secret bytes, such as a realm's root key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The child of this node with that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self(self.expand(b"child", name))
    }

    /// `N` bytes (at most 8160) that belong to that name.
    pub fn bytes<const N: usize>(&self, name: &str) -> [u8; N] {
        self.expand(b"bytes", name)
    }

    /// A generator of its own for that name.
    pub fn generator(&self, name: &str) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(self.expand(b"generator", name))
    }

    fn expand<const N: usize>(&self, purpose: &[u8], name: &str) -> [u8; N] {
        let mut out = [0; N];
        // HKDF only fails for outputs over 255 hashes, which no caller asks for.
        if Hkdf::<Sha256>::new(Some(b"keyferry"), &self.0)
            .expand_multi_info(&[purpose, b"\0", name.as_bytes()], &mut out)
            .is_err()
        {
            unreachable!("{N} bytes are more than HKDF-SHA-256 can give");
        }
        out
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn equal_seeds_give_equal_values_and_names_keep_them_apart() {
        let a = Seed::from_number(7).child("vaults").bytes::<16>("x");
        assert_eq!(a, Seed::from_number(7).child("vaults").bytes::<16>("x"));
        assert_ne!(a, Seed::from_number(8).child("vaults").bytes::<16>("x"));
        assert_ne!(a, Seed::from_number(7).child("keys").bytes::<16>("x"));
        assert_ne!(a, Seed::from_number(7).child("vaults").bytes::<16>("y"));
    }

    #[test]
    fn a_seed_is_never_printed() {
        assert_eq!(format!("{:?}", Seed::from_number(7)), "Seed(..)");
    }
}
