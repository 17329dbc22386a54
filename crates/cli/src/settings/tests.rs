//! What is in force, from where, and what is said of files that can't be used.

use std::path::Path;

use clap::Parser as _;
use keyferry_ids::Region;
use keyferry_seams::{Access, Disk as _, MemoryDisk};
use serde_json::{Value, json};

use super::*;
use crate::app::{App, Globals};
use crate::failure::CliError;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn disk(files: &[(&str, &str)]) -> MemoryDisk {
    let disk = MemoryDisk::default();
    for (path, text) in files {
        disk.write(Path::new(path), text.as_bytes(), Access::Owner).expect("written");
    }
    disk
}

fn typed(line: &str) -> Globals {
    let words = ["keyferry", "list"].into_iter().chain(line.split_whitespace());
    App::try_parse_from(words).expect("a good line").globals
}

fn merged(line: &str, variables: &[(&str, &str)], file: &str) -> (Globals, Own) {
    merge(&typed(line), &env(variables), &disk(&[("keyferry.toml", file)])).expect("good settings")
}

fn refused(file: &str) -> CliError {
    merge(&typed(""), &env(&[]), &disk(&[("keyferry.toml", file)])).expect_err("bad settings")
}

/// The one value of that key, and where it is from.
fn shown<'a>(own: &'a Own, key: &str) -> (&'a Value, String) {
    let all: Vec<_> = own.shown.iter().filter(|shown| shown.key == key).collect();
    assert_eq!(all.len(), 1, "{key} in {:?}", own.shown);
    (&all[0].value, all[0].origin.to_string())
}

const FULL: &str = r#"
profile = "BACKUP"
config_file = "oci/config"
region = "fra"
store = "offsite"
state = "/var/lib/keyferry"
signing_key = "~/keys/keyferry"
rate = 4
concurrency = 3
timeout = "30m"

[stores]
offsite = "oci://copies@ns/eu-frankfurt-1/team"

[profiles.EMEA]
region = "lhr"
store = "oci://emea@ns/uk-london-1"

[objectives]
rpo = "24h"
rto = "4h"
proven_within = "90d"

[policies.nightly]
select = { compartments = ["/prod/*"], tags = { "Operations.Critical" = "true" } }
exclude = { names = ["*-test"] }
bucket = "saves"
copy_to = ["offsite"]
contents = "keys_one_by_one"
accept_unsaved = ["software", "secrets"]
retention = { keep_last = 7, keep_daily = 30, keep_within = "30d" }
rpo = "6h"
hooks = { success = ["./notify", "--token", "t0k3n"], failure = ["mail", "-s", "$(it) failed; look"] }
heartbeat = "https://hc.example/t0k3n"
"#;

#[test]
fn the_file_is_overruled_by_the_environment_and_that_by_flags() {
    let variable = ("KEYFERRY_STORE", "oci://v@ns/iad");
    for (line, variables, value, origin) in [
        ("", &[][..], "offsite", "keyferry.toml"),
        ("", &[variable], "oci://v@ns/iad", "$KEYFERRY_STORE"),
        ("--store oci://f@ns/iad", &[variable], "oci://f@ns/iad", "--store"),
        ("", &[("KEYFERRY_STORE", "")], "offsite", "keyferry.toml"),
    ] {
        let (globals, own) = merged(line, variables, FULL);
        assert_eq!(globals.store.as_deref(), Some(value));
        assert_eq!(shown(&own, "store"), (&value.into(), origin.to_owned()));
    }
}

#[test]
fn every_value_of_the_file_takes_its_place() {
    let (globals, own) = merged("", &[("HOME", "/h/me")], FULL);
    assert_eq!(globals.profile.as_deref(), Some("BACKUP"));
    assert_eq!(globals.config_file.as_deref(), Some(Path::new("oci/config")));
    assert_eq!(globals.region, Some(Region::parse("fra").expect("known")));
    assert_eq!(globals.state.as_deref(), Some(Path::new("/var/lib/keyferry")));
    assert_eq!(globals.signing_key.as_deref(), Some(Path::new("/h/me/keys/keyferry")));
    assert_eq!((own.rate, own.concurrency), (Some(4.0), 3));
    assert_eq!(own.timeout, Some(std::time::Duration::from_secs(1_800)));
    assert_eq!(own.objectives.rto, Some("4h".parse().expect("a length")));
    let policy = own.policy("nightly").expect("there");
    assert_eq!(policy.rpo, Some("6h".parse().expect("a length")));
    assert_eq!(policy.proven_within, own.objectives.proven_within, "from the objectives");
    assert_eq!(own.store("offsite").expect("named").to_string(), "oci://copies@ns/eu-frankfurt-1/team");
    assert_eq!(own.store("oci://b@ns/fra").expect("an address").to_string(), "oci://b@ns/eu-frankfurt-1");
}

