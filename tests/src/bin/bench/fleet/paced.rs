//! Against the rates that Oracle states: how close a fleet's backup comes to the least time, and Oracle's clients.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use keyferry_core::model::Vault;
use keyferry_ids::Region;
use keyferry_realm::{Latency, RateClass};
use keyferry_tests::{Calls, Fleet, FleetShape};
use serde::Deserialize;

use super::formula::{Formula, PER_SECOND};
use super::program::Program;
use crate::figures::{number, table, verdict};

const VAULTS: usize = 50;
const BY_SDK: usize = 10;
const BY_CLI: usize = 2;
const GOAL: f64 = 0.95;
const GOAL_THROTTLED: f64 = 0.001;
/// Calls of a class beyond the formula and the waiting.
const GOAL_EXCESS: f64 = 0.0;
/// Questions a second, by which all who wait are told: an answer is shared until it is 0.9 seconds old.
const GOAL_WAITING: f64 = 1.0 / 0.9;

/// What is measured beside Keyferry: a Python with Oracle's packages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others<'a> {
    pub(crate) python: &'a Path,
}

struct Stage<'a> {
    fleet: &'a Fleet,
    keyferry: Program<'a>,
    region: Region,
    to: Region,
    keys: usize,
}

/// How some vaults were saved.
struct Saved {
    took: Duration,
    vaults: usize,
    calls: Calls,
}

impl Saved {
    fn per_vault(&self) -> f64 {
        self.took.as_secs_f64() / self.vaults as f64
    }

    fn throttled(&self) -> f64 {
        self.calls.throttled() as f64 / self.calls.lines().len() as f64
    }
}

/// Runs everything and says what came of it.
pub(crate) fn measure(keyferry: &Path, others: Option<Others<'_>>, keys: usize) -> String {
    let latency = Latency::realistic();
    let shape = FleetShape { rate_limits: true, latency, ..FleetShape::new(&["us-ashburn-1"], VAULTS, keys) };
    let to = Region::parse("eu-frankfurt-1").expect("a region");
    let fleet = Fleet::start(&FleetShape { elsewhere: vec![to], ..shape });
    let region = fleet.account.home;
    let settings = settings(&fleet, region, to);
    let stage =
        Stage { keyferry: Program::new(keyferry, &fleet, &settings), fleet: &fleet, region, to, keys };
    let whole = stage.by_keyferry("all", VAULTS);
    // Said at once: the rest takes its time.
    let mut text = stage.of_whole(&whole, latency);
    if let Some(others) = others {
        println!("{text}");
        text = stage.beside(others, &whole);
    }
    text
}

/// Policies that select all vaults, or the first ones.
fn settings(fleet: &Fleet, region: Region, to: Region) -> String {
    let copy = &fleet.stores[&to];
    let names = |count: usize| {
        let names: Vec<_> =
            vaults(fleet, region).iter().take(count).map(|vault| vault.name.as_str()).collect();
        names.join("\", \"")
    };
    [("all", VAULTS), ("as-sdk", BY_SDK), ("as-cli", BY_CLI)]
        .map(|(policy, count)| {
            format!(
                "[policies.{policy}]\nselect.names = [\"{}\"]\nbucket = \"backups\"\ncopy_to = [\"{copy}\"]\n",
                names(count)
            )
        })
        .concat()
}

fn vaults(fleet: &Fleet, region: Region) -> &[Vault] {
    &fleet.vaults[&region]
}

/// What the programs in tests/bench say at their end.
#[derive(Deserialize)]
struct Said {
    seconds: f64,
}

