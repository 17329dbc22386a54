//! docs/reference, written from the program's own texts, so that it can't say anything else.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

const GENERATED: &str = "<!-- Written by `cargo xtask docs`. -->\n";

pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let keyferry = workspace.build_keyferry()?;
    let pages = [("commands.md", commands(&keyferry)?), ("codes.md", codes(&keyferry)?)];
    let mut stale = Vec::new();
    for (name, text) in pages {
        let path = workspace.root.join("docs/reference").join(name);
        if fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        stale.push(name);
        if !check {
            fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
            println!("wrote docs/reference/{name}");
        }
    }
    if check && !stale.is_empty() {
        bail!("docs/reference is not what the program says: {}; run `cargo xtask docs`", stale.join(", "));
    }
    Ok(())
}

fn commands(keyferry: &Path) -> Result<String> {
    let intro = "What `--help` says of each command. The global options of `keyferry` go with all of them.";
    let mut page = format!("{GENERATED}\n# Commands\n\n{intro}\n");
    describe(keyferry, &[], &mut page)?;
    Ok(page)
}

fn describe(keyferry: &Path, words: &[&str], page: &mut String) -> Result<()> {
    let arguments: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
    let help = output(keyferry, &arguments)?;
    let title = std::iter::once("keyferry").chain(words.iter().copied()).collect::<Vec<_>>().join(" ");
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let lines = if words.is_empty() { lines } else { without_global_options(lines) };
    page.extend(["\n## ", &title, "\n\n```text\n", lines.join("\n").trim_end(), "\n```\n"]);
    for command in subcommands(&help) {
        let words: Vec<&str> = words.iter().copied().chain([command]).collect();
        describe(keyferry, &words, page)?;
    }
    Ok(())
}

/// They are the same for all commands; once is enough.
fn without_global_options(lines: Vec<&str>) -> Vec<&str> {
    let mut is_inside = false;
    let kept = lines.into_iter().filter(|line| {
        if !line.is_empty() && !line.starts_with(' ') {
            is_inside = *line == "Global options:";
        }
        !is_inside
    });
    kept.collect()
}

/// The names in the `Commands:` section of a help text.
fn subcommands(help: &str) -> Vec<&str> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let rows = section.take_while(|line| line.starts_with("  "));
    // Deeper indented lines continue a description.
    let names = rows.filter_map(|row| row.strip_prefix("  ").filter(|row| !row.starts_with(' ')));
    names.filter_map(|row| row.split_whitespace().next()).filter(|name| *name != "help").collect()
}

fn codes(keyferry: &Path) -> Result<String> {
    Ok(format!("{GENERATED}\n{}", output(keyferry, &["explain", "--all", "-o", "md"])?))
}

/// What the program prints with nothing of this machine in its surroundings: no terminal, no settings.
fn output(keyferry: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(keyferry).args(arguments).env_clear().stdin(Stdio::null()).output();
    let output = output.context("keyferry can't be started")?;
    if !output.status.success() {
        let line = arguments.join(" ");
        bail!("`keyferry {line}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("keyferry printed something that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{subcommands, without_global_options};

    #[test]
    fn global_options_are_left_out_and_nothing_else() {
        let lines =
            vec!["Usage: x", "", "Global options:", "  --a", "", "      text", "Exit codes:", "  0  good"];
        assert_eq!(without_global_options(lines), ["Usage: x", "", "Exit codes:", "  0  good"]);
    }

    #[test]
    fn commands_are_read_from_the_help_text() {
        let help = "Does things\n\nUsage: x\n\nCommands:\n  run   Runs, and\n        goes on\n  stop\n  help  Print this\n\nOptions:\n  -h\n";
        assert_eq!(subcommands(help), ["run", "stop"]);
        assert!(subcommands("Usage: x\n\nOptions:\n  -h  Help\n").is_empty());
    }
}
