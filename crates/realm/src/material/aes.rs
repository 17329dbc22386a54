//! AES-GCM as `nonce ‖ ciphertext ‖ tag`, with nonces that a seed reproduces.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use aws_lc_rs::digest;
use keyferry_seams::Seed;
use zeroize::Zeroizing;

use crate::crypto_error::CryptoError;

/// Encrypts under a key of 16, 24 or 32 bytes.
pub(crate) fn seal(key: &[u8], plaintext: &[u8], aad: &[u8], seed: &Seed) -> Result<Vec<u8>, CryptoError> {
    let failed = |_| CryptoError::Library("encrypting with AES-GCM");
    let nonce = nonce(seed, plaintext, aad);
    let mut sealed = plaintext.to_vec();
    prepare(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .map_err(failed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Decrypts what [`seal`] made.
pub(crate) fn open(key: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(CryptoError::NotDecryptable)?;
    let mut plaintext = Zeroizing::new(rest.to_vec());
    let length = prepare(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut plaintext)
        .map_err(|_| CryptoError::NotDecryptable)?
        .len();
    plaintext.truncate(length);
    Ok(plaintext)
}

/// The nonce depends on what is sealed as well as on the seed: GCM is broken by one nonce over two texts,
/// and a caller may come twice with one seed.
fn nonce(seed: &Seed, plaintext: &[u8], aad: &[u8]) -> [u8; NONCE_LEN] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&(aad.len() as u64).to_be_bytes());
    context.update(aad);
    context.update(plaintext);
    seed.bytes(&format!("nonce {}", hex::encode(context.finish())))
}

fn prepare(key: &[u8]) -> Result<LessSafeKey, CryptoError> {
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::Library("preparing an AES key"))?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::{Seed, nonce, open, seal};

    #[test]
    fn every_aes_length_seals_and_opens() {
        let seed = Seed::from_number(1);
        for length in [16, 24, 32] {
            let key = &seed.bytes::<32>("key")[..length];
            let sealed = seal(key, b"plain", b"aad", &seed).expect("sealing works");
            assert_eq!(sealed.len(), 12 + 5 + 16);
            assert_eq!(open(key, &sealed, b"aad").expect("it opens").as_slice(), b"plain");
            open(key, &sealed, b"other").expect_err("other associated data");
            open(key, &sealed[..20], b"aad").expect_err("too short");
        }
    }

    #[test]
    fn one_seed_gives_other_texts_other_nonces() {
        let seed = Seed::from_number(1);
        assert_eq!(nonce(&seed, b"a", b"b"), nonce(&seed, b"a", b"b"));
        assert_ne!(nonce(&seed, b"a", b"b"), nonce(&seed, b"c", b"b"));
        assert_ne!(nonce(&seed, b"a", b"b"), nonce(&seed, b"", b"ba"));
        assert_ne!(nonce(&seed, b"a", b"b"), nonce(&Seed::from_number(2), b"a", b"b"));
    }
}
