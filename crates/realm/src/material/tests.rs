//! Material does what OCI promises of keys, checked across two libraries where there are two.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::algorithm::Hash;
use super::ecdsa::Curve;
use super::*;

const AES: Shape = Shape::Aes { length: 32 };
const RSA: Shape = Shape::Rsa { length: 256 };
const P384: Shape = Shape::Ecdsa(Curve::P384);
const CURVES: [Shape; 3] = [Shape::Ecdsa(Curve::P256), P384, Shape::Ecdsa(Curve::P521)];
const OAEP: [EncryptionAlgorithm; 2] = [EncryptionAlgorithm::RsaOaepSha1, EncryptionAlgorithm::RsaOaepSha256];

fn seed() -> Seed {
    Seed::from_number(42)
}

fn material(shape: Shape) -> Material {
    Material::generate(shape, &seed()).expect("material can be made")
}

fn id() -> MaterialId {
    MaterialId::mint(&seed())
}

fn signing(name: &str) -> SigningAlgorithm {
    SigningAlgorithm::parse(name).expect("a name of OCI")
}

fn public_key(material: &Material) -> Vec<u8> {
    let pem = material.public_key_pem().expect("a public key can be written").expect("there is one");
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && !pem.contains('\r'), "{pem}");
    pem::parse(pem).expect("it is PEM").into_contents()
}

#[test]
fn equal_seeds_give_equal_keys_and_other_seeds_other_keys() {
    let aes = [16, 24, 32].map(|length| Shape::Aes { length });
    for shape in aes.into_iter().chain([RSA]).chain(CURVES) {
        let other = Material::generate(shape, &Seed::from_number(43)).expect("material can be made");
        assert_eq!(material(shape).to_bytes(), material(shape).to_bytes(), "{shape}");
        assert_ne!(material(shape).to_bytes(), other.to_bytes(), "{shape}");
        assert_ne!(MaterialId::mint(&seed()), MaterialId::mint(&Seed::from_number(43)));
    }
}

#[test]
fn keys_survive_storage_and_are_never_shown() {
    let rsa = [384, 512].map(|length| Shape::Rsa { length });
    for shape in [AES, RSA].into_iter().chain(rsa).chain(CURVES) {
        let made = material(shape);
        let stored = serde_json::to_string(&made).expect("material can be stored");
        let read: Material = serde_json::from_str(&stored).expect("and read");
        assert_eq!((read.to_bytes(), read.shape()), (made.to_bytes(), shape));
        assert_eq!(format!("{made:?}"), format!("Material({shape}, ..)"));
    }
}

