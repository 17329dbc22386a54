//! The service and its timer, judged by systemd itself where it is installed, and by a small reader everywhere.

use std::path::Path;
use std::process::Command;

use crate::{lines, path, read};

const UNITS: [&str; 2] = ["keyferry-backup.service", "keyferry-backup.timer"];

/// What our units use. A word that is not in here is misspelt, or new: look it up and add it.
const KNOWN: [(&str, &[&str]); 4] = [
    ("Unit", &["Description", "Wants", "After"]),
    (
        "Service",
        &[
            "Type",
            "User",
            "Group",
            "Environment",
            "EnvironmentFile",
            "ExecStart",
            "ExecStopPost",
            "TimeoutStartSec",
            "StateDirectory",
            "StateDirectoryMode",
            "UMask",
            "CapabilityBoundingSet",
            "LockPersonality",
            "MemoryDenyWriteExecute",
            "NoNewPrivileges",
            "PrivateDevices",
            "PrivateTmp",
            "PrivateUsers",
            "ProcSubset",
            "ProtectClock",
            "ProtectControlGroups",
            "ProtectHome",
            "ProtectHostname",
            "ProtectKernelLogs",
            "ProtectKernelModules",
            "ProtectKernelTunables",
            "ProtectProc",
            "ProtectSystem",
            "RemoveIPC",
            "RestrictAddressFamilies",
            "RestrictNamespaces",
            "RestrictRealtime",
            "RestrictSUIDSGID",
            "SystemCallArchitectures",
            "SystemCallErrorNumber",
            "SystemCallFilter",
        ],
    ),
    ("Timer", &["OnCalendar", "RandomizedDelaySec", "Persistent"]),
    ("Install", &["WantedBy"]),
];

/// `(section, name, value)` of every setting.
fn settings(unit: &str) -> Result<Vec<(String, String, String)>, String> {
    let (mut section, mut found) = (None, Vec::new());
    for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section =
                Some(KNOWN.iter().find(|known| known.0 == name).ok_or_else(|| format!("no section {line}"))?);
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| format!("no setting: {line}"))?;
        let (section, names) = section.ok_or_else(|| format!("before any section: {line}"))?;
        if !names.contains(&name) {
            return Err(format!("{name} is not known in [{section}]"));
        }
        if name.starts_with("Exec") && !value.starts_with('/') {
            return Err(format!("{name} needs an absolute path"));
        }
        found.push(((*section).to_owned(), name.to_owned(), value.to_owned()));
    }
    Ok(found)
}

fn value<'a>(settings: &'a [(String, String, String)], name: &str) -> Option<&'a str> {
    settings.iter().find(|setting| setting.1 == name).map(|setting| setting.2.as_str())
}

/// systemd's own judgement; `None` on a machine without it.
fn judged(folder: &Path, arguments: &[&str]) -> Option<Result<(), String>> {
    let ran = Command::new("systemd-analyze").args(arguments).current_dir(folder).output();
    let output = match ran {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        other => other.expect("systemd-analyze starts"),
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // Warnings, such as about a misspelt setting, leave the exit code as it is; they name the file.
    let is_warned = said.contains(&folder.display().to_string());
    Some(if output.status.success() && !is_warned { Ok(()) } else { Err(said) })
}

/// A folder with the units, changed. The program they name has to exist, so it is this one.
fn installed(change: impl Fn(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this program");
    for unit in UNITS {
        let text = read(unit).replace("/usr/local/bin/keyferry", &program.display().to_string());
        std::fs::write(folder.path().join(unit), change(text)).expect("written");
    }
    folder
}

#[test]
#[expect(clippy::print_stderr, reason = "which judge there was depends on the machine")]
fn systemd_takes_the_units_and_finds_them_well_confined() {
    for unit in UNITS {
        let read = settings(&read(unit));
        assert!(read.is_ok(), "{unit}: {read:?}");
    }
    let folder = installed(|text| text);
    match judged(folder.path(), &[&["verify"][..], &UNITS].concat()) {
        None => eprintln!("no systemd-analyze here: judged by the reader of this test only"),
        Some(verdict) => {
            assert_eq!(verdict, Ok(()));
            // 0 is perfectly confined, 100 not at all.
            let secure = ["security", "--offline=true", "--threshold=20", "--no-pager", UNITS[0]];
            let verdict = judged(folder.path(), &secure);
            assert!(matches!(verdict, Some(Ok(()))), "{verdict:?}");
            eprintln!("judged by systemd-analyze and by the reader of this test");
        }
    }
}

#[test]
fn a_misspelt_setting_is_noticed_by_both_judges() {
    let misspelt =
        |text: String| text.replace("ProtectHome=", "ProtectHom=").replace("OnCalendar=*", "OnCalendar=?");
    let folder = installed(misspelt);
    assert!(settings(&misspelt(read(UNITS[0]))).is_err());
    for unit in UNITS {
        let verdict = judged(folder.path(), &["verify", unit]);
        assert!(verdict.is_none_or(|verdict| verdict.is_err()), "{unit}");
    }
}

#[test]
fn a_partial_backup_fails_the_service_and_coverage_is_asked_all_the_same() {
    let service = settings(&read(UNITS[0])).expect("readable");
    assert_eq!(value(&service, "Type"), Some("oneshot"));
    assert_eq!(value(&service, "SuccessExitStatus"), None, "3 has to show");
    let commands = ["ExecStart", "ExecStopPost"].map(|name| value(&service, name).expect("given"));
    let commands = commands.map(|line| line.replace("%S", "/var/lib"));
    assert!(commands.iter().all(|line| !line.contains('%')), "a specifier that this test does not know");
    let commands: Vec<_> = commands.iter().flat_map(|line| lines::commands(line)).collect();
    lines::check(UNITS[0], &commands, &["backup", "coverage"]);
}

#[test]
fn a_missed_night_is_made_up_for_and_machines_do_not_all_start_at_once() {
    let timer = settings(&read(UNITS[1])).expect("readable");
    assert_eq!(value(&timer, "Persistent"), Some("true"));
    assert!(value(&timer, "RandomizedDelaySec").is_some());
    assert_eq!(value(&timer, "WantedBy"), Some("timers.target"));
    assert_eq!(path(UNITS[0]).with_extension("timer"), path(UNITS[1]), "they belong together by name");
}
