//! Key material on its way in and out.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyferry_seams::Seed;
use serde_json::{Value, json};

use crate::material::{EncryptionAlgorithm, Material, Shape, Wrapping, WrappingPublicKey};
use crate::services::vault_testing::{
    BUCKET, TestVault, aes, base64, ecdsa, restore, rsa, settle, text, upload,
};
use crate::testing::{Client, fra, good, header, iad, refused};

const AES: Shape = Shape::Aes { length: 32 };
const RSA: Shape = Shape::Rsa { length: 256 };

fn invalid() -> (u16, String) {
    (400, "InvalidParameter".to_owned())
}

/// What the owner of a key has at home.
fn own(shape: Shape) -> Material {
    Material::generate(shape, &Seed::from_number(7)).expect("material can be made")
}

/// The owner's material, wrapped for a vault.
fn wrapped(vault: &TestVault<'_>, material: &Material, how: Wrapping) -> Value {
    let key = good(&vault.manage("/wrappingKeys", None));
    let public = WrappingPublicKey::from_pem(text(&key, "publicKey")).expect("an RSA key");
    let bytes = public.wrap(material, how, &Seed::from_number(8)).expect("it wraps");
    let name = if how == Wrapping::Oaep { "RSA_OAEP_SHA256" } else { "RSA_OAEP_AES_SHA256" };
    json!({"keyMaterial": BASE64_STANDARD.encode(bytes), "wrappingAlgorithm": name})
}

fn import(vault: &TestVault<'_>, shape: &Value, wrapped: &Value) -> http::Response<bytes::Bytes> {
    let details = json!({
        "compartmentId": vault.client.tenancy(), "displayName": "own", "keyShape": shape,
        "protectionMode": "SOFTWARE", "wrappedImportKey": wrapped,
    });
    let answer = vault.manage("/keys/import", Some(&details));
    settle(vault.client);
    answer
}

#[test]
fn a_vault_has_one_wrapping_key_of_4096_bits_which_no_list_shows() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let answer = vault.manage("/wrappingKeys", None);
    let key = good(&answer);
    assert_eq!((header(&answer, "etag").len(), &key["lifecycleState"]), (40, &json!("ENABLED")));
    assert_eq!((&key["id"], &key["vaultId"]), (&vault.now()["wrappingkeyId"], &json!(vault.id)));
    let pem = pem::parse(text(&key, "publicKey")).expect("PEM");
    assert_eq!((pem.tag(), pem.contents().len()), ("PUBLIC KEY", 550), "an RSA key of 4096 bits");
    assert_eq!(good(&vault.manage("/wrappingKeys", None)), key);
    let same = vault.key_now(text(&key, "id"));
    assert_eq!((&same["displayName"], &same["protectionMode"]), (&json!("RSA wrapping key"), &json!("HSM")));
    assert_eq!(same["keyShape"], json!({"algorithm": "RSA", "length": 512, "curveId": null}));
    assert_eq!(same["lifecycleState"], "ENABLED");
    assert!(vault.keys(&client.tenancy()).is_empty());
    let path = format!("/keys/{}/actions/disable", text(&key, "id"));
    assert_eq!(refused(&vault.manage(&path, Some(&json!({})))).0, 404);
}

#[test]
fn an_imported_aes_key_encrypts_and_is_of_external_origin() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    for how in [Wrapping::Oaep, Wrapping::OaepAes] {
        let key = good(&import(&vault, &aes(), &wrapped(&vault, &own(AES), how)));
        assert_eq!(key["lifecycleState"], "CREATING");
        let key = text(&key, "id");
        assert_eq!(vault.key_now(key)["lifecycleState"], "ENABLED");
        let version = vault.version(key, &vault.versions(key)[0]);
        assert_eq!(version["origin"], "EXTERNAL");
        assert_eq!(vault.decrypt(key, &vault.encrypt(key, "x")), "x");
        vault.rotate(key);
        assert_eq!(vault.version(key, &vault.versions(key)[1])["origin"], "INTERNAL");
    }
}