#[test]
fn bytes_that_are_no_key_of_the_shape_are_refused() {
    let rsa = material(RSA).to_bytes().to_vec();
    for (shape, bytes) in [
        (AES, vec![1; 16]),
        (RSA, vec![1; 300]),
        (Shape::Rsa { length: 384 }, rsa),
        (P384, vec![0; 48]),
        (P384, vec![0xff; 48]),
        (P384, vec![1; 47]),
        (Shape::Ecdsa(Curve::P256), vec![1; 48]),
        (Shape::Ecdsa(Curve::P521), vec![0xff; 66]),
    ] {
        let error = Material::from_bytes(shape, Zeroizing::new(bytes)).expect_err("no key");
        assert!(matches!(error, CryptoError::NotAKey(_)), "{error}");
    }
    serde_json::from_str::<Material>(r#"{"shape":{"algorithm":"AES","length":16},"secret":"AAAA"}"#)
        .expect_err("three bytes are no AES key");
}

#[test]
fn an_aes_ciphertext_opens_with_its_key_and_associated_data_only() {
    let aad = aad_of(&BTreeMap::from([("purpose".to_owned(), "canary".to_owned())])).expect("short data");
    let gcm = EncryptionAlgorithm::Aes256Gcm;
    for length in [16, 24, 32] {
        let key = material(Shape::Aes { length });
        let ciphertext = key.encrypt(id(), gcm, b"hello", &aad, &seed()).expect("it encrypts");
        assert_eq!(key.encrypt(id(), gcm, b"hello", &aad, &seed()).expect("it encrypts"), ciphertext);
        assert_eq!(Envelope::material_id_of(&ciphertext), Some(id()));
        assert_eq!(key.decrypt(gcm, &ciphertext, &aad).expect("it decrypts").as_slice(), b"hello");

        let other = Material::generate(key.shape(), &Seed::from_number(43)).expect("material can be made");
        for refused in [key.decrypt(gcm, &ciphertext, b""), other.decrypt(gcm, &ciphertext, &aad)] {
            assert!(matches!(refused.expect_err("refused"), CryptoError::NotDecryptable));
        }
        for position in 0..ciphertext.len() {
            let mut damaged = ciphertext.clone();
            damaged[position] ^= 1;
            key.decrypt(gcm, &damaged, &aad).expect_err("a changed byte");
            key.decrypt(gcm, &ciphertext[..position], &aad).expect_err("a truncation");
        }
    }
}

#[test]
fn bytes_that_are_no_envelope_name_no_material() {
    assert_eq!(Envelope::material_id_of(b""), None);
    assert_eq!(Envelope::material_id_of(&[0; 100]), None);
    assert_eq!(Envelope::material_id_of(b"KFE\x01too short"), None);
}

#[test]
fn what_one_library_encrypts_to_an_rsa_key_the_other_decrypts() {
    let key = material(RSA);
    for algorithm in OAEP {
        let ciphertext = key.encrypt(id(), algorithm, b"hello", b"", &seed()).expect("it encrypts");
        assert_eq!(key.encrypt(id(), algorithm, b"hello", b"", &seed()).expect("it encrypts"), ciphertext);
        assert_eq!(key.decrypt(algorithm, &ciphertext, b"").expect("it decrypts").as_slice(), b"hello");
        assert_eq!(ciphertext.len(), 256);
        for other in OAEP.into_iter().filter(|other| *other != algorithm) {
            key.decrypt(other, &ciphertext, b"").expect_err("another hash");
        }
        key.decrypt(algorithm, &ciphertext[1..], b"").expect_err("a truncation");
    }
}

#[test]
fn plaintexts_have_the_limits_of_the_service() {
    let gcm = EncryptionAlgorithm::Aes256Gcm;
    let limits = [(AES, gcm, 4096), (RSA, OAEP[0], 214), (RSA, OAEP[1], 190)];
    for (shape, algorithm, longest) in limits {
        let key = material(shape);
        let text = vec![b'x'; longest + 1];
        let ciphertext = key.encrypt(id(), algorithm, &text[1..], b"", &seed()).expect("just short enough");
        assert_eq!(key.decrypt(algorithm, &ciphertext, b"").expect("it decrypts").len(), longest);
        for refused in [&text[..], b""] {
            let error = key.encrypt(id(), algorithm, refused, b"", &seed()).expect_err("too long or empty");
            assert!(
                matches!(error, CryptoError::Length { longest: named, .. } if named == longest),
                "{error}"
            );
        }
    }
}

#[test]
fn every_offered_signature_verifies_and_no_other() {
    for algorithm in SigningAlgorithm::all() {
        let shape = match (algorithm.scheme, algorithm.hash) {
            (Scheme::Ecdsa, Hash::Sha256) => Shape::Ecdsa(Curve::P256),
            (Scheme::Ecdsa, Hash::Sha384) => P384,
            (Scheme::Ecdsa, Hash::Sha512) => Shape::Ecdsa(Curve::P521),
            _ => RSA,
        };
        let key = material(shape);
        for other in CURVES.into_iter().filter(|other| *other != shape) {
            let error = material(other).sign(algorithm, b"message", MessageType::Raw).expect_err("refused");
            assert!(matches!(error, CryptoError::OtherKind { .. }), "{error}");
        }
        let other = Material::generate(shape, &Seed::from_number(43)).expect("material can be made");
        let raw = MessageType::Raw;
        let digest = algorithm.digest_of(b"message", raw).expect("a short message");
        for (message, message_type) in [(&b"message"[..], raw), (digest.as_ref(), MessageType::Digest)] {
            let signature = key.sign(algorithm, message, message_type).expect("it signs");
            let verified = |key: &Material, message, signature: &[u8]| {
                key.verify(algorithm, message, raw, signature).expect("the question is a good one")
            };
            assert!(verified(&key, b"message", &signature), "{algorithm}");
            assert!(!verified(&key, b"massage", &signature), "{algorithm}");
            assert!(!verified(&other, b"message", &signature), "{algorithm}");
            assert!(!verified(&key, b"message", &signature[1..]), "{algorithm}");
        }
    }
}

#[test]
fn a_published_public_key_verifies_elsewhere() {
    let cases: [(&str, Shape, &'static dyn VerificationAlgorithm); 5] = [
        ("SHA_256_RSA_PKCS1_V1_5", RSA, &signature::RSA_PKCS1_2048_8192_SHA256),
        ("SHA_512_RSA_PKCS_PSS", RSA, &signature::RSA_PSS_2048_8192_SHA512),
        ("ECDSA_SHA_256", Shape::Ecdsa(Curve::P256), &signature::ECDSA_P256_SHA256_ASN1),
        ("ECDSA_SHA_384", P384, &signature::ECDSA_P384_SHA384_ASN1),
        ("ECDSA_SHA_512", Shape::Ecdsa(Curve::P521), &signature::ECDSA_P521_SHA512_ASN1),
    ];
    for (name, shape, verification) in cases {
        let key = material(shape);
        let signature = key.sign(signing(name), b"message", MessageType::Raw).expect("it signs");
        let public = UnparsedPublicKey::new(verification, public_key(&key));
        public.verify(b"message", &signature).expect("the signature is good");
        public.verify(b"massage", &signature).expect_err("the message is another");
    }
    assert_eq!(material(AES).public_key_pem().expect("no failure"), None);
}

#[test]
fn signatures_without_a_salt_are_reproducible() {
    for (name, shape) in [("SHA_384_RSA_PKCS1_V1_5", RSA), ("ECDSA_SHA_384", P384)] {
        let sign = || material(shape).sign(signing(name), b"message", MessageType::Raw).expect("it signs");
        assert_eq!(sign(), sign(), "{name}");
    }
}

#[test]
fn messages_have_the_limits_of_the_service() {
    let key = material(P384);
    let sign = |length, message_type| key.sign(signing("ECDSA_SHA_384"), &vec![1; length], message_type);
    sign(4096, MessageType::Raw).expect("just short enough");
    for length in [0, 4097] {
        assert!(matches!(sign(length, MessageType::Raw).expect_err("refused"), CryptoError::Length { .. }));
    }
    sign(48, MessageType::Digest).expect("the length of SHA-384");
    for length in [0, 32, 47, 64] {
        let error = sign(length, MessageType::Digest).expect_err("no SHA-384 digest");
        assert!(matches!(error, CryptoError::DigestLength { expected: 48, .. }), "{error}");
    }
}

#[test]
fn a_key_refuses_the_algorithms_of_other_keys() {
    let gcm = EncryptionAlgorithm::Aes256Gcm;
    for (shape, algorithm) in [(AES, OAEP[0]), (RSA, gcm), (P384, gcm), (P384, OAEP[1])] {
        let key = material(shape);
        let encrypted = key.encrypt(id(), algorithm, b"hello", b"", &seed()).expect_err("refused");
        let decrypted = key.decrypt(algorithm, b"hello", b"").expect_err("refused");
        assert!(matches!(encrypted, CryptoError::OtherKind { .. }), "{encrypted}");
        assert!(matches!(decrypted, CryptoError::OtherKind { .. }), "{decrypted}");
    }
    for (shape, name) in [(AES, "ECDSA_SHA_384"), (RSA, "ECDSA_SHA_384"), (P384, "SHA_384_RSA_PKCS_PSS")] {
        let key = material(shape);
        key.sign(signing(name), b"message", MessageType::Raw).expect_err("refused");
        key.verify(signing(name), b"message", MessageType::Raw, b"signature").expect_err("refused");
    }
    let error = material(RSA).encrypt(id(), OAEP[0], b"hello", b"aad", &seed()).expect_err("refused");
    assert!(matches!(error, CryptoError::AssociatedDataWithRsa), "{error}");
}

#[test]
fn associated_data_is_sorted_json_and_an_empty_map_is_none() {
    let map =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let aad = aad_of(&map(&[("b", "2"), ("a", "\"1\"")])).expect("short data");
    assert_eq!(aad, br#"{"a":"\"1\"","b":"2"}"#);
    assert!(aad_of(&BTreeMap::new()).expect("no data").is_empty());
    // {"k":""} has eight characters besides the value; characters count, not bytes.
    aad_of(&map(&[("k", &"ü".repeat(4087))])).expect("4095 characters");
    let error = aad_of(&map(&[("k", &"ü".repeat(4088))])).expect_err("4096 characters");
    assert!(matches!(error, CryptoError::AssociatedDataLength { longest: 4095 }), "{error}");
}

#[test]
fn checksums_are_those_the_service_has_published() {
    assert_eq!(plaintext_checksum(b"HELLO WORLD"), "2279966299");
    assert_eq!(plaintext_checksum(b"Hello OCI Vault"), "1735056167");
}

#[test]
fn wrapped_material_comes_out_again_and_damaged_material_does_not() {
    let wrapping = material(RSA);
    let public = wrapping.public_key_pem().expect("written").expect("there is one");
    let public = WrappingPublicKey::from_pem(&public.replace('\n', "\r\n")).expect("an RSA key");
    let other = Material::generate(RSA, &Seed::from_number(43)).expect("material can be made");
    let cases = [(AES, Wrapping::Oaep), (AES, Wrapping::OaepAes), (RSA, Wrapping::OaepAes)];
    for (shape, how) in cases {
        let wrapped = public.wrap(&other_of(shape), how, &seed()).expect("it wraps");
        let read = wrapping.unwrap_import(how, &wrapped, shape).expect("it opens");
        assert_eq!(read.to_bytes(), other_of(shape).to_bytes(), "{shape}");
        let refused = |key: &Material, wrapped: &[u8], shape| key.unwrap_import(how, wrapped, shape).err();
        assert!(matches!(refused(&other, &wrapped, shape), Some(CryptoError::NotUnwrappable)));
        let mut damaged = wrapped.clone();
        *damaged.last_mut().expect("not empty") ^= 1;
        assert!(matches!(refused(&wrapping, &damaged, shape), Some(CryptoError::NotUnwrappable)));
        for length in [0, 255, wrapped.len() - 1] {
            assert!(refused(&wrapping, &wrapped[..length], shape).is_some(), "{length}");
        }
        let shorter = if shape == AES { Shape::Aes { length: 16 } } else { Shape::Rsa { length: 384 } };
        assert!(matches!(refused(&wrapping, &wrapped, shorter), Some(CryptoError::NotAKey(_))));
        assert!(matches!(refused(&wrapping, &wrapped, P384), Some(CryptoError::NotImportable)));
    }
}

fn other_of(shape: Shape) -> Material {
    Material::generate(shape, &Seed::from_number(44)).expect("material can be made")
}

#[test]
fn private_keys_are_exported_as_pkcs8_under_a_temporary_aes_key_only() {
    use p256::pkcs8::DecodePrivateKey;
    let wrapping = material(RSA);
    let public = wrapping.public_key_pem().expect("written").expect("there is one");
    let public = WrappingPublicKey::from_pem(&public).expect("an RSA key");
    for shape in [RSA, P384] {
        let error = public.wrap(&material(shape), Wrapping::Oaep, &seed()).expect_err("too long");
        assert!(matches!(error, CryptoError::OtherKind { .. }), "{error}");
    }
    let wrapped = public.wrap(&material(P384), Wrapping::OaepAes, &seed()).expect("it wraps");
    let der = wrapping.unwrap_in_two_steps(&wrapped).expect("it opens");
    let key = p384::SecretKey::from_pkcs8_der(&der).expect("PKCS#8");
    assert_eq!(key.to_bytes().as_slice(), material(P384).to_bytes());
    for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        assert!(matches!(WrappingPublicKey::from_pem(text), Err(CryptoError::NotAPublicKey)));
    }
    let ecdsa = material(P384).public_key_pem().expect("written").expect("there is one");
    assert!(matches!(WrappingPublicKey::from_pem(&ecdsa), Err(CryptoError::NotAPublicKey)));
}

#[test]
fn what_openssl_wrapped_is_unwrapped() {
    // `openssl pkeyutl` with OAEP and MGF1 of SHA-256 over the AES key 100..132, then with that key
    // `openssl enc -id-aes256-wrap-pad` over the bytes 0..32.
    let wrapped = concat!(
        "chbqRPdv+cceOcml/R4x9czovTDPlvC6Mg7VeI3vbZjZexdsVI1p4clx6aEW4mrX72vC9/kfhCRl0enzs4eWPmUdny",
        "3FSyu+MU5J2xmSLgr8iA3xPAg33GnqXet8XH9ZnPhodkqdVy+qxpmtgT/YzAqp6QNhnocTS2LYBMR2V2Zw2A5h2DTg",
        "FIOyuHIkEvZF8U99Pc6efv7RpD51UalsRytz/G+QrqO6ZPPSy9ie+LPVi9Y6lYPhAS1v6aRuG3DALqPg2DGFlKEPqi",
        "ka06KJCn6L/JvMUcxMQhaeMy6Lniz9+90r98zC5p5GANWaEg9qsKt4cUqEA0iYj1J1LaEHXHWt4YrSNbpqs3rwrHC1",
        "5EpFprmccu2uGetfPaRT5KVlTtBmmKy0T4w=",
    );
    let wrapped = BASE64_STANDARD.decode(wrapped).expect("base64");
    let pem = pem::parse(crate::testing::VECTORS).expect("the vectors' key");
    let key = Material::from_bytes(RSA, Zeroizing::new(pem.into_contents())).expect("PKCS#8");
    let material = key.unwrap_import(Wrapping::OaepAes, &wrapped, AES).expect("it opens");
    assert_eq!(material.to_bytes(), (0..32).collect::<Vec<u8>>());
}
