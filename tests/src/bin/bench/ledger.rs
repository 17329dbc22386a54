//! The protection ledger over a million backups: how long a look takes, how fast it is made anew, and its memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyferry_core::Sha256;
use keyferry_core::coverage::{Expected, Standing, judge};
use keyferry_core::manifest::{self, SealedManifest};
use keyferry_core::sshsig::{AllowedSigners, SigningKey};
use keyferry_coverage::{Entry, Index};
use keyferry_seams::{Access, Disk, RealDisk};

use crate::figures::{median, milliseconds, number, table, verdict};
use crate::ledger_fleet::{KEYS, VAULTS, entry, inventory, made_at, proofs, sealed, store};

const NIGHTS: usize = 1_000;
/// Nights in one commit; the command commits more often.
const BATCH: usize = 10;
const LOOKS: usize = 15;
/// Of these, the backups in the index that is made anew beside the large one.
const SOME_NIGHTS: usize = 100;
const TIMES_ANEW: usize = 3;
const MANIFESTS: usize = 100_000;
/// Manifests that exist at the same time.
const SOME: usize = 5_000;
const GOAL_LOOK: Duration = Duration::from_millis(20);
/// For 100,000 backups.
const GOAL_ANEW: Duration = Duration::from_secs(2);
const GOAL_MEMORY: f64 = 1.2;

/// Runs everything and says what came of it. `keyferry` is the program, for the look as a user has it.
pub(crate) fn measure(keyferry: &Path, folder: &Path) -> String {
    [fill(folder), look(keyferry, folder), anew(folder), first_fill(folder)].join("\n")
}

fn open(folder: &Path) -> Index {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    Index::open(&disk, &folder.join("index.redb")).expect("the index opens")
}

/// A size from `/proc/self/status`.
fn memory(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a field of it");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>().expect("a size") * 1024.0
}

/// From here on the peak is counted anew.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
}