#[test]
fn an_imported_rsa_key_has_the_owners_public_key_also_as_a_new_version() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let public = own(RSA).public_key_pem().expect("written").expect("there is one");
    let wrapped = wrapped(&vault, &own(RSA), Wrapping::OaepAes);
    let key = good(&import(&vault, &rsa(), &wrapped));
    let key = text(&key, "id");
    assert_eq!(text(&vault.version(key, &vault.versions(key)[0]), "publicKey"), public);

    let made = vault.key("made", &rsa());
    let path = format!("/keys/{made}/keyVersions/import");
    let version = good(&vault.manage(&path, Some(&json!({"wrappedImportKey": wrapped}))));
    assert_eq!((&version["lifecycleState"], &version["origin"]), (&json!("CREATING"), &json!("EXTERNAL")));
    settle(&client);
    assert_eq!(vault.key_now(&made)["currentKeyVersion"], version["id"]);
    assert_eq!(text(&vault.version(&made, text(&version, "id")), "publicKey"), public);
    good(&vault.switch(&made, "disable"));
    let again = vault.manage(&path, Some(&json!({"wrappedImportKey": wrapped})));
    assert_eq!(refused(&again), (409, "Conflict".to_owned()));
}

#[test]
fn material_of_another_kind_length_or_vault_is_refused() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let good_one = wrapped(&vault, &own(AES), Wrapping::OaepAes);
    let shorter = json!({"algorithm": "AES", "length": 16});
    assert_eq!(refused(&import(&vault, &shorter, &good_one)), invalid());
    assert_eq!(refused(&import(&vault, &rsa(), &good_one)), invalid());
    assert_eq!(refused(&import(&vault, &ecdsa(), &good_one)), invalid());
    let mut other = good_one.clone();
    other["wrappingAlgorithm"] = json!("RSA_OAEP_SHA256");
    assert_eq!(refused(&import(&vault, &aes(), &other)), invalid());
    other["wrappingAlgorithm"] = json!("RSA_PKCS1");
    assert_eq!(refused(&import(&vault, &aes(), &other)), invalid());
    for material in ["", "AAAA", "not base64!"] {
        let broken = json!({"keyMaterial": material, "wrappingAlgorithm": "RSA_OAEP_AES_SHA256"});
        assert_eq!(refused(&import(&vault, &aes(), &broken)), invalid());
    }
    let next_door = TestVault::create(&client, iad(), "w");
    assert_eq!(refused(&import(&next_door, &aes(), &good_one)), invalid());
    let no_material = json!({"compartmentId": client.tenancy(), "displayName": "k", "keyShape": aes()});
    let answer = vault.manage("/keys/import", Some(&no_material));
    assert_eq!(refused(&answer), (400, "MissingParameter".to_owned()));
}

#[test]
fn a_software_key_leaves_under_the_callers_key_and_an_hsm_key_never() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let caller = own(RSA);
    let public_key = caller.public_key_pem().expect("written").expect("there is one");
    let export = |key: &str, algorithm: &str| {
        let body = json!({"keyId": key, "algorithm": algorithm, "publicKey": public_key});
        vault.ask("exportKey", &body)
    };
    let soft = vault.key_in("soft", &aes(), &client.tenancy(), "SOFTWARE");
    for (name, how) in [("RSA_OAEP_SHA256", Wrapping::Oaep), ("RSA_OAEP_AES_SHA256", Wrapping::OaepAes)] {
        let exported = good(&export(&soft, name));
        assert_eq!((&exported["algorithm"], &exported["vaultId"]), (&json!(name), &json!(vault.id)));
        assert_eq!(exported["keyVersionId"], json!(vault.versions(&soft)[0]));
        let bytes = BASE64_STANDARD.decode(text(&exported, "encryptedKey")).expect("base64");
        let material = caller.unwrap_import(how, &bytes, AES).expect("the caller opens it");
        let ciphertext = BASE64_STANDARD.decode(vault.encrypt(&soft, "x")).expect("base64");
        let opened = material.decrypt(EncryptionAlgorithm::Aes256Gcm, &ciphertext, b"");
        assert_eq!(opened.expect("it is the key itself").as_slice(), b"x");
    }
    let hard = vault.key("hard", &aes());
    assert_eq!(refused(&export(&hard, "RSA_OAEP_AES_SHA256")), invalid());
    assert_eq!(refused(&export(&soft, "AES")), invalid());
    let pair = vault.key_in("pair", &rsa(), &client.tenancy(), "SOFTWARE");
    assert_eq!(refused(&export(&pair, "RSA_OAEP_SHA256")), invalid());
    good(&export(&pair, "RSA_OAEP_AES_SHA256"));
    let no_key = json!({"keyId": soft, "algorithm": "RSA_OAEP_SHA256", "publicKey": "none"});
    assert_eq!(refused(&vault.ask("exportKey", &no_key)), invalid());
    good(&vault.switch(&soft, "disable"));
    assert_eq!(refused(&export(&soft, "RSA_OAEP_SHA256")), (409, "Conflict".to_owned()));
}

