//! What came back, and whether it is what was lost.

use keyferry_core::journal::RunState;
use keyferry_core::{Mapping, MappingKind, Proof, Verdict};

use crate::mapping::shell;
use crate::units::duration;
use crate::{Cell, Document, RestoredShown, Tone};

/// The result of `restore apply` and `rescue`.
pub fn restored(shown: &RestoredShown) -> Document {
    let mut document = Document::new(format!("Restored into {}", shown.into));
    match shown.state {
        RunState::Succeeded => verdict(&mut document, &shown.proof),
        RunState::Failed => document.verdict(
            Tone::Bad,
            "Failed",
            format!("the run did not reach its end; {}", shown.proof.summary()),
        ),
    }
    document.figures(figures(&shown.proof, shown.rta_seconds, shown.rpa_seconds));
    document.facts([("Run", Cell::code(&shown.run_id)), ("Backups", shown.backup_ids.join(", ").into())]);
    document.heading("Key versions");
    versions(&mut document, &shown.proof);
    document.heading("Old to new");
    entries(&mut document, &shown.mapping);
    document.commands([format!("keyferry map {} --format csv", shell(&shown.run_id))]);
    document
}

/// The result of `prove`.
pub fn proof(proof: &Proof) -> Document {
    let mut document = Document::new("Proof");
    verdict(&mut document, proof);
    versions(&mut document, proof);
    document
}

/// The result of `map`.
pub fn mapping(mapping: &Mapping) -> Document {
    let mut document = Document::new("Old to new");
    entries(&mut document, mapping);
    document
}

/// A recovery in three numbers.
pub(super) fn figures(proof: &Proof, rta: Option<f64>, rpa: Option<f64>) -> Vec<(&'static str, String)> {
    let measured = |seconds: Option<f64>| seconds.map_or_else(|| "not measured".to_owned(), duration);
    vec![
        ("Recovery time actual", measured(rta)),
        ("Recovery point actual", measured(rpa)),
        ("Key versions proven", format!("{} of {}", proof.count(Verdict::Proven), proof.versions.len())),
    ]
}

/// The judgement in a word, and in the words that every report uses.
pub(super) fn verdict(document: &mut Document, proof: &Proof) {
    let (tone, word) = if proof.count(Verdict::Failed) > 0 {
        (Tone::Bad, "Proof failed")
    } else if proof.count(Verdict::Proven) == 0 {
        (Tone::Bad, "Nothing proven")
    } else if proof.count(Verdict::Unprovable) > 0 {
        (Tone::Warning, "Proven in part")
    } else {
        (Tone::Good, "Proven")
    };
    document.verdict(tone, word, proof.summary());
}

/// One line per key version in the bundle.
pub(super) fn versions(document: &mut Document, proof: &Proof) {
    if proof.versions.is_empty() {
        document.paragraph("No key version was judged.");
    }
    let rows = proof.versions.iter().map(|version| {
        let verdict = match version.verdict {
            Verdict::Proven => Cell::words("proven").tone(Tone::Good),
            Verdict::Failed => Cell::words("failed").tone(Tone::Bad),
            Verdict::Unprovable => Cell::words("unprovable").tone(Tone::Warning),
        };
        let to = version.to.as_deref().map_or_else(|| Cell::words("none").tone(Tone::Quiet), Cell::id);
        vec![
            version.key_name.as_str().into(),
            Cell::id(&version.from),
            to,
            verdict,
            version.reason.as_str().into(),
        ]
    });
    document.table(&["Key", "Old version", "New version", "Verdict", "How, or why not"], rows);
}

/// The map, and the endpoints that dependents need with it.
pub(super) fn entries(document: &mut Document, mapping: &Mapping) {
    if mapping.entries.is_empty() {
        document.paragraph("Nothing was restored.");
    }
    let rows = mapping.entries.iter().map(|entry| {
        let name = entry.name.as_deref().unwrap_or_default();
        // The eye should find vaults and keys among their versions.
        let tone = if entry.kind == MappingKind::KeyVersion { Tone::Quiet } else { Tone::Plain };
        vec![
            Cell::words(crate::mapping::kind(entry.kind)).tone(tone),
            name.into(),
            Cell::id(&entry.from),
            Cell::id(&entry.to),
        ]
    });
    document.table(&["Kind", "Name", "Old", "New"], rows);
    let endpoints = [
        ("Management endpoint", &mapping.management_endpoint),
        ("Crypto endpoint", &mapping.crypto_endpoint),
    ];
    let endpoints: Vec<_> =
        endpoints.into_iter().filter_map(|(label, url)| Some((label, Cell::code(url.as_ref()?)))).collect();
    if !endpoints.is_empty() {
        document.facts(endpoints);
    }
}