#[test]
fn every_variable_takes_its_place_and_a_bad_one_is_named() {
    let variables = [
        ("KEYFERRY_PROFILE", "P"),
        ("KEYFERRY_CONFIG_FILE", "/c"),
        ("KEYFERRY_REGION", "lhr"),
        ("KEYFERRY_AUTH", "api_key"),
        ("KEYFERRY_STATE", "/s"),
        ("KEYFERRY_SIGNING_KEY", "/k"),
        ("KEYFERRY_ALLOWED_SIGNERS", "/a"),
        ("KEYFERRY_RATE", "0.5"),
        ("KEYFERRY_CONCURRENCY", "2"),
        ("KEYFERRY_TIMEOUT", "1h"),
        ("KEYFERRY_LOG_FILE", "/l"),
    ];
    let (globals, own) = merged("", &variables, FULL);
    let paths = [&globals.config_file, &globals.state, &globals.signing_key, &globals.allowed_signers];
    let paths = paths.map(|path| path.as_deref().and_then(Path::to_str));
    assert_eq!(paths, [Some("/c"), Some("/s"), Some("/k"), Some("/a")]);
    assert_eq!((globals.profile.as_deref(), globals.auth.as_deref()), (Some("P"), Some("api_key")));
    assert_eq!((own.rate, own.concurrency), (Some(0.5), 2));
    assert_eq!(
        (own.timeout.map(|t| t.as_secs()), own.log_file.as_deref()),
        (Some(3_600), Some(Path::new("/l")))
    );
    for (name, _) in variables {
        let key = name.trim_start_matches("KEYFERRY_").to_lowercase();
        assert_eq!(shown(&own, &key).1, format!("${name}"));
    }
    for (name, bad) in [
        ("KEYFERRY_REGION", "mars"),
        ("KEYFERRY_RATE", "fast"),
        ("KEYFERRY_RATE", "0"),
        ("KEYFERRY_CONCURRENCY", "0"),
        ("KEYFERRY_TIMEOUT", "soon"),
    ] {
        let error = merge(&typed(""), &env(&[(name, bad)]), &disk(&[])).expect_err(bad);
        assert!(
            matches!(&error, CliError::Usage(text) if text.starts_with(&format!("${name}: "))),
            "{error}"
        );
    }
}

#[test]
fn a_chosen_profile_brings_its_own_region_and_store() {
    for (line, variables) in [
        ("--profile EMEA", &[][..]),
        ("", &[("KEYFERRY_PROFILE", "EMEA")]),
        ("", &[("OCI_CLI_PROFILE", "EMEA")]),
    ] {
        let (globals, own) = merged(line, variables, FULL);
        assert_eq!(globals.region, Some(Region::parse("lhr").expect("known")));
        assert_eq!(globals.store.as_deref(), Some("oci://emea@ns/uk-london-1"));
        assert_eq!(shown(&own, "store").1, "[profiles.EMEA] in keyferry.toml");
        assert_eq!(shown(&own, "config_file").1, "keyferry.toml", "the profile says nothing of it");
    }
}

#[test]
fn what_oci_cli_is_told_goes_before_the_file_and_after_our_own_variables() {
    let (globals, own) = merged("", &[("OCI_CLI_REGION", "us-phoenix-1"), ("OCI_CLI_PROFILE", "X")], FULL);
    assert_eq!((globals.region, globals.profile), (None, None), "they are read with the credentials");
    assert_eq!(shown(&own, "region"), (&"us-phoenix-1".into(), "$OCI_CLI_REGION".to_owned()));
    let both = [("OCI_CLI_PROFILE", "X"), ("KEYFERRY_PROFILE", "Y")];
    assert_eq!(merged("", &both, FULL).0.profile.as_deref(), Some("Y"));
}

