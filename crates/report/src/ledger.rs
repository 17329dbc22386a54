//! The protection ledger as scripts, spreadsheets and test reports read it.

use jiff::Timestamp;
use keyferry_core::coverage::{Coverage, Line, ProofStanding, Saved, Subject, Tried};
use keyferry_core::{Code, completeness};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::mapping::csv::field;

/// A store as it was looked at for the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StoreShown {
    /// Its address.
    pub store: String,
    /// When it was listed last; what it held then is what is known.
    pub listed_at: Option<Timestamp>,
    /// Why it could not be listed now.
    pub because: Option<String>,
    /// Backups that came since the last time.
    pub new: usize,
    /// Backups that were there the last time.
    pub vanished: Vec<String>,
    /// Backups that do not count, because their manifests are damaged, signed by nobody who is trusted, or other ones
    /// than in another store.
    pub not_accepted: Vec<String>,
}

impl StoreShown {
    /// True if all that is in it is known.
    pub fn is_complete(&self) -> bool {
        self.because.is_none() && self.not_accepted.is_empty()
    }
}

/// The ledger with what it rests on.
#[derive(Debug, Clone, Copy)]
pub struct CoverageShown<'a> {
    /// The judgement.
    pub coverage: &'a Coverage<'a>,
    /// The least percentage that was asked for.
    pub fail_under: Option<f64>,
    /// The stores.
    pub stores: &'a [StoreShown],
}

impl CoverageShown<'_> {
    /// Everything that is not as it should be: what was asked for first, then what is not known.
    pub fn flaws(&self) -> Vec<Code> {
        let mut flaws = self.coverage.flaws(self.fail_under);
        if !self.coverage.inventory.is_complete() || !self.stores.iter().all(StoreShown::is_complete) {
            flaws.push(Code::InventoryIncomplete);
        }
        flaws
    }
}

impl Serialize for CoverageShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (coverage, inventory) = (self.coverage, self.coverage.inventory);
        let counted: Vec<_> = inventory.vaults.iter().map(completeness).collect();
        let now = coverage.judged_at;
        json!({
            "judged_at": now, "taken_at": inventory.taken_at, "environment": inventory.environment,
            "regions": inventory.regions, "percent": coverage.totals.percent(), "fail_under": self.fail_under,
            "flaws": self.flaws(), "totals": coverage.totals,
            "lines": coverage.lines.iter().map(|line| of_line(line, now)).collect::<Vec<_>>(),
            "stores": self.stores,
            "completeness": {
                "complete": inventory.is_complete(),
                "expected": counted.iter().map(|of_vault| of_vault.expected).sum::<Option<u64>>(),
                "seen": counted.iter().map(|of_vault| of_vault.seen).sum::<u64>(),
                "gaps": inventory.gaps,
            },
        })
        .serialize(serializer)
    }
}

/// Kind, OCID and name.
pub(crate) fn names<'a>(line: &Line<'a>) -> (&'static str, &'a str, &'a str) {
    match line.subject {
        Subject::Key(key) => ("key", key.id.as_str(), &key.name),
        Subject::Secret(secret) => ("secret", secret.id.as_str(), &secret.name),
    }
}

/// State in a word, and the trial that it rests on.
pub(crate) fn proof<'a>(line: &Line<'a>) -> (&'static str, Option<&'a Tried>) {
    match line.proof {
        ProofStanding::Nothing => ("nothing", None),
        ProofStanding::Unprovable => ("unprovable", None),
        ProofStanding::Never => ("never", None),
        ProofStanding::Failed(tried) => ("failed", Some(tried)),
        ProofStanding::Proven(tried) => ("proven", Some(tried)),
    }
}

/// A value's word in JSON.
pub(crate) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn of_line(line: &Line<'_>, now: Timestamp) -> Value {
    let (kind, id, name) = names(line);
    let (state, tried) = proof(line);
    let protection = match line.subject {
        Subject::Key(key) => Some(&key.protection_mode),
        Subject::Secret(_) => None,
    };
    let surviving = line.record.and_then(|record| record.surviving());
    json!({
        "kind": kind, "id": id, "name": name, "vault_id": line.vault.id, "vault_name": line.vault.name,
        "region": line.vault.region, "protection_mode": protection, "standing": line.standing,
        "counts": line.standing.counts(), "protected": line.standing.is_protected(), "because": line.because(),
        "saved": line.record.map(|record| of_saved(&record.newest, now)),
        "copied": surviving.map(|saved| of_saved(saved, now)), "missing_versions": line.missing,
        "immutable": line.keeping, "proven": {"state": state, "at": tried.map(|t| t.at),
            "region": tried.map(|t| t.region), "backup_id": tried.map(|t| &*t.backup_id)},
        "replicated_to": line.replicas, "overdue": line.is_overdue, "unproven_in_time": line.is_unproven_in_time,
        "next": line.next(),
    })
}

fn of_saved(saved: &Saved, now: Timestamp) -> Value {
    let backup = &saved.backup;
    json!({
        "backup_id": backup.id, "made_at": backup.made_at, "generation": backup.generation,
        "age_seconds": now.duration_since(backup.made_at).as_secs(), "places": backup.places,
    })
}

const COLUMNS: [&str; 17] = [
    "kind",
    "vault",
    "vault_id",
    "region",
    "name",
    "id",
    "standing",
    "because",
    "saved_at",
    "backup_id",
    "copied_at",
    "copied_to",
    "immutable",
    "proven",
    "proven_at",
    "replicated_to",
    "next",
];

/// The ledger as CSV: a row per key and secret.
pub fn coverage_csv(coverage: &Coverage<'_>) -> String {
    let rows = coverage.lines.iter().map(row);
    std::iter::once(format!("{}\n", COLUMNS.join(","))).chain(rows).collect()
}

fn row(line: &Line<'_>) -> String {
    let (kind, id, name) = names(line);
    let (state, tried) = proof(line);
    let newest = line.record.map(|record| &record.newest);
    let surviving = line.record.and_then(|record| record.surviving());
    let away: Vec<_> = surviving
        .into_iter()
        .flat_map(|saved| saved.backup.places_away())
        .map(|place| place.store.as_str())
        .collect();
    let replicas: Vec<_> = line.replicas.iter().map(|region| region.name()).collect();
    let fields: [String; COLUMNS.len()] = [
        kind.to_owned(),
        line.vault.name.clone(),
        line.vault.id.to_string(),
        line.vault.region.to_string(),
        name.to_owned(),
        id.to_owned(),
        word(line.standing),
        line.because(),
        newest.map(|saved| saved.backup.made_at.to_string()).unwrap_or_default(),
        newest.map(|saved| saved.backup.id.clone()).unwrap_or_default(),
        surviving.map(|saved| saved.backup.made_at.to_string()).unwrap_or_default(),
        away.join(" "),
        word(line.keeping),
        state.to_owned(),
        tried.map(|tried| tried.at.to_string()).unwrap_or_default(),
        replicas.join(" "),
        line.next().unwrap_or_default(),
    ];
    format!("{}\n", fields.map(|text| field(&text)).join(","))
}
