//! Every form of an encrypted key opens with its pass phrase and says what is wrong without it.

use super::*;

const KEYS: &str = include_str!("encrypted_keys.txt");
const PASS_PHRASE: &str = "correct horse";
/// Those that are the signing vectors' key.
const READABLE: [&str; 5] = [
    "pkcs8 AES-256-CBC",
    "pkcs8 AES-128-CBC",
    "legacy AES-128-CBC",
    "legacy AES-256-CBC",
    "legacy DES-EDE3-CBC",
];

fn key(name: &str) -> &'static str {
    let (_, rest) = KEYS.split_once(&format!("\nkey {name}\n")).expect("there is such a key");
    rest.split("\nkey ").next().expect("some text")
}

fn with_key(name: &str, config: &str) -> Home {
    let home = Home::new(config);
    home.file(".oci/key.pem", &format!("{}OCI_API_KEY\n", key(name)), Access::Owner);
    home
}

fn signature(credentials: &Credentials) -> Option<Vec<u8>> {
    credentials.key().sign(b"x")
}

#[test]
fn every_form_opens_with_the_pass_phrase_of_the_profile() {
    let plain = signature(&Home::new(&config()).load(None).expect("the plain key"));
    for name in READABLE {
        let home = with_key(name, &format!("{}pass_phrase = {PASS_PHRASE}\n", config()));
        assert_eq!(signature(&home.load(None).expect(name)), plain, "{name}");
    }
}

#[test]
fn the_variable_goes_before_the_profile_also_for_a_key_in_a_variable() {
    let config = format!("{}pass_phrase=another\n", config());
    let home = with_key(READABLE[0], &config).with("OCI_CLI_PASSPHRASE", PASS_PHRASE);
    assert!(home.load(None).is_ok());
    for name in READABLE {
        let home = Home::new(&config).with("OCI_CLI_PASSPHRASE", PASS_PHRASE);
        assert!(home.with("OCI_CLI_KEY_CONTENT", key(name)).load(None).is_ok(), "{name}");
    }
}

#[test]
fn a_pass_phrase_for_a_plain_key_is_not_needed() {
    let home = Home::new(&format!("{}pass_phrase=another\n", config()));
    assert!(home.load(None).is_ok());
}

#[test]
fn a_missing_pass_phrase_is_asked_for_by_name() {
    for name in READABLE {
        let home = with_key(name, &format!("{}pass_phrase=\n", config()));
        let error = home.load(None).expect_err("encrypted");
        let path = home.folder.path().join(".oci/key.pem");
        assert_eq!(
            error.to_string(),
            format!("{} is encrypted, and there is no pass phrase for it", path.display())
        );
        assert_eq!(error.help(), ["set OCI_CLI_PASSPHRASE, or `pass_phrase` in the profile"]);
        assert_eq!(error.code(), keyferry_core::Code::Settings);
    }
}

#[test]
fn a_wrong_pass_phrase_is_said_to_be_one_and_not_repeated() {
    for name in READABLE {
        let home = with_key(name, &format!("{}pass_phrase=hunter2\n", config()));
        let error = home.load(None).expect_err("another pass phrase");
        let text = format!("{error} {error:?} {:?}", error.help());
        assert!(text.contains("the pass phrase from `pass_phrase` of profile [DEFAULT] of "), "{text}");
        assert!(text.contains("key.pem"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let home = with_key(READABLE[0], &config()).with("OCI_CLI_PASSPHRASE", "hunter2");
    let error = home.load(None).expect_err("another pass phrase");
    assert!(
        error.to_string().starts_with("the pass phrase from OCI_CLI_PASSPHRASE does not open "),
        "{error}"
    );
}

/// One in 256 of these is padded well by chance.
#[test]
fn no_wrong_pass_phrase_is_taken_for_another_fault() {
    for number in 0..600 {
        let wrong = pass_phrase::PassPhrase::new(&number.to_string(), "a test".to_owned());
        let read = PrivateKey::read(key("legacy DES-EDE3-CBC").as_bytes(), "test", Some(&wrong));
        assert!(matches!(read, Err(CredentialsError::WrongPassPhrase { .. })), "{number}");
    }
}

#[test]
fn what_is_encrypted_in_another_way_is_named_with_the_line_that_helps() {
    let config = format!("{}pass_phrase = {PASS_PHRASE}\n", config());
    let unread = key(READABLE[2]);
    let camellia = unread.replace("AES-128-CBC", "CAMELLIA-128-CBC");
    let short = unread.replace("AES-128-CBC,", "AES-128-CBC,00").replacen("\n\n", "\n\nAAAA", 1);
    let cases = [
        (key("pkcs8 PBES1"), "it is not PBES2"),
        (key("pkcs8 scrypt"), "it is not PBES2 with PBKDF2"),
        (&camellia, "CAMELLIA-128-CBC,"),
        (&short, "AES-128-CBC,00"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "it is not PBES2",
        ),
    ];
    for (text, expected) in cases {
        let home = Home::new(&config);
        home.file(".oci/key.pem", text, Access::Owner);
        let error = home.load(None).expect_err(expected);
        assert!(matches!(error, CredentialsError::Cipher { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.help()[0].starts_with("encrypt it anew: openssl pkcs8 -topk8 "));
    }
}

#[test]
fn an_opened_key_that_can_not_sign_is_said_to_be_unusable() {
    for name in ["EC, no RSA", "RSA, 1024 bits"] {
        let home = with_key(name, &format!("{}pass_phrase = {PASS_PHRASE}\n", config()));
        let error = home.load(None).expect_err(name);
        assert!(matches!(error, CredentialsError::Key { .. }), "{name}: {error}");
    }
}

#[test]
fn a_key_that_asks_for_endless_rounds_is_refused() {
    // 2048 as DER, in a key whose length stays the same.
    let block = pem::parse(key("pkcs8 AES-256-CBC")).expect("PEM");
    let at = block.contents().windows(4).position(|bytes| bytes == [2, 2, 8, 0]).expect("the rounds");
    let mut der = block.contents().to_vec();
    // One byte more for the rounds, so for everything that they lie in, and one less of salt.
    let salt = at - 10;
    assert_eq!(der[salt..salt + 2], [4, 8], "the salt");
    der.splice(
        salt..at + 4,
        [&[4, 6][..], &block.contents()[salt + 2..at - 2], &[2, 4, 0x7f, 0xff, 0xff, 0xff]].concat(),
    );
    let text = pem::encode(&pem::Pem::new("ENCRYPTED PRIVATE KEY", der));
    let by = pass_phrase::PassPhrase::new(PASS_PHRASE, "a test".to_owned());
    let error = PrivateKey::read(text.as_bytes(), "test", Some(&by)).expect_err("2^31 rounds");
    assert!(error.to_string().ends_with("PBKDF2 of 2147483647 rounds"), "{error}");
}
