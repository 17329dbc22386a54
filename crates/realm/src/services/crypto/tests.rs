//! What the keys of a vault do for clients.

use serde_json::{Value, json};

use crate::services::vault_testing::{TestVault, aes, base64, ecdsa, rsa, text};
use crate::testing::{Client, good, iad, refused};

fn invalid() -> (u16, String) {
    (400, "InvalidParameter".to_owned())
}

#[test]
fn what_was_encrypted_under_any_version_is_decrypted_with_a_checksum() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &json!({"algorithm": "AES", "length": 16}));
    let mut ciphertexts = vec![vault.encrypt(&key, "HELLO WORLD")];
    for _ in 0..2 {
        vault.rotate(&key);
        ciphertexts.push(vault.encrypt(&key, "HELLO WORLD"));
    }
    for (ciphertext, version) in ciphertexts.iter().zip(vault.versions(&key)) {
        let data = good(&vault.ask("decrypt", &json!({"keyId": key, "ciphertext": ciphertext})));
        assert_eq!(data["plaintext"], base64("HELLO WORLD"));
        assert_eq!(data["plaintextChecksum"], "2279966299");
        assert_eq!(data["keyVersionId"], json!(version));
        assert_eq!(data["encryptionAlgorithm"], "AES_256_GCM");
    }
    let wrong_version =
        json!({"keyId": key, "ciphertext": ciphertexts[0], "keyVersionId": vault.versions(&key)[1]});
    assert_eq!(refused(&vault.ask("decrypt", &wrong_version)), invalid());
}

#[test]
fn only_the_current_version_encrypts_and_signs() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let (key, signer) = (vault.key("k", &aes()), vault.key("s", &ecdsa()));
    let old = [vault.versions(&key)[0].clone(), vault.versions(&signer)[0].clone()];
    let new = [vault.rotate(&key), vault.rotate(&signer)];
    let encrypt = |version: &str| {
        vault.ask("encrypt", &json!({"keyId": key, "keyVersionId": version, "plaintext": "eA=="}))
    };
    let sign = |version: &str| {
        let body = json!({
            "keyId": signer, "keyVersionId": version, "message": "eA==", "signingAlgorithm": "ECDSA_SHA_384",
        });
        vault.ask("sign", &body)
    };
    assert_eq!(refused(&encrypt(&old[0])), invalid());
    assert_eq!(refused(&sign(&old[1])), invalid());
    good(&encrypt(&new[0]));
    good(&sign(&new[1]));
}

#[test]
fn associated_data_is_bound_and_the_logging_context_is_not() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let body = json!({
        "keyId": key, "plaintext": "eA==", "associatedData": {"a": "1"}, "loggingContext": {"who": "me"},
    });
    let ciphertext = good(&vault.ask("encrypt", &body))["ciphertext"].clone();
    let decrypt = |aad: Value| {
        vault.ask("decrypt", &json!({"keyId": key, "ciphertext": ciphertext, "associatedData": aad}))
    };
    good(&decrypt(json!({"a": "1"})));
    assert_eq!(refused(&decrypt(json!({"a": "2"}))), invalid());
    assert_eq!(refused(&decrypt(Value::Null)), invalid());
}

#[test]
fn another_key_of_the_vault_does_not_decrypt() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let ciphertext = vault.encrypt(&vault.key("one", &aes()), "x");
    let other = vault.key("two", &aes());
    let answer = vault.ask("decrypt", &json!({"keyId": other, "ciphertext": ciphertext}));
    assert_eq!(refused(&answer), invalid());
}

#[test]
fn rsa_encrypts_with_oaep_only_and_needs_the_version_to_decrypt_after_a_rotation() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &rsa());
    let old = vault.versions(&key)[0].clone();
    let oaep = "RSA_OAEP_SHA_256";
    let body = json!({"keyId": key, "plaintext": base64("x"), "encryptionAlgorithm": oaep});
    let ciphertext = good(&vault.ask("encrypt", &body))["ciphertext"].clone();
    let aes_name = json!({"keyId": key, "plaintext": base64("x")});
    assert_eq!(refused(&vault.ask("encrypt", &aes_name)), invalid());
    let mut body = json!({"keyId": key, "ciphertext": ciphertext, "encryptionAlgorithm": oaep});
    assert_eq!(good(&vault.ask("decrypt", &body))["plaintext"], base64("x"), "the current one");
    vault.rotate(&key);
    assert_eq!(refused(&vault.ask("decrypt", &body)), invalid());
    body["keyVersionId"] = json!(old);
    assert_eq!(good(&vault.ask("decrypt", &body))["plaintext"], base64("x"));
    body["keyVersionId"] = json!("ocid1.keyversion.oc1.iad.a.b.c");
    assert_eq!(refused(&vault.ask("decrypt", &body)).0, 404);
    let other = vault.key("other", &rsa());
    body["keyVersionId"] = json!(vault.versions(&other)[0]);
    assert_eq!(refused(&vault.ask("decrypt", &body)).0, 404, "a version of another key");
}