fn size(folder: &Path, file: &str) -> f64 {
    std::fs::metadata(folder.join(file)).expect("a file").len() as f64
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

fn fill(folder: &Path) -> String {
    let index = open(folder);
    let saves = store("saves", "us-ashburn-1");
    let (mut took, mut at_a_tenth) = (Duration::ZERO, 0.0);
    for nights in (0..NIGHTS).collect::<Vec<_>>().chunks(BATCH) {
        let batch: Vec<Entry> =
            nights.iter().flat_map(|night| (0..VAULTS).map(move |vault| entry(vault, *night))).collect();
        let adding = Instant::now();
        index.add(&saves, &batch).expect("added");
        took += adding.elapsed();
        if nights.contains(&(NIGHTS / 10 - 1)) {
            at_a_tenth = memory("VmHWM");
        }
    }
    let at_the_end = memory("VmHWM");
    let now = made_at(VAULTS, NIGHTS - 1);
    index.listed(&saves, &[], now).expect("written");
    index.record_proofs(&proofs(), &[]).expect("recorded");
    let all = index.backups().expect("counted");
    assert_eq!(all, (VAULTS * NIGHTS) as u64, "none is missing");
    drop(index);
    let bytes = size(folder, "index.redb");
    let ratio = at_the_end / at_a_tenth;
    format!(
        "{} backups of {} vaults with {KEYS} keys each went into the index in {:.1} s ({}/s); {} on disk, {:.0} B each,\n\
         and {} of record, {:.0} B each.\n\n{}",
        number(all as f64),
        number(VAULTS as f64),
        took.as_secs_f64(),
        number(all as f64 / took.as_secs_f64()),
        megabytes(bytes),
        bytes / all as f64,
        megabytes(size(folder, "index.jsonl")),
        size(folder, "index.jsonl") / all as f64,
        table(
            &["peak memory", "at a tenth", "at the end", "ratio", "goal", ""],
            &[vec![
                "filling".into(),
                megabytes(at_a_tenth),
                megabytes(at_the_end),
                format!("{ratio:.2}"),
                format!("<= {GOAL_MEMORY}"),
                verdict(ratio <= GOAL_MEMORY),
            ]],
        ),
    )
}

fn look(keyferry: &Path, folder: &Path) -> String {
    let now = made_at(VAULTS, NIGHTS - 1);
    let inventory = inventory(now);
    let expected = Expected {
        rpo: Some("24h".parse().expect("a period")),
        proven_within: Some("1000d".parse().expect("a period")),
        accepts_software: false,
    };
    let mut parts: [Vec<Duration>; 5] = Default::default();
    for _ in 0..LOOKS {
        let begun = Instant::now();
        let index = open(folder);
        let opened = begun.elapsed();
        let ledger = index.ledger().expect("read");
        let read = begun.elapsed();
        let coverage = judge(&inventory, &ledger, |_| expected, now);
        assert_eq!(coverage.totals.percent(), Some(100.0), "{:?}", coverage.totals);
        assert_eq!(coverage.totals.standings[&Standing::Protected], VAULTS * KEYS);
        assert_eq!(coverage.totals.unproven_in_time, 0);
        let judged = begun.elapsed();
        drop(coverage);
        drop(index);
        let closed = begun.elapsed();
        for (part, time) in
            parts.iter_mut().zip([opened, read - opened, judged - read, closed - judged, judged])
        {
            part.push(time);
        }
    }
    let names = ["open", "read the newest backups and proofs", "judge", "close", "open, read, judge"];
    let mut rows: Vec<_> = names.iter().zip(&parts).map(|(name, times)| row(name, times, None)).collect();
    if let Some(last) = rows.last_mut() {
        *last = row(names[4], &parts[4], Some(GOAL_LOOK));
    }
    rows.push(row("`coverage --offline`, the whole command", &command(keyferry, folder, &inventory), None));
    format!(
        "A look at the ledger with a warm cache, median of {LOOKS}; {} keys.\n\n{}",
        number((VAULTS * KEYS) as f64),
        table(&["", "median", "longest", "goal", ""], &rows)
    )
}

fn row(what: &str, times: &[Duration], goal: Option<Duration>) -> Vec<String> {
    let middle = median(times.iter().copied());
    let longest = times.iter().max().copied().unwrap_or_default();
    let (goal, is_met) = match goal {
        Some(goal) => (format!("< {}", milliseconds(goal)), verdict(middle < goal)),
        None => (String::new(), String::new()),
    };
    vec![what.to_owned(), milliseconds(middle), milliseconds(longest), goal, is_met]
}

/// The program from start to end: it also reads the last inventory and writes a line for each key.
fn command(keyferry: &Path, folder: &Path, inventory: &keyferry_core::Inventory) -> Vec<Duration> {
    let bytes = serde_json::to_vec(inventory).expect("plain data");
    RealDisk.write(&folder.join("inventory.json"), &bytes, Access::Owner).expect("written");
    let run = |_| {
        let begun = Instant::now();
        let mut command = Command::new(keyferry);
        command.args(["coverage", "--offline", "-o", "csv", "--state"]).arg(folder).stdout(Stdio::null());
        let status = command.status().expect("it runs");
        assert!(status.success(), "{status}");
        begun.elapsed()
    };
    (0..LOOKS).map(run).collect()
}

/// Without its database, which is what a damaged one comes to. No store is asked.
fn anew(folder: &Path) -> String {
    let some = folder.join("some");
    let index = open(&some);
    let saves = store("saves", "us-ashburn-1");
    for nights in (0..SOME_NIGHTS).collect::<Vec<_>>().chunks(BATCH) {
        let batch: Vec<Entry> =
            nights.iter().flat_map(|night| (0..VAULTS).map(move |vault| entry(vault, *night))).collect();
        index.add(&saves, &batch).expect("added");
    }
    drop(index);
    let mut rows = Vec::new();
    for (folder, nights) in [(some.as_path(), SOME_NIGHTS), (folder, NIGHTS)] {
        let all = VAULTS * nights;
        let goal = GOAL_ANEW.mul_f64(all as f64 / 100_000.0);
        let mut times = Vec::new();
        let mut peak = 0.0;
        for _ in 0..TIMES_ANEW {
            std::fs::remove_file(folder.join("index.redb")).expect("removed");
            forget_peak();
            let begun = Instant::now();
            let index = open(folder);
            times.push(begun.elapsed());
            peak = memory("VmHWM").max(peak);
            assert_eq!(index.backups().expect("counted"), all as u64, "none is missing");
        }
        let middle = median(times.iter().copied());
        rows.push(vec![
            number(all as f64),
            megabytes(size(folder, "index.jsonl")),
            format!("{:.2} s", middle.as_secs_f64()),
            format!("{:.2} s", times.iter().max().copied().unwrap_or_default().as_secs_f64()),
            megabytes(peak),
            format!("< {:.0} s", goal.as_secs_f64()),
            verdict(middle < goal),
        ]);
    }
    format!(
        "The index made anew from the record beside it, {KEYS} keys in each backup; no store is asked. Median of {TIMES_ANEW}.\n\n{}",
        table(&["backups", "record", "median", "longest", "peak memory", "goal", ""], &rows)
    )
}

fn first_fill(folder: &Path) -> String {
    let signer = SigningKey::from_seed([7; 32]).expect("a key");
    let allowed = AllowedSigners::default().with("bench", signer.public());
    let index = open(&folder.join("first"));
    let saves = store("saves", "us-ashburn-1");
    let [mut checking, mut adding, mut signatures, mut digests] = [Duration::ZERO; 4];
    let mut bytes = 0;
    let before = memory("VmRSS");
    for first in (0..MANIFESTS).step_by(SOME) {
        let manifests: Vec<_> =
            (first..first + SOME).map(|number| sealed(number % VAULTS, number / VAULTS, &signer)).collect();
        bytes += manifests.iter().map(|sealed| sealed.bytes.len()).sum::<usize>();
        if first == 0 {
            let begun = Instant::now();
            let verify = |sealed: &SealedManifest| {
                allowed.verify(manifest::NAMESPACE, &sealed.bytes, &sealed.signature)
            };
            assert!(manifests.iter().all(|sealed| verify(sealed).is_ok()), "all signed by us");
            signatures = begun.elapsed();
            let begun = Instant::now();
            assert!(manifests.iter().all(|sealed| sealed.sha256() != Sha256::of(b"")), "none is empty");
            digests = begun.elapsed();
        }
        let begun = Instant::now();
        let entries: Result<Vec<_>, _> = Entry::open_all(&manifests, &allowed).into_iter().collect();
        let entries = entries.expect("all signed by us");
        checking += begun.elapsed();
        let begun = Instant::now();
        let added = index.add(&saves, &entries).expect("added");
        adding += begun.elapsed();
        assert_eq!(added.added, SOME, "each is new");
    }
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let floor = digests.mul_f64(MANIFESTS as f64 / SOME as f64 / cores as f64);
    let rows = [
        vec!["signatures, digests, parsing".into(), seconds(checking)],
        vec!["into the record and the index".into(), seconds(adding)],
        vec!["together".into(), seconds(checking + adding)],
        vec!["one digest of each alone, on all cores".into(), seconds(floor)],
    ];
    format!(
        "The index first filled from {} signed manifests of {:.1} kB, {} at a time in memory, each signature checked;\n\
         {} cores, on one of which a signature alone takes {:.0} µs. {} resident before, {} after.\n\n{}",
        number(MANIFESTS as f64),
        bytes as f64 / MANIFESTS as f64 / 1e3,
        number(SOME as f64),
        cores,
        signatures.as_secs_f64() * 1e6 / SOME as f64,
        megabytes(before),
        megabytes(memory("VmRSS")),
        table(&["", "time"], &rows)
    )
}
