//! The protection ledger for people: how much would be left, key by key, and what to do next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_core::coverage::{Coverage, Keeping, Line, Saved, Standing, Subject};
use keyferry_core::{Code, eligibility};

use super::inventory::shortfalls;
use crate::ledger::{CoverageShown, StoreShown, names, proof};
use crate::units::{duration, plural, time};
use crate::{Cell, Document, Tone};

/// Names shown behind an action.
const NAMES: usize = 3;

/// The ledger.
pub fn coverage(shown: &CoverageShown<'_>) -> Document {
    let coverage = shown.coverage;
    let (inventory, totals) = (coverage.inventory, &coverage.totals);
    let mut document = Document::new("Coverage");
    verdict(&mut document, shown);
    document.figures([
        ("protected", percent(coverage)),
        ("keys that count", totals.counted.to_string()),
        ("overdue", totals.overdue.to_string()),
        ("not proven in time", totals.unproven_in_time.to_string()),
    ]);
    let age = duration(seconds(inventory.taken_at, coverage.judged_at));
    document.facts([
        ("Tenancy", Cell::id(inventory.environment.tenancy_id.as_str())),
        ("Inventory", format!("{}, {age} ago", time(inventory.taken_at)).into()),
        ("Keys and secrets", standings(coverage).into()),
    ]);
    document.heading("Keys");
    let keys = || coverage.lines.iter().filter(|line| matches!(line.subject, Subject::Key(_)));
    if keys().next().is_none() {
        document.paragraph("No keys were found.");
    }
    let titles = ["Vault", "Key", "Region", "Standing", "Saved", "Copied to", "Immutable", "Proven"];
    document.table(&titles, keys().map(|line| row(line, coverage.judged_at)));
    document.note(
        Tone::Quiet,
        "Protected means: no more is lost with the region than the objective allows. A backup counts that holds all \
         versions, has a copy in another region or outside the cloud, and is recent enough or still shows its vault as \
         it is; for keys that no backup can hold, a replica. All other keys count as not protected, except external \
         ones, those on their way to deletion, and software keys that were accepted. Secrets are not counted.",
    );
    secrets(&mut document, coverage);
    next(&mut document, coverage);
    stores(&mut document, shown.stores);
    let shortfalls: Vec<_> = shortfalls(inventory).collect();
    if !inventory.gaps.is_empty() || !shortfalls.is_empty() {
        document.heading("What could not be read");
        document.list(shortfalls);
    }
    if !inventory.gaps.is_empty() {
        let rows = inventory.gaps.iter().map(|gap| {
            let subject = gap.subject.as_deref().map(Cell::id).unwrap_or_default();
            vec![gap.region.name().into(), gap.reading.as_str().into(), subject, gap.because.as_str().into()]
        });
        document.table(&["Region", "Reading", "About", "Because"], rows);
    }
    document
}

fn percent(coverage: &Coverage<'_>) -> String {
    coverage.totals.percent().map_or_else(|| "nothing counts".to_owned(), |percent| format!("{percent} %"))
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn verdict(document: &mut Document, shown: &CoverageShown<'_>) {
    let totals = &shown.coverage.totals;
    let counts =
        format!("{} of {} would outlive their region", totals.protected, plural(totals.counted, "key"));
    let flaws = shown.flaws();
    let because = flaws.iter().fold(counts, |text, code| format!("{text}; {} ({code})", code.summary()));
    match flaws.first() {
        None if totals.protected == totals.counted => document.verdict(Tone::Good, "Protected", because),
        None => document.verdict(Tone::Warning, "Not all protected", because),
        Some(Code::InventoryIncomplete) => document.verdict(Tone::Warning, "Incomplete", because),
        Some(_) => document.verdict(Tone::Bad, "Not as asked for", because),
    }
}

fn standings(coverage: &Coverage<'_>) -> String {
    let counts =
        coverage.totals.standings.iter().map(|(standing, count)| format!("{count} {}", label(*standing)));
    counts.collect::<Vec<_>>().join(", ")
}

fn label(standing: Standing) -> &'static str {
    match standing {
        Standing::Protected => "protected",
        Standing::Stale => "stale",
        Standing::Outdated => "outdated",
        Standing::NotCopied => "not copied",
        Standing::Unsaved => "unsaved",
        Standing::Replicated => "replicated",
        Standing::Exportable => "exportable",
        Standing::Unsavable => "nothing",
        Standing::Accepted => "accepted",
        Standing::External => "external",
        Standing::Leaving => "leaving",
        Standing::Secret => "secret",
    }
}

