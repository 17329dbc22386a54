//! Opens private keys under a pass phrase, in the two forms that openssl writes.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use aes::{Aes128Dec, Aes192Dec, Aes256Dec};
use cbc::Decryptor;
use des::TdesEde3;
use md5::{Digest, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::{AnyRef, Decode};
use pkcs8::pkcs5;
use zeroize::Zeroizing;

use super::pass_phrase::PassPhrase;

/// Openssl derives keys in 2048 rounds, today's advice is 600,000. A file that asks for more than this would
/// only keep us busy.
const MOST_ROUNDS: u32 = 10_000_000;

/// The DER of a private key.
type Opened = Zeroizing<Vec<u8>>;

/// Why a key stays closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Another pass phrase, or a damaged file: nobody can tell.
    WrongPassPhrase,
    /// Not encrypted in a way that we read.
    Cipher(String),
}

/// Opens a block `ENCRYPTED PRIVATE KEY`: PBES2 with PBKDF2 and AES. The library would take any number of rounds,
/// and with scrypt any amount of memory.
pub(super) fn open_pkcs8(der: &[u8], pass_phrase: &PassPhrase) -> Result<Opened, Closed> {
    let other = || Closed::Cipher("it is not PBES2 with PBKDF2 and AES".to_owned());
    let key = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| other())?;
    let parameters = key.encryption_algorithm.pbes2().ok_or_else(other)?;
    let rounds = parameters.kdf.pbkdf2().ok_or_else(other)?.iteration_count;
    if rounds > MOST_ROUNDS {
        return Err(Closed::Cipher(format!("PBKDF2 of {rounds} rounds")));
    }
    match parameters.decrypt(pass_phrase.bytes(), key.encrypted_data.as_bytes()) {
        Ok(opened) => checked(Zeroizing::new(opened)),
        Err(pkcs5::Error::DecryptFailed) => Err(Closed::WrongPassPhrase),
        Err(unknown) => Err(Closed::Cipher(unknown.to_string())),
    }
}

/// Opens a block with the header `DEK-Info: CIPHER,IV`, as openssl wrote keys before PKCS#8.
pub(super) fn open_legacy(info: &str, bytes: &[u8], pass_phrase: &PassPhrase) -> Result<Opened, Closed> {
    let unknown = || Closed::Cipher(info.chars().take(40).collect::<String>().escape_debug().to_string());
    let (cipher, iv) = info.split_once(',').ok_or_else(unknown)?;
    let iv = hex::decode(iv.trim()).map_err(|_| unknown())?;
    let open = match cipher.trim() {
        "AES-128-CBC" => open_cbc::<Aes128Dec>,
        "AES-192-CBC" => open_cbc::<Aes192Dec>,
        "AES-256-CBC" => open_cbc::<Aes256Dec>,
        "DES-EDE3-CBC" => open_cbc::<TdesEde3>,
        _ => return Err(unknown()),
    };
    checked(open(&iv, bytes, pass_phrase).ok_or_else(unknown)??)
}

/// `None` if the initialisation vector has not the length of a block.
fn open_cbc<C: BlockCipherDecrypt + KeyInit>(
    iv: &[u8],
    bytes: &[u8],
    pass_phrase: &PassPhrase,
) -> Option<Result<Opened, Closed>> {
    let key = derived(pass_phrase, iv.get(..8)?, C::key_size());
    let cipher = Decryptor::<C>::new_from_slices(&key, iv).ok()?;
    let opened = cipher.decrypt_padded_vec::<Pkcs7>(bytes).map(Zeroizing::new);
    Some(opened.map_err(|_| Closed::WrongPassPhrase))
}

/// `EVP_BytesToKey` with MD5 and one round: what the legacy form prescribes.
fn derived(pass_phrase: &PassPhrase, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut block = Zeroizing::new(Vec::new());
    while key.len() < length {
        let digest = Md5::new().chain_update(&*block).chain_update(pass_phrase.bytes()).chain_update(salt);
        *block = digest.finalize().to_vec();
        key.extend_from_slice(&block);
    }
    key.truncate(length);
    key
}

/// One wrong pass phrase in 256 leaves bytes that are padded well by chance, but no DER.
fn checked(opened: Opened) -> Result<Opened, Closed> {
    if AnyRef::from_der(&opened).is_ok() { Ok(opened) } else { Err(Closed::WrongPassPhrase) }
}
