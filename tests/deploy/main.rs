//! The ready units in docs/deploy are what systemd, cron, CI and Kubernetes read, and say what Keyferry understands.

mod ci;
mod cron;
mod kubernetes;
mod lines;
mod systemd;

use std::path::PathBuf;

use keyferry_tests::Keyferry;

/// A file of docs/deploy.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("docs/deploy/{name}: {error}"))
}

/// A user without anything.
fn nobody() -> (tempfile::TempDir, Keyferry) {
    let folder = tempfile::tempdir().expect("a folder");
    let keyferry = Keyferry::new(&folder.path().join("home"), &folder.path().join("no-realm"));
    (folder, keyferry)
}

#[test]
fn the_settings_are_understood() {
    let (_folder, nobody) = nobody();
    let settings = path("keyferry.toml").display().to_string();
    let shown = nobody.run(&["--settings", &settings, "config", "show", "-o", "json"]).exits(0);
    assert!(shown.stdout.contains("vault-backups"), "{}", shown.stdout);
    assert!(shown.stdout.contains("/signing_key"), "{}", shown.stdout);
}

#[test]
fn every_file_is_in_the_table_and_every_file_in_the_table_is_there() {
    let readme = read("README.md");
    let linked = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let linked: Vec<&str> = linked.collect();
    for name in &linked {
        assert!(path(name).is_file(), "{name} is not there");
    }
    for folder in [path("."), path("kubernetes")] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let file = entry.expect("readable").path();
            let name = file.file_name().and_then(|name| name.to_str()).expect("a plain name");
            let is_linked = linked.iter().any(|link| link.ends_with(name));
            assert!(is_linked || file.is_dir() || name == "README.md", "{name} is not in the table");
        }
    }
}
