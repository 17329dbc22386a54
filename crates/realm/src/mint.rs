//! New identifiers, in the shapes that OCI's have. The same seed gives the same ones.

use keyferry_ids::{RealmName, Region};
use keyferry_seams::Seed;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A new OCID. Old regions are written by key, newer ones by name; global things have no region.
pub(crate) fn ocid(
    kind: &str,
    realm: &RealmName,
    region: Option<Region>,
    extensions: &[&str],
    seed: &Seed,
) -> String {
    let mut parts = vec!["ocid1", kind, realm.as_str(), region.map_or("", |r| r.in_ocids())];
    parts.extend(extensions);
    let unique = letters(&seed.bytes::<60>(kind));
    parts.push(&unique);
    parts.join(".")
}

/// The extension of a vault or key version: base32 of eight bytes, as in real OCIDs.
pub(crate) fn extension(seed: &Seed) -> String {
    let bits = u64::from_be_bytes(seed.bytes("extension"));
    let digit = |at: u32| BASE32[((u128::from(bits) << 1 >> (5 * (12 - at))) & 31) as usize];
    (0..13).map(|at| char::from(digit(at))).collect()
}

/// An etag of key management and identity: 40 hexadecimal digits.
pub(crate) fn etag(seed: &Seed) -> String {
    hex::encode(seed.bytes::<20>("etag"))
}

/// An etag of Object Storage: a UUID.
pub(crate) fn uuid(seed: &Seed) -> String {
    let hex = hex::encode(seed.bytes::<16>("uuid"));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Letters and digits as the last part of an OCID has them.
pub(crate) fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_shapes_of_real_ones() {
        let seed = Seed::from_number(1);
        let iad = Region::parse("iad").expect("known");
        let id = ocid("vault", &iad.realm(), Some(iad), &[&extension(&seed)], &seed);
        let id = keyferry_ids::VaultId::parse(&id).expect("a vault");
        assert_eq!((id.region(), id.unique().len()), (Some(iad), 60));
        assert_eq!(id.as_str().split('.').nth(4).map(str::len), Some(13));
        assert_eq!((etag(&seed).len(), uuid(&seed).len()), (40, 36));
    }
}
