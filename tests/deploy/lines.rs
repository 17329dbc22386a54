//! Command lines found in units, and whether Keyferry's own reader of command lines takes them.

use crate::nobody;

/// The arguments of every Keyferry command in a piece of shell, without the program's name. No quotes are undone:
/// our units quote none of their arguments.
pub(crate) fn commands(shell: &str) -> Vec<Vec<String>> {
    let simple = shell.split(['\n', ';', '|', '&']).map(str::split_whitespace);
    let of_keyferry = simple.filter_map(|mut words| {
        let program = words.next()?;
        (program == "keyferry" || program.ends_with("/bin/keyferry")).then_some(words)
    });
    let before_redirections = |words: std::str::SplitWhitespace<'_>| {
        words.take_while(|word| !word.starts_with(['>', '<'])).map(str::to_owned).collect()
    };
    of_keyferry.map(before_redirections).collect()
}

/// Fails with what Keyferry says unless it understands these arguments. Nothing is done by them.
pub(crate) fn understood(arguments: &[String]) -> Result<(), String> {
    let (_folder, nobody) = nobody();
    let mut line: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Names and values of flags are judged before the help is given…
    let help = nobody.run(&[line.as_slice(), &["--help"]].concat());
    if help.code != 0 {
        return Err(help.stderr);
    }
    // …and what has to be there, or must not be there together, after it. Only such a complaint comes with the
    // usage; whatever else is wrong is that nobody has no account.
    if let Some(form) = line.iter().position(|word| *word == "-o") {
        line.drain(form..form + 2);
    }
    let ran = nobody.run(&line);
    assert_ne!(ran.code, 0, "nobody has no account: {}", ran.stdout);
    if ran.stderr.contains("\nUsage: ") { Err(ran.stderr) } else { Ok(()) }
}

/// Checks what a unit runs: these commands in this order, each understood.
#[track_caller]
pub(crate) fn check(unit: &str, commands: &[Vec<String>], expected: &[&str]) {
    let names: Vec<&str> =
        commands.iter().filter_map(|command| command.first()).map(String::as_str).collect();
    assert_eq!(names, expected, "{unit}");
    for command in commands {
        let read = understood(command);
        assert!(read.is_ok(), "{unit}: keyferry {}\n{}", command.join(" "), read.unwrap_err());
    }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_wrong_flag_a_wrong_value_and_a_missing_word_are_not_understood() {
    assert_eq!(understood(&words("backup --all --bucket vaults -o jsonl")), Ok(()));
    for wrong in ["backup --al --bucket vaults", "backup --all --bucket vaults -o yaml", "show"] {
        let said = understood(&words(wrong)).expect_err(wrong);
        assert!(said.contains("Usage") || said.contains("possible values"), "{said}");
    }
}

#[test]
fn commands_end_where_the_shell_says_so() {
    let shell = "cd /x && keyferry list >out || echo no; /usr/local/bin/keyferry show latest|cat\nmkdir keyferry\nkeyferry check --all";
    assert_eq!(commands(shell), [words("list"), words("show latest"), words("check --all")]);
}
