//! Splits a fleet over workers that know nothing of each other.

use std::str::FromStr;

use keyferry_core::Sha256;
use keyferry_ids::VaultId;

/// Worker `index` (from 0) of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// Not `INDEX/COUNT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write INDEX/COUNT, with indices from 0: the workers of four are 0/4, 1/4, 2/4 and 3/4")]
pub struct ShardError;

impl Shard {
    /// True if the vault is this worker's. It follows from the OCID alone, so it stays the same when vaults come
    /// and go.
    pub fn has(self, vault: &VaultId) -> bool {
        let digest = Sha256::of(vault.as_str().as_bytes()).to_string();
        let number = u32::from_str_radix(&digest[..8], 16).unwrap_or(0);
        number % self.count == self.index
    }

    /// This worker's share of the request rate, which is the tenancy's and not the worker's.
    pub fn share(self) -> f64 {
        1.0 / f64::from(self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError)?;
        let (index, count) = (index.parse().map_err(|_| ShardError)?, count.parse().map_err(|_| ShardError)?);
        if index < count && count <= 1000 { Ok(Self { index, count }) } else { Err(ShardError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vault_has_exactly_one_worker() {
        let shards: Vec<Shard> = (0..4).map(|i| format!("{i}/4").parse().expect("a shard")).collect();
        let mut sizes = [0; 4];
        for number in 0..400 {
            let vault =
                VaultId::parse(&format!("ocid1.vault.oc1.iad.aaaaaaaaaaaaa.v{number}")).expect("a vault");
            let having: Vec<_> = (0..4).filter(|i| shards[*i].has(&vault)).collect();
            assert_eq!(having.len(), 1);
            sizes[having[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (60..140).contains(size)), "{sizes:?}");
        for bad in ["4/4", "0/0", "1", "a/b", "-1/3", "0/9999"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
