//! Memory: whether a backup of ten times as many vaults needs more of it.

use std::path::Path;
use std::time::Duration;

use keyferry_realm::Latency;
use keyferry_tests::{Fleet, FleetShape};

use super::program::{Program, Ran};
use crate::figures::{number, table, verdict};

const KEYS: usize = 100;
const FEW: usize = 100;
const MANY: usize = 1_000;
const GOAL: f64 = 1.2;
/// As long as the service really takes; so all of the lanes that Keyferry has by itself are full for most of the time,
/// with few vaults as well as with many.
const BACKUP: Duration = Duration::from_secs(25);

/// Runs both and says what came of it.
pub(crate) fn measure(keyferry: &Path) -> String {
    let (few, many) = (back_up(keyferry, FEW), back_up(keyferry, MANY));
    let ratio = many.peak as f64 / few.peak as f64;
    let row = |vaults: usize, ran: &Ran, more: [String; 3]| {
        let peak = format!("{:.1} MB", ran.peak as f64 / 1e6);
        let mut row = vec![number(vaults as f64), format!("{:.0} s", ran.took.as_secs_f64()), peak];
        row.extend(more);
        row
    };
    let rows = [
        row(FEW, &few, [String::new(), String::new(), String::new()]),
        row(MANY, &many, [format!("{ratio:.2}"), format!("≤ {GOAL}"), verdict(ratio <= GOAL)]),
    ];
    format!(
        "Peak memory of a backup of vaults with {KEYS} keys each, {} s in the service's hands, without limits.\n\n{}",
        BACKUP.as_secs(),
        table(&["vaults", "time", "memory", "ratio", "goal", ""], &rows)
    )
}

fn back_up(keyferry: &Path, vaults: usize) -> Ran {
    let latency = Latency { backup: BACKUP, ..Latency::none() };
    let fleet = Fleet::start(&FleetShape { latency, ..FleetShape::new(&["us-ashburn-1"], vaults, KEYS) });
    let settings = "[policies.all]\nbucket = \"backups\"\n";
    Program::new(keyferry, &fleet, settings).back_up("all", vaults)
}
