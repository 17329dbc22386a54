//! A drill: what was lost, what came back, how long it took, and how to check the claim.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyferry_core::evidence::NAMESPACE;
use keyferry_core::{CallSeen, EnvironmentKind, Evidence};

use super::restore;
use crate::units::{duration, plural, size, time};
use crate::{Block, Cell, Document, Line, Timeline, Tone};

/// The report of a drill.
pub fn drill(evidence: &Evidence) -> Document {
    let mut document = Document::new(format!("Drill: {}", evidence.scenario));
    if evidence.environment.kind == EnvironmentKind::Embedded {
        document.notice = Some(Line::from(
            "REHEARSAL on the embedded realm: a generated fleet, a virtual clock. It proves no real bundle.",
        ));
    }
    match &evidence.failure {
        Some((code, because)) => {
            let because = format!("{because} ({code}); {}", evidence.proof.summary());
            document.verdict(Tone::Bad, "Stopped early", because);
        }
        None => restore::verdict(&mut document, &evidence.proof),
    }
    document.figures(restore::figures(&evidence.proof, evidence.rta_seconds, evidence.rpa_seconds));
    document.facts(facts(evidence));
    document.heading("What happened");
    let mark = evidence.lost_at.zip(evidence.lost_region);
    document.blocks.push(Block::Timeline(Timeline {
        stages: super::stages(&evidence.stages),
        mark: mark.map(|(at, region)| (at, Line::from(format!("{region} is lost")))),
    }));
    document.heading("Key versions");
    restore::versions(&mut document, &evidence.proof);
    document.heading("Backups");
    backups(&mut document, evidence);
    document.heading("Old to new");
    restore::entries(&mut document, &evidence.mapping);
    document.heading("What could not be saved");
    if evidence.unsaved.is_empty() {
        document.paragraph("Nothing that the backups left out was found.");
    }
    let unsaved = evidence.unsaved.iter();
    super::unsaved(&mut document, unsaved.map(|u| (&*u.kind, &*u.name, &*u.id, u.code, &*u.because)));
    document.heading("Calls");
    calls(&mut document, evidence);
    document.heading("How to check this report");
    document.paragraph(
        "The report is drawn from evidence.json alone. Its signature needs nothing but OpenSSH and the file of \
         allowed signers:",
    );
    document.commands([format!(
        "ssh-keygen -Y verify -f allowed_signers -I keyferry -n {NAMESPACE} -s evidence.json.sig < evidence.json"
    )]);
    document
}

fn facts(evidence: &Evidence) -> Vec<(&'static str, Cell)> {
    let cloud = match evidence.environment.kind {
        EnvironmentKind::Embedded => "the embedded realm",
        EnvironmentKind::Oci => "Oracle Cloud Infrastructure",
    };
    let took = evidence.finished.duration_since(evidence.started).as_secs_f64();
    let mut facts = Vec::new();
    if let Some(region) = evidence.lost_region {
        let at = evidence.lost_at.map(|at| format!(" at {}", time(at))).unwrap_or_default();
        facts.push(("Lost", format!("{region}{at}").into()));
    }
    facts.extend(evidence.into.map(|region| ("Restored into", region.name().into())));
    facts.push(("Began", time(evidence.started).into()));
    facts.push(("Ended", format!("{}, after {}", time(evidence.finished), duration(took)).into()));
    facts.push(("Cloud", format!("{cloud}, realm {}", evidence.environment.realm).into()));
    facts.push(("Tenancy", Cell::id(evidence.environment.tenancy_id.as_str())));
    facts.extend(
        evidence.seed.map(|seed| ("Seed", format!("{seed}; the same seed repeats the drill").into())),
    );
    facts.extend(evidence.run_id.as_deref().map(|id| ("Run", Cell::code(id))));
    facts.extend(evidence.plan_sha256.map(|digest| ("Plan", Cell::code(digest.to_string()))));
    facts
}

fn backups(document: &mut Document, evidence: &Evidence) {
    if evidence.backups.is_empty() {
        document.paragraph("No backup was made or used.");
    }
    let rows = evidence.backups.iter().map(|backup| {
        let (minted, carried, unprovable) = backup.canaries;
        let regions: Vec<_> = backup.places.iter().map(keyferry_core::model::StoreUrl::whereabouts).collect();
        vec![
            Cell::code(&backup.backup_id),
            backup.vault_name.as_str().into(),
            regions.join(", ").into(),
            Cell::number(size(backup.size)),
            backup.versions.into(),
            format!("{minted} minted, {carried} carried").into(),
            unprovable.into(),
        ]
    });
    let titles = ["Backup", "Vault", "Lies in", "Size", "Versions", "Canaries", "Unprovable"];
    document.table(&titles, rows);
    if !evidence.backups.is_empty() {
        document
            .note(Tone::Quiet, "Canaries are minted at a backup or carried on from earlier ones; unprovable counts versions without one.");
    }
}

fn calls(document: &mut Document, evidence: &Evidence) {
    let mut regions: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for call in &evidence.calls {
        let (before, after) = regions.entry(call.region.as_str()).or_default();
        *(if is_after(call, evidence.lost_at) { after } else { before }) += 1;
    }
    if let Some(region) = evidence.lost_region {
        let after = regions.get(region.name()).map_or(0, |(_, after)| *after);
        let (tone, verb) = if after == 0 { (Tone::Good, "went") } else { (Tone::Bad, "still went") };
        document.note(tone, format!("{} {verb} to {region} after its loss.", plural(after, "call")));
    }
    let rows = regions.iter().map(|(region, (before, after))| {
        vec![(*region).into(), Cell::number(before + after), Cell::number(before), Cell::number(after)]
    });
    document.table(&["Region", "Calls", "Before the loss", "After the loss"], rows);
}

// A virtual clock may not move between a call and the loss; at that very moment only a region that is still
// there gives a good answer.
fn is_after(call: &CallSeen, lost_at: Option<Timestamp>) -> bool {
    let is_good = call.status.is_some_and(|status| status < 500);
    lost_at.is_some_and(|lost_at| call.ts > lost_at || (call.ts == lost_at && !is_good))
}
