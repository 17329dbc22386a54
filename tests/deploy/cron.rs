//! crontab.txt, and times in cron's five fields wherever they stand.

use std::process::Command;

use crate::{lines, read};

/// Whether a text is a time of day, week and month as cron writes it. Names of days and months are not used here.
pub(crate) fn is_schedule(text: &str) -> bool {
    const RANGES: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    let fields: Vec<&str> = text.split(' ').collect();
    let fits = |(field, (low, high)): (&&str, &(u8, u8))| {
        field.split(',').all(|part| {
            let part = part.strip_prefix("*/").unwrap_or(part);
            part == "*" || part.parse::<u8>().is_ok_and(|number| (*low..=*high).contains(&number))
        })
    };
    fields.len() == 5 && fields.iter().zip(&RANGES).all(fits)
}

/// Asks the shell whether it could run this.
pub(crate) fn is_shell(text: &str) -> bool {
    let status = Command::new("sh").args(["-n", "-c", text]).status();
    status.expect("every machine has a shell").success()
}

#[test]
fn the_crontab_is_one_line_that_cron_and_keyferry_understand() {
    let text = read("crontab.txt");
    let is_setting = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
    };
    let jobs: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !is_setting(line)).collect();
    let [job] = jobs[..] else { panic!("one line: {jobs:?}") };
    let (schedule, command) =
        job.match_indices(' ').nth(4).map(|(at, _)| job.split_at(at)).expect("five fields");
    assert!(is_schedule(schedule), "{schedule}");
    assert!(!command.contains('%'), "cron makes a new line of it");
    assert!(is_shell(command), "{command}");
    lines::check("crontab.txt", &lines::commands(command), &["backup", "coverage"]);
}

#[test]
fn a_time_that_no_clock_shows_is_no_schedule() {
    assert!(is_schedule("17 2 * * *") && is_schedule("*/5 0,12 1 * 7"));
    for wrong in ["17 24 * * *", "60 2 * * *", "17 2 * *", "17 2 * * * *", "17 2 0 * *", "@daily"] {
        assert!(!is_schedule(wrong), "{wrong}");
    }
}
