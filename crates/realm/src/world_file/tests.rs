//! What a world file makes, and how wrong ones are refused.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::testing::{Client, good, iad};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The example of the documentation, as it stands there.
fn example() -> String {
    let source = include_str!("../world_file.rs");
    let inside = source.split("/// ```toml\n").nth(1).and_then(|rest| rest.split("/// ```").next());
    let lines = inside.expect("the documentation has an example").lines();
    let text: Vec<_> =
        lines.map(|line| line.strip_prefix("///").expect("documentation").trim_start()).collect();
    format!("[[compartment]]\nname = \"shop\"\n{}", text.join("\n"))
}

fn furnished(text: &str) -> Result<Client, RealmError> {
    let client = Client::new();
    client.realm.furnish(&WorldFile::parse(text).expect("a world file"), client.now())?;
    Ok(client)
}

fn complaint(text: &str) -> String {
    match WorldFile::parse(text) {
        Err(e) => e.to_string(),
        Ok(file) => {
            Client::new().realm.furnish(&file, Timestamp::UNIX_EPOCH).expect_err("refused").to_string()
        }
    }
}

#[test]
fn the_documented_example_makes_what_it_says() {
    let client = furnished(&example()).expect("a good file");
    let list = |target: &str| client.get(iad(), target).as_array().cloned().expect("a list");
    let shop = list(&format!("/20160918/compartments?compartmentId={}", client.tenancy())).remove(0);
    let payments = list(&format!("/20160918/compartments?compartmentId={}", id_of(&shop))).remove(0);
    assert_eq!(payments["name"], "payments");
    let vault = list(&format!("/20180608/vaults?compartmentId={}", id_of(&payments))).remove(0);
    assert_eq!((&vault["displayName"], &vault["lifecycleState"]), (&json!("cards"), &json!("ACTIVE")));
    let secrets = list(&format!("/20180608/secrets?compartmentId={}", id_of(&payments)));
    assert_eq!(secrets[0]["secretName"], "db-password");
    client.get(iad(), &format!("/n/{}/b/backups", client.realm.identity().namespace));
}

#[test]
fn the_example_in_the_manual_is_a_world_file() {
    let manual = include_str!("../../../../docs/realm.md");
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    furnished(example.expect("the manual has an example")).expect("a good file");
}

#[test]
fn known_material_opens_what_was_encrypted_with_it_elsewhere() {
    let text = format!(
        "[[vault]]\nregion = \"us-ashburn-1\"\nname = \"v\"\n[[vault.key]]\nname = \"k\"\nmaterial = [\"{KEY}\", \"{}\"]",
        "ff".repeat(32)
    );
    let client = furnished(&text).expect("a good file");
    client.wait(Duration::from_secs(1));
    let vault = client.get(iad(), &format!("/20180608/vaults?compartmentId={}", client.tenancy()))[0].clone();
    let state = client.realm.state();
    let key = state.world.keys.values().next().expect("a key").clone();
    let versions = state.world.versions_of(&key.id);
    let secrets: Vec<_> =
        versions.iter().map(|v| hex::encode(v.material.as_ref().expect("alive").to_bytes())).collect();
    assert_eq!(secrets, [KEY.to_owned(), "ff".repeat(32)]);
    assert_eq!(key.current_version_id, versions[1].id);
    drop(state);
    let ask = |operation: &str, body: &Value| {
        let url = format!("{}/20180608/{operation}", vault["cryptoEndpoint"].as_str().expect("a URL"));
        good(&client.send_to(http::Method::POST, &url, &[], body.to_string().as_bytes()))
    };
    let sealed = ask("encrypt", &json!({"keyId": key.id, "plaintext": BASE64_STANDARD.encode("x")}));
    let opened = ask("decrypt", &json!({"keyId": key.id, "ciphertext": sealed["ciphertext"]}));
    assert_eq!(opened["plaintext"], BASE64_STANDARD.encode("x"));
}

#[test]
fn wrong_files_are_refused_with_the_place_and_without_the_material() {
    let key = |rest: &str| {
        format!("[[vault]]\nregion = \"us-ashburn-1\"\nname = \"v\"\n[[vault.key]]\nname = \"k\"\n{rest}")
    };
    for (text, expected) in [
        ("[[vault]]\nname = 3".to_owned(), "line 2: "),
        (
            "[[vault]]\nregion = \"us-ashburn-1\"\nname = \"v\"\ncolour = 1".to_owned(),
            "line 4: unknown field `colour`",
        ),
        ("[[vault]]\nregion = \"eu-rome-1\"\nname = \"v\"".to_owned(), "line 2: "),
        (
            "[[vault]]\nregion = \"ap-tokyo-1\"\nname = \"v\"".to_owned(),
            "vault `v`: the realm has no region ap-tokyo-1",
        ),
        (
            "[[bucket]]\nregion = \"us-ashburn-1\"\nname = \"b\"\ncompartment = \"x\"".to_owned(),
            "bucket `b`: there is no compartment `x` before it",
        ),
        (
            "[[compartment]]\nname = \"c\"\n[[compartment]]\nname = \"c\"".to_owned(),
            "compartment `c`: there are two of that name",
        ),
        (key("material = [\"zz\"]"), "vault `v`, key `k`, version 1: the material is not hexadecimal digits"),
        (
            key("material = [\"abcd\"]"),
            "vault `v`, key `k`, version 1: the material is not a key of AES with 32 bytes",
        ),
        (key("algorithm = \"RSA\"\nlength = 99"), "vault `v`, key `k`: "),
        (
            key("[[vault.secret]]\nname = \"s\"\nkey = \"other\""),
            "vault `v`, secret `s`: the vault has no key of that name",
        ),
    ] {
        let complaint = complaint(&text);
        assert!(complaint.starts_with(expected), "{complaint}");
        assert!(!complaint.contains("abcd"), "{complaint}");
    }
    assert!(!format!("{:?}", WorldFile::parse(&key("material = [\"abcd\"]"))).contains("abcd"));
}

#[test]
fn a_refused_file_leaves_nothing() {
    let text =
        "[[compartment]]\nname = \"c\"\n[[vault]]\nregion = \"us-ashburn-1\"\nname = \"v\"\ntype = \"SHINY\"";
    let client = Client::new();
    let file = WorldFile::parse(text).expect("a world file");
    client.realm.furnish(&file, client.now()).expect_err("refused");
    assert!(client.realm.is_empty());
}