#[test]
fn the_wrapping_key_stays_with_a_vault_restored_at_home_and_is_another_elsewhere() {
    let client = Client::new();
    for region in [iad(), fra()] {
        client.bucket(region, BUCKET);
    }
    let vault = TestVault::create(&client, iad(), "v");
    let before = wrapped(&vault, &own(AES), Wrapping::Oaep);
    let key = text(&good(&import(&vault, &aes(), &before)), "id").to_owned();
    let hard = json!({
        "compartmentId": client.tenancy(), "displayName": "hard", "keyShape": aes(), "wrappedImportKey": before,
    });
    let hard = text(&good(&vault.manage("/keys/import", Some(&hard))), "id").to_owned();
    settle(&client);
    let ciphertext = vault.encrypt(&hard, "x");
    vault.backup("o", true);
    upload(&client, fra(), "o", &vault.bytes_of("o"));

    let there = restore(&client, fra(), "o");
    let keys = there.keys(&client.tenancy());
    assert_eq!((keys.len(), &keys[0]["restoredFromKeyId"]), (1, &json!(hard)), "not the software key {key}");
    let id = text(&keys[0], "id");
    assert_eq!(there.decrypt(id, &ciphertext), "x");
    assert_eq!(there.version(id, &there.versions(id)[0])["origin"], "EXTERNAL");
    assert_eq!(refused(&import(&there, &aes(), &before)), invalid(), "another wrapping key");

    good(&vault.act("scheduleDeletion", &json!({})));
    client.wait(std::time::Duration::from_secs(31 * 24 * 60 * 60));
    let home = restore(&client, iad(), "o");
    assert_eq!((&home.id, home.state().as_str()), (&vault.id, "ACTIVE"));
    good(&import(&home, &aes(), &before));
    assert_eq!(home.decrypt(&hard, &ciphertext), "x");
}

#[test]
fn a_data_encryption_key_is_decrypted_like_any_ciphertext() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let ask = |changes: Value| {
        let mut body = json!({"keyId": key, "includePlaintextKey": true, "keyShape": aes()});
        for (name, value) in changes.as_object().expect("fields") {
            body[name] = value.clone();
        }
        vault.ask("generateDataEncryptionKey", &body)
    };
    for length in [16, 24, 32] {
        let data = good(&ask(json!({"keyShape": {"algorithm": "AES", "length": length.to_string()}})));
        let plaintext = BASE64_STANDARD.decode(text(&data, "plaintext")).expect("base64");
        assert_eq!(plaintext.len(), length);
        let decrypt = json!({"keyId": key, "ciphertext": data["ciphertext"]});
        let decrypted = good(&vault.ask("decrypt", &decrypt));
        assert_eq!(decrypted["plaintext"], data["plaintext"]);
        assert_eq!(decrypted["plaintextChecksum"], data["plaintextChecksum"]);
    }
    let bound = good(&ask(json!({"includePlaintextKey": "false", "associatedData": {"a": "1"}})));
    assert_eq!((&bound["plaintext"], &bound["plaintextChecksum"]), (&Value::Null, &Value::Null));
    let mut decrypt = json!({"keyId": key, "ciphertext": bound["ciphertext"]});
    assert_eq!(refused(&vault.ask("decrypt", &decrypt)), invalid());
    decrypt["associatedData"] = json!({"a": "1"});
    good(&vault.ask("decrypt", &decrypt));
    assert_ne!(good(&ask(json!({})))["plaintext"], good(&ask(json!({})))["plaintext"]);
    assert_eq!(refused(&ask(json!({"keyShape": rsa()}))), invalid());
    assert_eq!(refused(&ask(json!({"keyId": vault.key("r", &rsa())}))), invalid());
    let silent = json!({"keyId": key, "keyShape": aes(), "plaintext": base64("x")});
    let answer = vault.ask("generateDataEncryptionKey", &silent);
    assert_eq!(refused(&answer), (400, "MissingParameter".to_owned()));
}