#[test]
fn an_account_in_the_file_does_not_leak_into_an_embedded_realm() {
    let realm = [("KEYFERRY_REALM", "/realm"), ("OCI_CLI_PROFILE", "EMEA")];
    let (globals, own) = merged("", &realm, FULL);
    assert_eq!((globals.profile, globals.config_file, globals.region), (None, None, None));
    assert_eq!(shown(&own, "profile"), (&Value::Null, "$KEYFERRY_REALM".to_owned()));
    assert_eq!(globals.store.as_deref(), Some("offsite"), "a store is a store");
    assert_eq!(merged("--profile IAD", &realm, FULL).0.profile.as_deref(), Some("IAD"));
}

#[test]
fn without_a_file_everything_is_as_usual() {
    let (globals, own) = merge(&typed(""), &env(&[("HOME", "/h")]), &disk(&[])).expect("no settings");
    assert_eq!((own.source.as_deref(), own.concurrency, own.rate), (None, 64, None));
    assert_eq!((globals.state, globals.store), (None, None));
    assert_eq!(shown(&own, "state"), (&"/h/.local/state/keyferry".into(), "default".to_owned()));
    assert_eq!(shown(&own, "signing_key").0, "/h/.local/state/keyferry/signing_key");
    assert_eq!(shown(&own, "timeout"), (&"20m".into(), "default".to_owned()));
    let error = own.store("offsite").expect_err("no file, no names").to_string();
    assert!(error.contains("`offsite`") && error.contains("no keyferry.toml"), "{error}");
    let error = merged("", &[], FULL).1.policy("weekly").expect_err("another").to_string();
    assert!(error.contains("there is no policy `weekly`: keyferry.toml has nightly"), "{error}");
}

#[test]
fn the_nearest_file_is_read_and_one_that_is_named_has_to_be_there() {
    let here = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/x"), ("KEYFERRY_SETTINGS", "/v.toml")];
    let files = [
        "/f.toml",
        "/v.toml",
        "keyferry.toml",
        "/x/keyferry/keyferry.toml",
        "/h/.config/keyferry/keyferry.toml",
    ];
    let disk = |files: &[&str]| {
        let named: Vec<_> = files.iter().map(|path| (*path, "")).collect();
        disk(&named)
    };
    let found = |line: &str, variables: &[(&str, &str)], files: &[&str]| {
        merge(&typed(line), &env(variables), &disk(files)).map(|(_, own)| own.source)
    };
    let path = |text: &str| Some(std::path::PathBuf::from(text));
    assert_eq!(found("--settings /f.toml", &here, &files).expect("there"), path("/f.toml"));
    assert_eq!(found("", &here, &files).expect("there"), path("/v.toml"));
    for first in 2..files.len() {
        assert_eq!(found("", &here[..2], &files[first..]).expect("there"), path(files[first]));
    }
    for (line, variables) in [("--settings /f.toml", &here[..2]), ("", &here)] {
        let error = found(line, variables, &files[2..]).expect_err("absent");
        assert!(matches!(error, CliError::SettingsUnread(_)), "{error}");
    }
}

