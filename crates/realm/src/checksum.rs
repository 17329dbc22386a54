//! Digests of objects, as Object Storage writes them: base64, and digests of digests for objects in parts.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384};

/// Base64 MD5.
pub(crate) fn md5(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(bytes))
}

/// `opc-multipart-md5`: the digest of the parts' digests, and how many they are.
pub(crate) fn md5_of_parts<'p>(parts: impl Iterator<Item = &'p [u8]>) -> String {
    let digests: Vec<_> = parts.map(Md5::digest).collect();
    format!("{}-{}", md5(&digests.concat()), digests.len())
}

/// What can be asked for besides MD5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChecksumAlgorithm {
    Crc32c,
    Sha256,
    Sha384,
}

impl ChecksumAlgorithm {
    pub(crate) const ALL: [Self; 3] = [Self::Crc32c, Self::Sha256, Self::Sha384];

    /// The word in `opc-checksum-algorithm`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Crc32c => "CRC32C",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
        }
    }

    /// The header with the value.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32c => "opc-content-crc32c",
            Self::Sha256 => "opc-content-sha256",
            Self::Sha384 => "opc-content-sha384",
        }
    }

    /// The error of a value that does not belong to the body.
    pub(crate) fn mismatch(self) -> &'static str {
        match self {
            Self::Crc32c => "UnmatchedContentCRC32C",
            Self::Sha256 => "UnmatchedContentSHA256",
            Self::Sha384 => "UnmatchedContentSHA384",
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Crc32c => crc32c(bytes).to_be_bytes().to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }
}

/// A checksum and the header to show it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    pub(crate) header: String,
    pub(crate) value: String,
}

impl Checksum {
    /// Over an object or part as a whole.
    pub(crate) fn of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Self {
        let value = BASE64_STANDARD.encode(algorithm.digest(bytes));
        Self { header: algorithm.header().to_owned(), value }
    }

    /// Over an object in parts. A CRC is one of the whole object nevertheless.
    pub(crate) fn of_parts(algorithm: ChecksumAlgorithm, parts: &[&[u8]]) -> Self {
        if algorithm == ChecksumAlgorithm::Crc32c {
            return Self::of(algorithm, &parts.concat());
        }
        let digests: Vec<_> = parts.iter().map(|part| algorithm.digest(part)).collect();
        let value = BASE64_STANDARD.encode(algorithm.digest(&digests.concat()));
        let header = algorithm.header().replace("content", "multipart");
        Self { header, value: format!("{value}-{}", parts.len()) }
    }
}

/// The Castagnoli polynomial, bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (mut entry, mut bit) = (at as u32, 0);
        while bit < 8 {
            entry = if entry & 1 == 1 { entry >> 1 ^ POLYNOMIAL } else { entry >> 1 };
            bit += 1;
        }
        table[at] = entry;
        at += 1;
    }
    table
};

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        let [low, ..] = crc.to_le_bytes();
        crc >> 8 ^ TABLE[usize::from(low ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
        assert_eq!(md5(b"hello"), "XUFAKrxLKna5cZ2REBfFkg==");
        let sha = Checksum::of(ChecksumAlgorithm::Sha256, b"");
        assert_eq!(sha.value, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn parts_have_a_digest_of_digests_and_a_crc_of_the_whole() {
        let parts: [&[u8]; 2] = [b"123456", b"789"];
        let sha = Checksum::of_parts(ChecksumAlgorithm::Sha256, &parts);
        assert_eq!(sha.header, "opc-multipart-sha256");
        assert!(sha.value.ends_with("-2"));
        let crc = Checksum::of_parts(ChecksumAlgorithm::Crc32c, &parts);
        assert_eq!(crc, Checksum::of(ChecksumAlgorithm::Crc32c, b"123456789"));
        assert_eq!(crc.header, "opc-content-crc32c");
        assert_eq!(md5_of_parts(parts.into_iter()), md5_of_parts(parts.into_iter()));
    }
}
