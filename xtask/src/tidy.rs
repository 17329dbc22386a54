//! House rules that no lint knows: what a file opens with, and what must not be left in one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

const SOURCES: [&str; 3] = ["crates", "xtask", "tests"];
const TEXTS: [&str; 8] = ["rs", "md", "toml", "py", "txt", "snap", "html", "json"];
/// Longer files are named, not refused: some things are long.
const LONG: usize = 500;

/// Written in halves, so that this file keeps the rules too.
const LEFT_OVER: [&str; 3] = [concat!("to", "do!("), concat!("#[", "ignore"), concat!("db", "g!(")];
const HOSTS: [&str; 4] = [
    concat!("crates", ".io"),
    concat!("py", "pi.org"),
    concat!("npm", "js.org"),
    concat!("pythonhosted", ".org"),
];
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut files = Vec::new();
    list(&workspace.root, &workspace.target, &mut files)?;
    files.sort();
    let (mut faults, mut long) = (Vec::new(), Vec::new());
    for path in &files {
        let name = path.strip_prefix(&workspace.root).unwrap_or(path);
        // What is not UTF-8 is no text of ours.
        let Ok(text) = fs::read_to_string(path) else { continue };
        faults.extend(faults_of(name, &text));
        let lines = text.lines().count();
        if is_source(name) && lines > LONG {
            long.push(format!("  {lines} lines: {}", name.display()));
        }
    }
    println!("{} files looked at", files.len());
    if !long.is_empty() {
        println!("long files, perhaps two things each:\n{}", long.join("\n"));
    }
    if !faults.is_empty() {
        bail!("not tidy:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

fn list(folder: &Path, target: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} can't be listed", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if path != target && name != ".git" && name != "target" && name != "__pycache__" {
                list(&path, target, files)?;
            }
        } else if path.extension().is_some_and(|e| TEXTS.iter().any(|text| e == *text)) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_source(name: &Path) -> bool {
    name.extension().is_some_and(|e| e == "rs") && SOURCES.iter().any(|folder| name.starts_with(folder))
}

fn faults_of(name: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if is_source(name) && !text.starts_with("//! ") {
        faults.push(format!("{}: does not open with a `//!` line that says what it does", name.display()));
    }
    for (number, line) in text.lines().enumerate() {
        let mut fault = |what: &str, why: &str| {
            faults.push(format!("{}:{}: `{what}` ({why})", name.display(), number + 1));
        };
        if is_source(name) {
            for left in LEFT_OVER.iter().filter(|left| line.contains(**left)) {
                fault(left, "unfinished work");
            }
        }
        for host in HOSTS.iter().filter(|host| line.contains(**host)) {
            fault(host, "registries are reached through their clients, not by name");
        }
        for home in HOMES.iter().filter(|home| line.contains(**home)) {
            fault(home, "a path of somebody's machine");
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, text: &str) -> usize {
        faults_of(Path::new(name), text).len()
    }

    #[test]
    fn a_source_file_says_first_what_it_does() {
        assert_eq!(faults("crates/a/src/lib.rs", "//! Counts.\n"), 0);
        assert_eq!(faults("crates/a/src/lib.rs", "fn main() {}\n"), 1);
        assert_eq!(faults("docs/example.rs", "fn main() {}\n"), 0, "only our sources");
    }

    #[test]
    fn leftovers_hosts_and_homes_are_found_with_their_line() {
        let text = format!("//! x\nfn f() {{ {}) }}\n", LEFT_OVER[0]);
        assert!(faults_of(Path::new("tests/a.rs"), &text)[0].starts_with("tests/a.rs:2: "));
        assert_eq!(faults("README.md", &format!("get it from {}\n", HOSTS[1])), 1);
        assert_eq!(faults("docs/a.md", &format!("cd {}me/x\n", HOMES[0])), 1);
        assert_eq!(faults("docs/a.md", "cd ~/.oci\n"), 0);
    }
}
