//! Grammar, inheritance, overrides and key files.

use keyferry_core::{Class, Explain};
use keyferry_seams::{Access, RealDisk};

use super::*;
use crate::signing::tests::VECTORS;

mod encrypted_keys;
mod sessions;

const TENANCY: &str = "ocid1.tenancy.oc1..aaaa";
const USER: &str = "ocid1.user.oc1..bbbb";

struct Home {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl Home {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let home = folder.path().to_string_lossy().into_owned();
        let home = Self { folder, environment: BTreeMap::from([("HOME".to_owned(), home)]) };
        home.file(".oci/config", config, Access::Owner);
        home.file(".oci/key.pem", &pem(), Access::Owner);
        home
    }

    fn file(&self, name: &str, text: &str, access: Access) {
        RealDisk.write(&self.folder.path().join(name), text.as_bytes(), access).expect("written");
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn load(&self, profile: Option<&str>) -> Result<Credentials, CredentialsError> {
        Credentials::load(self.source(profile))
    }

    fn source<'a>(&'a self, profile: Option<&'a str>) -> Source<'a> {
        let environment = &self.environment;
        let now = "2026-08-01T12:00:00Z".parse().expect("a time");
        Source { disk: &RealDisk, environment, config_file: None, profile, auth: None, region: None, now }
    }
}

fn pem() -> String {
    let start = VECTORS.find("-----BEGIN").expect("a key");
    let end = VECTORS.find("-----END PRIVATE KEY-----\n").expect("its end");
    format!("{}-----END PRIVATE KEY-----\nOCI_API_KEY\n", &VECTORS[start..end])
}

fn config() -> String {
    format!(
        "[DEFAULT]\nuser={USER}\ntenancy={TENANCY}\nfingerprint=aa:bb\nkey_file=~/.oci/key.pem\nregion=us-ashburn-1\n"
    )
}

#[test]
fn a_plain_profile_is_read() {
    let credentials = Home::new(&config()).load(None).expect("a good profile");
    assert_eq!(credentials.key_id(), format!("{TENANCY}/{USER}/aa:bb"));
    assert_eq!(credentials.region.as_ref().map(Region::name), Some("us-ashburn-1"));
    assert!(!format!("{credentials:?}").contains("PRIVATE"));
}

#[test]
fn the_grammar_is_what_oracles_readers_take_together() {
    let odd = format!(
        "\u{feff}; a comment\r\n# another\r\n[DEFAULT]\r\n  user = ocid1.user.oc1..old\r\nuser: ocid1.user.oc1..older\r\nUSER : {USER}\r\n\
         Tenancy = {TENANCY}\r\nfingerprint = aa:bb # not a comment\r\nkey_file = ~/.oci/key.pem\r\n\r\n[ spaced ]\r\nregion=phx\r\n"
    );
    let credentials = Home::new(&odd).load(Some("spaced")).expect("understood");
    assert_eq!(credentials.key_id(), format!("{TENANCY}/{USER}/aa:bb # not a comment"));
    assert_eq!(credentials.region.as_ref().map(Region::name), Some("us-phoenix-1"));
}

#[test]
fn a_profile_inherits_from_default_key_by_key() {
    let home = Home::new(&format!("{}[dr]\nregion=eu-frankfurt-1\nfingerprint=cc:dd\n", config()));
    let credentials = home.load(Some("dr")).expect("inherits");
    assert_eq!(credentials.key_id(), format!("{TENANCY}/{USER}/cc:dd"));
    assert_eq!(credentials.region.as_ref().map(Region::name), Some("eu-frankfurt-1"));
    assert!(
        matches!(home.load(Some("DR")), Err(CredentialsError::NoProfile { .. })),
        "names are case-sensitive"
    );
}

#[test]
fn malformed_files_are_refused_without_repeating_their_lines() {
    for bad in ["user=hunter2\n[DEFAULT]\n", "[DEFAULT\nuser=hunter2\n", "[DEFAULT]\n=hunter2\n"] {
        let error = Home::new(bad).load(None).expect_err(bad);
        assert!(matches!(error, CredentialsError::Grammar { .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_named() {
    let error = Home::new("[DEFAULT]\nuser=x\n").load(None).expect_err("no tenancy");
    assert!(error.to_string().ends_with("has no `tenancy`"), "{error}");
    let swapped = config().replace(TENANCY, USER);
    let error = Home::new(&swapped).load(None).expect_err("a user as tenancy");
    assert!(matches!(error, CredentialsError::Value { name: "tenancy", .. }));
    let nowhere = config().replace("us-ashburn-1", "nowhere-1");
    assert!(matches!(Home::new(&nowhere).load(None), Err(CredentialsError::Region { .. })));
}

#[test]
fn the_environment_goes_before_the_file_and_can_replace_it() {
    let home = Home::new(&config()).with("OCI_CLI_REGION", "lhr").with("OCI_CLI_FINGERPRINT", "ee:ff");
    let credentials = home.load(None).expect("overridden");
    assert_eq!(credentials.key_id(), format!("{TENANCY}/{USER}/ee:ff"));
    assert_eq!(credentials.region.as_ref().map(Region::name), Some("uk-london-1"));

    let home = Home::new("not even a config file")
        .with("OCI_CLI_USER", USER)
        .with("OCI_CLI_TENANCY", TENANCY)
        .with("OCI_CLI_FINGERPRINT", "aa:bb")
        .with("OCI_CLI_REGION", "iad")
        .with("OCI_CLI_KEY_CONTENT", &pem());
    assert_eq!(home.load(None).expect("no file needed").key_id(), format!("{TENANCY}/{USER}/aa:bb"));
    assert!(home.load(Some("DEFAULT")).is_err(), "a profile that is asked for has to be there");
}

#[test]
fn the_command_line_goes_before_all() {
    let home = Home::new(&config()).with("OCI_CLI_REGION", "lhr");
    let frankfurt = Region::parse("fra").expect("known");
    let source = Source { region: Some(frankfurt), ..home.source(None) };
    assert_eq!(Credentials::load(source).expect("loaded").region, Some(frankfurt));
}

#[test]
fn a_key_file_that_others_can_read_is_refused_with_the_line_to_run() {
    let home = Home::new(&config());
    home.file(".oci/key.pem", &pem(), Access::Everyone);
    let error = home.load(None).expect_err("mode 0644");
    assert_eq!(error.code().class(), Class::Refused);
    let path = home.folder.path().join(".oci/key.pem");
    assert_eq!(error.help(), [format!("run: chmod 600 {}", path.display())]);
}

#[test]
fn each_wrong_kind_of_key_file_has_its_own_error() {
    let load = |text: &str| {
        let home = Home::new(&config());
        home.file(".oci/key.pem", text, Access::Owner);
        home.load(None).expect_err("unusable")
    };
    let block = |tag: &str| format!("-----BEGIN {tag}-----\nAAAA\n-----END {tag}-----\n");
    for tag in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        let error = load(&block(tag));
        assert!(matches!(error, CredentialsError::PublicKey { .. }), "{error}");
    }
    for text in [block("PRIVATE KEY"), block("EC PRIVATE KEY"), "no key".to_owned(), String::new()] {
        assert!(matches!(load(&text), CredentialsError::Key { .. }), "{text}");
    }
}

#[test]
fn pkcs1_is_the_same_key_as_pkcs8() {
    let pkcs8 = pem::parse(pem()).expect("PEM");
    // The PKCS#1 key is the last octet string inside the PKCS#8 one: 26 bytes of header for RSA-2048.
    let pkcs1 = pem::encode(&pem::Pem::new("RSA PRIVATE KEY", &pkcs8.contents()[26..]));
    let read =
        |text: &str| PrivateKey::from_pem(text.as_bytes(), "test").expect("a key").sign(b"x").expect("signs");
    assert_eq!(read(&pkcs1), read(&pem()));
}

#[test]
fn other_kinds_of_credentials_are_named_and_refused() {
    let home = Home::new(&config());
    let by_flag = Credentials::load(Source { auth: Some("instance_principal"), ..home.source(None) });
    let by_variable = Home::new(&config()).with("OCI_CLI_AUTH", "instance_principal").load(None);
    for error in [by_flag.expect_err("a flag"), by_variable.expect_err("a variable")] {
        assert_eq!(error.to_string(), "credentials of the kind `instance_principal` are not supported yet");
        assert_eq!(error.code().class(), Class::Usage);
    }
}
