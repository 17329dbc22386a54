//! What would be done, before it is done.

use keyferry_core::plan::{Plan, PlanKind};
use keyferry_core::{EnvironmentKind, Sha256};
use keyferry_ids::short;

use crate::units::{plural, time};
use crate::{Block, Cell, Document, Tone};

/// A plan, as Terraform would show it.
pub fn plan(plan: &Plan, digest: &Sha256) -> Document {
    let title = match plan.kind {
        PlanKind::Backup => format!("Plan: back up in {}", plan.into),
        PlanKind::Restore => format!("Plan: restore into {}", plan.into),
        PlanKind::Prove => format!("Plan: prove in {}", plan.into),
    };
    let mut document = Document::new(title);
    let errors = plan.errors().count();
    if errors > 0 {
        let because = format!("{} below; nothing may be done", plural(errors, "finding"));
        document.verdict(Tone::Bad, "Can't be applied", because);
    }
    let cloud = match plan.environment.kind {
        EnvironmentKind::Embedded => "the embedded realm",
        EnvironmentKind::Oci => "Oracle Cloud Infrastructure",
    };
    let mut facts = vec![
        ("Backups", plan.backup_ids.join(", ").into()),
        ("Tenancy", Cell::id(plan.environment.tenancy_id.as_str())),
        ("Cloud", format!("{cloud}, realm {}", plan.environment.realm).into()),
        ("Made", time(plan.made_at).into()),
    ];
    facts.extend(plan.backup_made_at.map(|at| ("State as of", time(at).into())));
    document.facts(facts);
    document.heading("Steps");
    let rows = plan.steps.iter().map(|step| {
        vec![
            Cell::code(&step.id),
            step.details.name().into(),
            step.details.region().map_or("", |region| region.name()).into(),
            Cell::code(shortened(&step.details.subject())),
            shortened(&step.details.expectation()).into(),
        ]
    });
    document.table(&["Step", "Action", "Region", "Subject", "Expect"], rows);
    document.paragraph(format!("{}: {}.", plural(plan.steps.len(), "step"), totals(plan)));
    if !plan.findings.is_empty() {
        document.heading("Findings");
        document.blocks.push(Block::Findings(plan.findings.clone()));
    }
    document.heading("Next");
    document.facts([("Digest", Cell::code(digest.to_string()))]);
    match plan.kind {
        _ if errors > 0 => document.paragraph("Do what the findings say, then make a new plan."),
        PlanKind::Restore => {
            document.paragraph("Nothing has been changed. Apply the plan's file; without a terminal name the digest as well:");
            document.commands([
                "keyferry restore apply PLAN".to_owned(),
                format!("keyferry restore apply PLAN --yes --plan-digest {digest}"),
            ]);
        }
        PlanKind::Backup | PlanKind::Prove => {
            document.paragraph("Nothing has been changed. Run the same command without --dry-run.");
        }
    }
    document
}

// `2 check_object, 1 restore_vault`, in the order of their first step.
fn totals(plan: &Plan) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in plan.steps.iter().map(|step| step.details.name()) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let parts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    parts.join(", ")
}

// OCIDs, objects and digests by what is enough to recognise them; the file has them whole.
fn shortened(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if word.starts_with("ocid1.") {
            short(word)
        } else if word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()) {
            format!("{}…", &word[..12])
        } else if word.starts_with("oci://") {
            let mut parts = word.trim_start_matches("oci://").split(['@', '/']);
            let (bucket, name) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
            format!("{bucket}…/{name}")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