fn row(line: &Line<'_>, now: Timestamp) -> Vec<Cell> {
    let tone = match line.standing {
        standing if standing.is_protected() => Tone::Good,
        standing if !standing.counts() => Tone::Quiet,
        _ => Tone::Bad,
    };
    let age = |saved: &Saved| format!("{} ago", duration(seconds(saved.backup.made_at, now)));
    let surviving = line.record.and_then(|record| record.surviving());
    let places = surviving.into_iter().flat_map(|saved| saved.backup.places_away()).map(|place| {
        let whereabouts = place.region.map_or_else(|| place.store.clone(), |region| region.to_string());
        if place.is_seen { whereabouts } else { format!("{whereabouts} (as signed)") }
    });
    let mut places: Vec<_> = places.collect();
    places.extend(line.replicas.iter().map(|region| format!("replica in {region}")));
    vec![
        line.vault.name.as_str().into(),
        names(line).2.into(),
        line.vault.region.name().into(),
        Cell::words(label(line.standing)).tone(tone),
        line.record.map_or_else(|| "no".to_owned(), |record| age(&record.newest)).into(),
        if places.is_empty() { "no".into() } else { places.join(", ").into() },
        immutable(line).into(),
        proven(line, now),
    ]
}

fn immutable(line: &Line<'_>) -> &'static str {
    match line.keeping {
        _ if line.record.is_none() => "",
        Keeping::Unknown => "unknown",
        Keeping::Deletable => "no",
        Keeping::Versioned => "versioned",
        Keeping::Retained => "retained",
        Keeping::Locked => "locked",
    }
}

fn proven(line: &Line<'_>, now: Timestamp) -> Cell {
    let late = if line.is_unproven_in_time { Tone::Bad } else { Tone::Plain };
    match proof(line) {
        ("nothing", _) => Cell::default(),
        ("proven", Some(tried)) => {
            Cell::words(format!("{} ago in {}", duration(seconds(tried.at, now)), tried.region)).tone(late)
        }
        ("failed", Some(tried)) => Cell::words(format!("FAILED in {}", tried.region)).tone(Tone::Bad),
        (state, _) => Cell::words(state).tone(late),
    }
}

fn secrets(document: &mut Document, coverage: &Coverage<'_>) {
    let mut by_vault: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for line in coverage.lines.iter().filter(|line| matches!(line.subject, Subject::Secret(_))) {
        by_vault.entry(line.vault.id.as_str()).or_insert((&line.vault.name, 0)).1 += 1;
    }
    if by_vault.is_empty() {
        return;
    }
    document.heading("Secrets, which no backup holds");
    let next = eligibility::next_best(Code::SecretNotSaved);
    let rows = by_vault.values().map(|(name, count)| vec![(*name).into(), (*count).into(), next.into()]);
    document.table(&["Vault", "Secrets", "Next best"], rows);
}

/// Each action once, however many keys it is for.
fn next(document: &mut Document, coverage: &Coverage<'_>) {
    let mut actions: BTreeMap<(Standing, String), Vec<&str>> = BTreeMap::new();
    for line in coverage.lines.iter().filter(|line| matches!(line.subject, Subject::Key(_))) {
        if let Some(action) = line.next() {
            actions.entry((line.standing, action)).or_default().push(names(line).2);
        }
    }
    if actions.is_empty() {
        return;
    }
    document.heading("What to do next");
    let (commands, advice): (Vec<_>, Vec<_>) = actions
        .into_iter()
        .partition(|((_, action), _)| action.starts_with("keyferry ") || action.starts_with("oci "));
    if !commands.is_empty() {
        document.commands(
            commands.into_iter().map(|((_, action), names)| format!("{action}  # {}", some(&names))),
        );
    }
    document.list(advice.into_iter().map(|((_, action), names)| format!("{}: {action}", some(&names))));
}

fn some(names: &[&str]) -> String {
    let shown = names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn stores(document: &mut Document, stores: &[StoreShown]) {
    if stores.is_empty() {
        return;
    }
    document.heading("Stores");
    let rows = stores.iter().map(|store| {
        let listed = store.listed_at.map_or_else(|| "never".to_owned(), time);
        vec![Cell::code(&store.store), listed.into(), store.new.into(), note(store)]
    });
    document.table(&["Store", "Listed", "New", "Remarks"], rows);
}

fn note(store: &StoreShown) -> Cell {
    let mut notes = Vec::new();
    if let Some(because) = &store.because {
        notes.push(format!("could not be listed now: {because}"));
    }
    for (ids, what) in [(&store.vanished, "vanished"), (&store.not_accepted, "not accepted")] {
        if !ids.is_empty() {
            let names: Vec<_> = ids.iter().map(String::as_str).collect();
            notes.push(format!("{} {what}: {}", plural(ids.len(), "backup"), some(&names)));
        }
    }
    let tone = if notes.is_empty() { Tone::Plain } else { Tone::Warning };
    Cell::words(notes.join("; ")).tone(tone)
}