impl Stage<'_> {
    fn by_keyferry(&self, policy: &str, vaults: usize) -> Saved {
        self.fleet.count_anew();
        let ran = self.keyferry.back_up(policy, vaults);
        Saved { took: ran.took, vaults, calls: self.fleet.calls() }
    }

    fn by_other(&self, others: Others<'_>, program: &str, vaults: usize) -> Saved {
        self.fleet.count_anew();
        let mut command = Command::new(others.python);
        command.arg(format!("tests/bench/{program}.py")).arg(self.fleet.realm.data.join("realm.json"));
        command.args([&self.region.to_string(), &self.to.to_string(), "backups", &vaults.to_string()]);
        let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("it starts");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        let said: Said = serde_json::from_slice(&output.stdout).expect("JSON");
        Saved { took: Duration::from_secs_f64(said.seconds), vaults, calls: self.fleet.calls() }
    }

    fn of_whole(&self, whole: &Saved, latency: Latency) -> String {
        let formula = Formula { listed: VAULTS, saved: VAULTS, keys: self.keys };
        let ideal = formula.ideal().as_secs_f64();
        let own = (latency.backup + latency.copy).as_secs_f64();
        let measured = whole.took.as_secs_f64();
        let seconds = |seconds: f64| format!("{seconds:.1} s");
        let ratio = |ratio: f64| format!("{ratio:.3}");
        let row = |what: &str, ideal: f64| {
            let reached = ideal / measured;
            let (goal, is_met) = (format!("≥ {GOAL}"), verdict(reached >= GOAL));
            vec![what.to_owned(), seconds(ideal), seconds(measured), ratio(reached), goal, is_met]
        };
        let times =
            [row("calls / rate alone", ideal), row("and the service's own time for one vault", ideal + own)];
        let classes = formula.beside(&whole.calls, self.region);
        let rows: Vec<_> = classes
            .iter()
            .map(|class| {
                let excess = class.excess() as f64 / class.needed.max(1) as f64;
                vec![
                    class.class.to_owned(),
                    number(class.needed as f64),
                    number(class.made as f64),
                    number(class.waiting as f64),
                    format!("{:+.1} %", excess * 100.0),
                    verdict(excess <= GOAL_EXCESS),
                ]
            })
            .collect();
        let throttled = whole.throttled();
        let asked = classes.iter().map(|class| class.waiting).sum::<usize>() as f64 / measured;
        format!(
            "{VAULTS} vaults with {} keys each in {}, copied to {}: at most {PER_SECOND} calls a second of each class,\n\
             a backup takes {:.0} s and a copy {:.0} s.\n\n{}\n{}\n\
             How all that was waited for stands was asked {asked:.2} times a second, goal ≤ {GOAL_WAITING:.2}, {}.\n\
             {} of {} calls were refused as too many: {:.2} %, goal < {:.1} %, {}. At most {} reads of keys within a second.\n",
            self.keys,
            self.region,
            self.to,
            latency.backup.as_secs_f64(),
            latency.copy.as_secs_f64(),
            table(&["ideal", "", "measured", "ratio", "goal", ""], &times),
            table(&["calls", "by the formula", "made", "waiting", "excess", ""], &rows),
            verdict(asked <= GOAL_WAITING),
            whole.calls.throttled(),
            number(whole.calls.lines().len() as f64),
            throttled * 100.0,
            GOAL_THROTTLED * 100.0,
            verdict(throttled < GOAL_THROTTLED),
            whole.calls.busiest_second(RateClass::ManagementRead, self.region),
        )
    }

    fn beside(&self, others: Others<'_>, whole: &Saved) -> String {
        let by_sdk = self.by_other(others, "fleet_sdk", BY_SDK);
        let as_sdk = self.by_keyferry("as-sdk", BY_SDK);
        let by_cli = self.by_other(others, "fleet_cli", BY_CLI);
        let as_cli = self.by_keyferry("as-cli", BY_CLI);
        let row = |what: &str, saved: &Saved, same: &Saved| {
            vec![
                what.to_owned(),
                saved.vaults.to_string(),
                format!("{:.1} s", saved.took.as_secs_f64()),
                format!("{:.1} s", saved.per_vault()),
                format!("{:.1} %", saved.throttled() * 100.0),
                format!("{:.1}", saved.per_vault() / same.per_vault()),
                format!("{:.1}", saved.per_vault() / whole.per_vault()),
            ]
        };
        let rows = [
            row("keyferry", whole, whole),
            row("keyferry", &as_sdk, &as_sdk),
            row("Python SDK, a thread for each vault", &by_sdk, &as_sdk),
            row("keyferry", &as_cli, &as_cli),
            row("oci-cli, one call after the other", &by_cli, &as_cli),
        ];
        let heading = [
            "by",
            "vaults",
            "time",
            "for each",
            "refused",
            "× the same by keyferry",
            "× keyferry's whole fleet",
        ];
        table(&heading, &rows)
    }
}
