//! Sessions: which profile is one, what is signed in its name, and when it is over.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use http::Request;
use keyferry_core::Code;
use keyferry_wire::signature::GENERIC;

use super::*;
use crate::signing::authorization;

const NO_USER: &str = "[s]\nfingerprint=cc:dd\nkey_file=~/.oci/key.pem\ntenancy=ocid1.tenancy.oc1..aaaa\n\
                       region=eu-frankfurt-1\nsecurity_token_file=~/.oci/token\n";

/// The session token of the signing vectors.
fn token() -> &'static str {
    VECTORS.lines().find_map(|line| line.strip_prefix("key-id ST$")).expect("a vector of a session")
}

fn token_until(exp: i64) -> String {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"x","exp":{exp}}}"#));
    format!("e30.{claims}.c2ln")
}

fn home(config: &str, token: &str) -> Home {
    let home = Home::new(config);
    home.file(".oci/token", token, Access::Owner);
    home
}

#[test]
fn a_profile_with_a_token_signs_as_the_vectors_do() {
    let home = home(&format!("{}{NO_USER}", config()), &format!("{}\n", token()));
    let credentials = home.load(Some("s")).expect("a session");
    assert_eq!(credentials.key_id(), format!("ST${}", token()));
    assert_eq!(credentials.region.as_ref().map(Region::name), Some("eu-frankfurt-1"));
    // V6, whose signature is fixed by the vectors.
    let request = Request::builder()
        .uri("/20180608/vaults?compartmentId=ocid1.compartment.oc1..aaaaaaaadr&limit=10")
        .header("date", "Sat, 01 Aug 2026 12:00:00 GMT")
        .header("host", "kms.us-ashburn-1.oraclecloud.com")
        .body(bytes::Bytes::new())
        .expect("a request");
    let header = authorization(&request, GENERIC, credentials.key_id(), credentials.key()).expect("signed");
    let (_, v6) = VECTORS.split_once("vector V6\n").expect("there is such a vector");
    let signature = v6.lines().find_map(|line| line.strip_prefix("signature ")).expect("its signature");
    assert!(header.contains(&format!(r#"keyId="ST${}""#, token())), "{header}");
    assert!(header.contains(&format!(r#"signature="{signature}""#)), "{header}");
}

#[test]
fn a_profile_that_inherits_key_and_token_is_a_session_and_one_with_its_own_key_is_not() {
    let default = NO_USER.replace("[s]", "[DEFAULT]");
    let own_key = format!("[api]\nuser={USER}\nfingerprint=aa:bb\nkey_file=~/.oci/key.pem\n");
    let home = home(&format!("{default}[phx]\nregion=phx\n{own_key}"), token());
    for profile in [None, Some("phx")] {
        assert!(home.load(profile).expect("a session").key_id().starts_with("ST$"));
    }
    let key_id = format!("{TENANCY}/{USER}/aa:bb");
    assert_eq!(home.load(Some("api")).expect("an API key").key_id(), key_id);
}

#[test]
fn the_flag_decides_over_the_profile() {
    let home = home(&format!("{}{NO_USER}", config()), token());
    let load = |profile, auth| Credentials::load(Source { auth: Some(auth), ..home.source(Some(profile)) });
    let key_id = format!("{TENANCY}/{USER}/cc:dd");
    assert_eq!(load("s", "api_key").expect("the user of [DEFAULT]").key_id(), key_id);
    assert!(load("s", "security_token").expect("a session").key_id().starts_with("ST$"));
    let error = load("DEFAULT", "security_token").expect_err("it has none");
    assert!(error.to_string().ends_with("has no `security_token_file`"), "{error}");
}

#[test]
fn a_token_file_can_be_named_by_a_variable() {
    let home = home(&config(), token()).with("OCI_CLI_SECURITY_TOKEN_FILE", "~/.oci/token");
    assert!(home.load(None).expect("a session").key_id().starts_with("ST$"));
}

#[test]
fn an_expired_token_is_refused_with_the_command_that_renews_it() {
    let now = 1_785_585_600;
    for (exp, is_good) in [(now + 1, true), (now, false), (now - 3600, false)] {
        let home = home(NO_USER, &token_until(exp));
        let loaded = home.load(Some("s"));
        assert_eq!(loaded.is_ok(), is_good, "{exp}");
        let Err(error) = loaded else { continue };
        assert_eq!((error.code(), error.code().class()), (Code::SessionExpired, Class::Authentication));
        assert_eq!(error.help()[0], "run: oci session refresh --profile s");
        assert!(error.to_string().contains("token expired at 2026-08-01T1"), "{error}");
        assert!(!format!("{error}{error:?}").contains(&token_until(exp)));
    }
}

#[test]
fn the_command_that_renews_a_token_names_another_file_and_odd_profiles_rightly() {
    let home = home("", &token_until(0));
    let path = home.folder.path().join("my config");
    home.file("my config", &NO_USER.replace("[s]", "[o\'clock]"), Access::Owner);
    let source = Source { config_file: Some(&path), ..home.source(Some("o\'clock")) };
    let error = Credentials::load(source).expect_err("expired");
    let expected =
        format!(r"run: oci session refresh --profile 'o'\''clock' --config-file '{}'", path.display());
    assert_eq!(error.help()[0], expected);
}

#[test]
fn a_session_that_ends_under_way_signs_no_more() {
    let home = home(NO_USER, &token_until(1_785_585_660));
    let credentials = home.load(Some("s")).expect("good for a minute");
    let now = home.source(None).now;
    assert!(credentials.check(now).is_ok());
    assert!(credentials.check(now + jiff::SignedDuration::from_secs(60)).is_err());
    let plain = Home::new(&config()).load(None).expect("an API key");
    assert!(plain.check(jiff::Timestamp::MAX).is_ok(), "API keys do not end");
}

#[test]
fn a_token_that_others_can_read_is_refused_with_the_line_to_run() {
    let home = home(NO_USER, token());
    home.file(".oci/token", token(), Access::Everyone);
    let error = home.load(Some("s")).expect_err("mode 0644");
    assert_eq!(error.code().class(), Class::Refused);
    let path = home.folder.path().join(".oci/token");
    assert_eq!(error.help(), [format!("run: chmod 600 {}", path.display())]);
    assert!(error.to_string().starts_with("the token file "), "{error}");
}

#[test]
fn what_is_no_token_is_refused_and_not_repeated() {
    let no_exp = BASE64_URL_SAFE_NO_PAD.encode("{}");
    for bad in [
        "hunter2".to_owned(),
        "hunter2.e30.".to_owned(),
        "e30.hunter2.c2ln".to_owned(),
        format!("e30.{no_exp}.hunter2"),
        format!("e30.{no_exp}.\"hunter2"),
        format!("{}\nhunter2", token()),
        format!("{}{}", token(), "hunter2".repeat(5000)),
        String::new(),
    ] {
        let error = home(NO_USER, &bad).load(Some("s")).expect_err("no token");
        assert!(matches!(error, CredentialsError::Token { .. }), "{error}");
        assert!(!format!("{error}{error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn a_token_is_not_shown() {
    let credentials = home(NO_USER, token()).load(Some("s")).expect("a session");
    assert!(!format!("{credentials:?}").contains(token()));
}