#[test]
fn signatures_of_old_versions_verify_and_changed_messages_do_not() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let curve = |length: u32, name: &str| json!({"algorithm": "ECDSA", "length": length, "curveId": name});
    for (shape, algorithm) in [
        (rsa(), "SHA_256_RSA_PKCS_PSS"),
        (curve(32, "NIST_P256"), "ECDSA_SHA_256"),
        (ecdsa(), "ECDSA_SHA_384"),
        (curve(66, "NIST_P521"), "ECDSA_SHA_512"),
    ] {
        let key = vault.key("k", &shape);
        let body = json!({"keyId": key, "message": base64("m"), "signingAlgorithm": algorithm});
        let signed = good(&vault.ask("sign", &body));
        vault.rotate(&key);
        let mut body = json!({
            "keyId": key, "keyVersionId": signed["keyVersionId"], "message": base64("m"),
            "signature": signed["signature"], "signingAlgorithm": algorithm,
        });
        assert_eq!(good(&vault.ask("verify", &body)), json!({"isSignatureValid": true}));
        body["message"] = json!(base64("n"));
        assert_eq!(good(&vault.ask("verify", &body)), json!({"isSignatureValid": false}));
        body.as_object_mut().expect("fields").remove("keyVersionId");
        assert_eq!(refused(&vault.ask("verify", &body)), (400, "MissingParameter".to_owned()));
    }
}

#[test]
fn a_disabled_key_does_nothing_and_says_that_waiting_will_not_help() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let (key, signer) = (vault.key("k", &aes()), vault.key("s", &ecdsa()));
    let ciphertext = vault.encrypt(&key, "x");
    let sign = json!({"keyId": signer, "message": "eA==", "signingAlgorithm": "ECDSA_SHA_384"});
    let mut verify = sign.clone();
    let signed = good(&vault.ask("sign", &sign));
    verify["keyVersionId"] = signed["keyVersionId"].clone();
    verify["signature"] = signed["signature"].clone();
    good(&vault.switch(&key, "disable"));
    good(&vault.switch(&signer, "disable"));
    let decrypt = json!({"keyId": key, "ciphertext": ciphertext});
    let encrypt = json!({"keyId": key, "plaintext": "eA=="});
    for (operation, body) in [("encrypt", encrypt), ("decrypt", decrypt), ("sign", sign), ("verify", verify)]
    {
        assert_eq!(refused(&vault.ask(operation, &body)), (409, "Conflict".to_owned()), "{operation}");
    }
}

#[test]
fn sizes_encodings_and_names_are_checked() {
    let client = Client::new();
    let vault = TestVault::create(&client, iad(), "v");
    let key = vault.key("k", &aes());
    let refusal = |changes: Value| {
        let mut body = json!({"keyId": key, "plaintext": "eA=="});
        for (name, value) in changes.as_object().expect("fields") {
            body[name] = value.clone();
        }
        refused(&vault.ask("encrypt", &body))
    };
    assert_eq!(refusal(json!({"plaintext": "not base64!"})), invalid());
    assert_eq!(refusal(json!({"plaintext": ""})), invalid());
    assert_eq!(refusal(json!({"plaintext": base64(&"x".repeat(4097))})), invalid());
    assert_eq!(refusal(json!({"encryptionAlgorithm": "AES_128_GCM"})), invalid());
    assert_eq!(refusal(json!({"associatedData": {"a": "x".repeat(4096)}})), invalid());
    assert_eq!(refusal(json!({"keyId": "ocid1.key.oc1.iad.a.b"})).0, 404);
    let answer = vault.ask("decrypt", &json!({"keyId": key, "ciphertext": base64("no envelope")}));
    assert_eq!(refused(&answer), invalid());
    assert_eq!(text(&vault.key_now(&key), "lifecycleState"), "ENABLED");
}
