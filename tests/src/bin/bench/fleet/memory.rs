//! Memory: whether a backup of ten times as many vaults needs more of it.

use std::path::Path;

use keyferry_realm::Latency;
use keyferry_tests::{Fleet, FleetShape};

use super::program::{Program, Ran};
use crate::figures::{number, table, verdict};

const KEYS: usize = 100;
const FEW: usize = 100;
const MANY: usize = 1_000;
const GOAL: f64 = 1.2;

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
        "Peak memory of a backup of vaults with {KEYS} keys each, without limits; all lanes are taken.\n\n{}",
        table(&["vaults", "time", "memory", "ratio", "goal", ""], &rows)
    )
}

/// The service takes so long that as many vaults as may be are under way at the same time, in both.
fn back_up(keyferry: &Path, vaults: usize) -> Ran {
    let latency = Latency { backup: Latency::realistic().backup, ..Latency::none() };
    let fleet = Fleet::start(&FleetShape { latency, ..FleetShape::new(&["us-ashburn-1"], vaults, KEYS) });
    let program = Program::new(keyferry, &fleet, "[policies.all]\nbucket = \"backups\"\n");
    program.back_up("all", vaults)
}