#[test]
fn a_mistake_is_named_with_its_place_and_what_to_do() {
    for (text, at, expected) in [
        ("stroe = 'x'", (1, 1), "unknown field `stroe`"),
        ("\n\n  region = 'mars-1'", (3, 12), "`mars-1` is not a region"),
        ("rate = 0", (1, 8), "from 0.01 to 1000"),
        ("concurrency = 0", (1, 15), "nonzero"),
        ("timeout = 'soon'", (1, 11), "30m, 24h or 90d"),
        ("profile = 'a'\nprofile = 'b'", (2, 1), "duplicate key"),
        ("[stores]\noffsite = 'ftp://x'", (2, 11), "ftp://x"),
        ("[stores]\n'a:b' = 'oci://b@ns/fra'", (2, 1), "letters, digits"),
        ("[policies.nightly]\ncopy_too = []", (2, 1), "unknown field `copy_too`"),
        ("[policies.nightly]\nselect = { names = [] }", (2, 20), "an empty list fits nothing"),
        ("[policies.nightly]\nselect = { compartments = ['prod'] }", (2, 27), "such as /prod/keys"),
        ("[policies.nightly]\nbucket = 7", (2, 10), "NAME[@NAMESPACE]"),
        ("[policies.nightly]\ncontents = 'everything'", (2, 12), "`with_keys`"),
        ("[policies.nightly]\nretention = { keep_last = -1 }", (2, 27), "-1"),
        ("[policies.nightly]\nheartbeat = 'http://hc.example/t0k3n'", (2, 13), "https://"),
        ("[policies.nightly]\nheartbeat = https://hc.example/t0k3n", (2, 13), "quoted"),
        ("[profiles.X]\nstate = '/s'", (2, 1), "unknown field `state`"),
    ] {
        let error = refused(text);
        let shown = error.to_string();
        let (line, column) = at;
        assert!(shown.starts_with(&format!("keyferry.toml:{line}:{column}: ")), "{shown}");
        assert!(shown.contains(expected) && !shown.contains("t0k3n"), "{shown}");
        let explained = crate::failure::Failure::from(error);
        assert_eq!(crate::exit::of(explained.code().class()), 2);
        assert_eq!(explained.explain().help(), [format!("correct line {line} of keyferry.toml")]);
    }
}

#[test]
fn a_file_that_is_too_long_or_no_text_is_refused() {
    let long = "#".repeat(LONGEST as usize + 1);
    assert!(matches!(refused(&long), CliError::SettingsUnread(_)));
    let disk = MemoryDisk::default();
    disk.write(Path::new("keyferry.toml"), b"# ok\nstore = '\xff'", Access::Owner).expect("written");
    let error = merge(&typed(""), &env(&[]), &disk).expect_err("no text").to_string();
    assert_eq!(error, "keyferry.toml:2:10: not UTF-8");
}

#[test]
fn paths_are_meant_from_the_folder_of_the_file() {
    let text = "state = 'runs'\nlog_file = '../log'\n[policies.n]\nhooks = { always = ['./tell'], failure = ['mail'] }";
    let disk = disk(&[("/etc/keyferry/k.toml", text)]);
    let (globals, own) = merge(&typed("--settings /etc/keyferry/k.toml"), &env(&[]), &disk).expect("good");
    assert_eq!(globals.state.as_deref(), Some(Path::new("/etc/keyferry/runs")));
    assert_eq!(own.log_file.as_deref(), Some(Path::new("/etc/keyferry/../log")));
    let hooks = &own.policy("n").expect("there").hooks;
    assert_eq!((&hooks.always[0][..], &hooks.failure[0][..]), ("/etc/keyferry/./tell", "mail"));
}

#[test]
fn what_is_shown_holds_no_secret() {
    let (_, own) = merged("", &[], FULL);
    let values: BTreeMap<_, _> = own.shown.iter().map(|shown| (shown.key.as_str(), &shown.value)).collect();
    assert_eq!(values["policies.nightly.heartbeat"], "https://hc.example/…");
    assert_eq!(values["policies.nightly.hooks.success"], &json!(["./notify", "--token", "***"]));
    assert_eq!(values["policies.nightly.hooks.failure"], &json!(["mail", "-s", "$(it) failed; look"]));
    assert_eq!(values["policies.nightly.select.tags.Operations.Critical"], "true");
    assert_eq!(values["policies.nightly.retention.keep_last"], &json!(7));
    assert_eq!(values["stores.offsite"], "oci://copies@ns/eu-frankfurt-1/team");
    assert!(!format!("{:?}", own.shown).contains("t0k3n"));
}

#[test]
fn a_file_with_hooks_that_everybody_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("k.toml");
    let disk = keyferry_seams::RealDisk;
    let look = |text: &str, mode: u32| {
        disk.write(&path, text.as_bytes(), Access::Owner).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("changed");
        merge(&typed(&format!("--settings {}", path.display())), &env(&[]), &disk)
    };
    let hooks = "[policies.n]\nhooks = { always = ['true'] }";
    let error = look(hooks, 0o666).expect_err("anybody's programs");
    assert!(
        matches!(&error, CliError::Settings { help, .. } if help.starts_with("run: chmod o-w ")),
        "{error}"
    );
    assert!(look(hooks, 0o664).is_ok());
    assert!(look("[policies.n]", 0o666).is_ok());
}
