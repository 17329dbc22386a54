//! Without limits: how much of what a command spends on a call is its signature.

use std::path::Path;
use std::time::Duration;

use keyferry_tests::{Fleet, FleetShape};

use super::program::{Program, Ran};
use crate::ceiling::Signing;
use crate::figures::{median, number, table, verdict};

const VAULTS: usize = 50;
const KEYS: usize = 100;
const ROUNDS: usize = 5;
const GOAL: f64 = 0.85;

/// One command, beside signing alone, in one round.
#[derive(Debug, Clone, Copy)]
struct Round {
    calls: usize,
    took: Duration,
    cpu: Duration,
    alone: Signing,
}

impl Round {
    fn per_second(self) -> f64 {
        self.calls as f64 / self.took.as_secs_f64()
    }

    fn cpu_each(self) -> Duration {
        self.cpu.div_f64(self.calls as f64)
    }

    /// What part of its CPU time signs.
    fn of_cpu(self) -> f64 {
        self.alone.cpu.as_secs_f64() / self.cpu_each().as_secs_f64()
    }

    /// Calls a second beside signatures a second of one core.
    fn of_rate(self) -> f64 {
        self.per_second() / self.alone.per_second
    }
}

/// Runs everything and says what came of it.
pub(crate) fn measure(keyferry: &Path) -> String {
    let fleet = Fleet::start(&FleetShape::new(&["us-ashburn-1"], VAULTS, KEYS));
    let program = Program::new(keyferry, &fleet, "[policies.all]\nbucket = \"backups\"\n");
    let inventory = rounds(&fleet, || program.run(&["inventory"]));
    let backup = rounds(&fleet, || program.back_up("all", VAULTS));
    let microseconds = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
    let row = |what: &str, rounds: &[Round]| {
        let of_cpu = median(rounds.iter().map(|round| round.of_cpu()));
        vec![
            what.to_owned(),
            number(rounds.first().map_or(0, |round| round.calls) as f64),
            number(median(rounds.iter().map(|round| round.per_second()))),
            number(median(rounds.iter().map(|round| round.alone.per_second))),
            format!("{:.2}", median(rounds.iter().map(|round| round.of_rate()))),
            microseconds(median(rounds.iter().map(|round| round.cpu_each()))),
            microseconds(median(rounds.iter().map(|round| round.alone.cpu))),
            format!("{of_cpu:.2}"),
            format!("≥ {GOAL}"),
            verdict(of_cpu >= GOAL),
        ]
    };
    let heading = [
        "without limits",
        "calls",
        "calls/s",
        "signatures/s",
        "ratio",
        "CPU of a call",
        "of a signature",
        "ratio",
        "goal",
        "",
    ];
    format!(
        "{VAULTS} vaults with {KEYS} keys each; medians of {ROUNDS} rounds; signatures alone on one core, in turns.\n\n{}",
        table(&heading, &[row("inventory", &inventory), row("backup", &backup)])
    )
}

fn rounds(fleet: &Fleet, run: impl Fn() -> Ran) -> Vec<Round> {
    let round = |_| {
        fleet.count_anew();
        let alone = Signing::measure();
        let ran = run();
        Round { calls: fleet.calls().lines().len(), took: ran.took, cpu: ran.cpu, alone }
    };
    (0..ROUNDS).map(round).collect()
}
