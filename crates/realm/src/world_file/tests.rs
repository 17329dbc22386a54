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
fn the_examples_in_the_manual_are_world_files() {
    let manual = include_str!("../../../../docs/realm.md");
    let examples: Vec<_> =
        manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        furnished(example).expect("a good file");
    }
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

/// Vaults of one name in a region, and keys of one name in each.
fn fleet(region: &str, vaults: u32, keys: u32) -> String {
    format!(
        "[[bucket]]\nregion = \"{region}\"\nname = \"backups\"\n\
         [[limit]]\nregion = \"{region}\"\nname = \"virtual-private-vault-count\"\nvalue = {vaults}\n\
         [[vault]]\nregion = \"{region}\"\nname = \"shop\"\ncount = {vaults}\n\
         [[vault.key]]\nname = \"card\"\ncount = {keys}\n"
    )
}

#[test]
fn a_few_lines_make_a_fleet_with_numbered_names() {
    let regions = ["us-ashburn-1", "eu-frankfurt-1", "us-phoenix-1"];
    let client =
        Client::with_regions(regions.map(|name| Region::parse(name).expect("a known region")).to_vec());
    let text: String = regions.iter().map(|region| fleet(region, 20, 10)).collect();
    client.realm.furnish(&WorldFile::parse(&text).expect("a world file"), client.now()).expect("furnished");
    client.wait(Duration::from_secs(1));
    let names = |list: &Value| -> Vec<String> {
        let items = list.as_array().expect("a list").iter();
        items.map(|item| item["displayName"].as_str().expect("a name").to_owned()).collect()
    };
    let numbered =
        |name: &str, count| -> Vec<String> { (1..=count).map(|at| format!("{name}-{at:02}")).collect() };
    let by_name = format!("compartmentId={}&sortBy=DISPLAYNAME", client.tenancy());
    for region in &client.realm.identity().regions {
        client.get(*region, &format!("/n/{}/b/backups", client.realm.identity().namespace));
        let vaults = client.get(*region, &format!("/20180608/vaults?{by_name}"));
        assert_eq!(names(&vaults), numbered("shop", 20));
        for vault in vaults.as_array().expect("a list") {
            let url = format!(
                "{}/20180608/keys?{by_name}",
                vault["managementEndpoint"].as_str().expect("an endpoint")
            );
            let keys = good(&client.send_to(http::Method::GET, &url, &[], b""));
            assert_eq!(names(&keys), numbered("card", 10));
        }
    }
    let state = client.realm.state();
    let materials = state.world.versions.values().map(|v| v.material.as_ref().expect("alive").to_bytes());
    assert_eq!(materials.collect::<std::collections::BTreeSet<_>>().len(), 600, "no two keys are the same");
}

#[test]
fn a_fleet_beyond_the_limit_is_refused_by_the_number_that_is_too_many() {
    let vaults = "[[vault]]\nregion = \"us-ashburn-1\"\nname = \"shop\"\ncount = 101";
    assert!(
        complaint(vaults).starts_with("vault `shop-101`: The following service limits"),
        "{}",
        complaint(vaults)
    );
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
            key(&format!("count = 2\nmaterial = [\"{KEY}\"]")),
            "vault `v`, key `k-01`: one material is not for several keys",
        ),
        (
            "[[limit]]\nregion = \"ap-tokyo-1\"\nname = \"virtual-vault-count\"\nvalue = 1".to_owned(),
            "limit `virtual-vault-count`: the realm has no region ap-tokyo-1",
        ),
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
