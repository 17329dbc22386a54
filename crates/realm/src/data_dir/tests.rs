//! What stays the same when a realm's folder is opened again, and what moves with its files.

use std::os::unix::fs::PermissionsExt;

use keyferry_seams::RealDisk;

use super::*;
use crate::testing::{VECTORS, fra, iad};

struct Opened {
    dir: DataDir,
    config: RealmConfig,
}

fn open(folder: &Path, regions: Option<Vec<Region>>, seed: Option<u64>) -> Result<Opened, DataDirError> {
    // Making keys takes long; the vectors' one is as good.
    RealDisk.write(&folder.join(API_KEY), VECTORS.as_bytes(), Access::Owner)?;
    let (dir, config) = DataDir::open(folder, regions, seed, Latency::none(), &RealDisk)?;
    Ok(Opened { dir, config })
}

fn root(opened: &Opened) -> [u8; 32] {
    opened.config.root_key.bytes("test")
}

#[test]
fn a_folder_opened_again_is_the_same_realm() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path(), Some(vec![fra(), iad()]), None).expect("opened");
    let (identity, key, token) = (first.config.identity.clone(), root(&first), first.dir.token.clone());
    drop(first);
    let again = open(folder.path(), None, None).expect("opened again");
    assert_eq!((&again.config.identity, root(&again), &again.dir.token), (&identity, key, &token));
    assert_eq!(identity.regions, [fra(), iad()]);
    assert!(identity.tenancy_id.starts_with("ocid1.tenancy.oc1..aaaaaaaakeyferryembedded"));
}

#[test]
fn one_process_per_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let _first = open(folder.path(), None, None).expect("opened");
    assert!(matches!(open(folder.path(), None, None), Err(DataDirError::InUse(_))));
}

#[test]
fn a_seed_decides_everything_but_the_admin_token() {
    let opened = || {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = open(folder.path(), None, Some(7)).expect("opened");
        (opened.config.identity.clone(), root(&opened), opened.dir.token.clone())
    };
    let (one, two) = (opened(), opened());
    assert_eq!((&one.0, one.1), (&two.0, two.1));
    assert_ne!(one.2, two.2);
    let seeded = RealmConfig::root_key_of(&Seed::from_number(7));
    assert_eq!(Seed::from_bytes(seeded).bytes::<32>("test"), one.1);
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path(), None, Some(7)).expect("opened"));
    drop(open(folder.path(), None, None).expect("a seeded realm stays one"));
    assert!(matches!(open(folder.path(), None, Some(8)), Err(DataDirError::OtherSeed { .. })));
}

#[test]
fn root_key_and_identity_can_be_brought_to_another_folder() {
    let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let first = open(here.path(), None, None).expect("opened");
    for name in ["root.key", "identity.json"] {
        let bytes = RealDisk.read(&here.path().join(name), 10_000).expect("written");
        RealDisk.write(&there.path().join(name), &bytes, Access::Owner).expect("copied");
    }
    let second = open(there.path(), None, None).expect("opened");
    assert_eq!(first.config.identity, second.config.identity);
    assert_eq!(root(&first), root(&second));
}

#[test]
fn clients_find_a_profile_per_region_and_nobody_else_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let opened = open(folder.path(), None, None).expect("opened");
    let bytes = RealDisk.read(&opened.dir.config_file(), 10_000).expect("written");
    let text = String::from_utf8(bytes).expect("text");
    for profile in ["[DEFAULT]", "[us-ashburn-1]", "[eu-frankfurt-1]", "[SESSION]"] {
        assert!(text.contains(profile), "{text}");
    }
    assert!(text.contains(&format!("key_file={}/api_key.pem", folder.path().display())));
    opened.dir.renew_session(Timestamp::UNIX_EPOCH, &RealDisk).expect("a token");
    for name in ["config", "root.key", "identity.json", "admin.token", API_KEY, SESSION_TOKEN] {
        let mode = std::fs::metadata(folder.path().join(name)).expect("written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn damaged_files_are_named() {
    for (name, text) in [("root.key", "abc"), ("identity.json", "{}"), ("admin.token", "short")] {
        let folder = tempfile::tempdir().expect("a folder");
        RealDisk.write(&folder.path().join(name), text.as_bytes(), Access::Owner).expect("written");
        match open(folder.path(), None, None) {
            Err(DataDirError::Damaged { path, .. }) => assert!(path.ends_with(name)),
            other => panic!("{name}: {:?}", other.map(|opened| opened.dir)),
        }
    }
}

#[test]
fn a_token_stays_good_when_the_folder_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = |opened: &Opened| {
        opened.dir.renew_session(Timestamp::UNIX_EPOCH, &RealDisk).expect("a token");
        let bytes = RealDisk.read(&folder.path().join(SESSION_TOKEN), 10_000).expect("written");
        String::from_utf8(bytes).expect("text")
    };
    let first = open(folder.path(), None, None).expect("opened");
    let token = token(&first);
    drop(first);
    let again = open(folder.path(), None, None).expect("opened again");
    let known = again.dir.session_tokens.read(&token).expect("a token of this realm");
    assert!(known.key == again.dir.session_key);
}

#[test]
fn a_seed_makes_the_key_again() {
    let key = || {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, config) =
            DataDir::open(folder.path(), None, Some(7), Latency::none(), &RealDisk).expect("opened");
        config.api_key.fingerprint()
    };
    assert_eq!(key(), key());
}
