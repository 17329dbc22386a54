//! What a backup run made and what it left out.

use keyferry_core::Code;

use crate::units::{plural, size};
use crate::{BackupShown, BackupsShown, Cell, Document, NotBackedUp, Skipped, Tone};

/// The result of `backup`.
pub fn backups(shown: &BackupsShown) -> Document {
    let mut document = Document::new("Backup");
    let unsaved = shown.unaccepted().count();
    let accepted = shown.not_saved().count() - unsaved;
    let unchanged = shown.skipped.iter().filter(|skipped| skipped.code.is_none()).count();
    let (made, failed) = (shown.backups.len(), shown.failed.len());
    let ineligible = shown.skipped.len() - unchanged;
    let mut counts =
        format!("{made} made, {unchanged} unchanged, {ineligible} not eligible, {failed} failed");
    for (count, what) in [(unsaved, "not in any backup"), (accepted, "accepted as not in any backup")] {
        if count > 0 {
            counts = format!("{counts}; {} {what}", plural(count, "thing"));
        }
    }
    if shown.is_incomplete {
        counts.push_str("; not everything could be read");
    }
    let left_out: std::collections::BTreeSet<_> =
        shown.left_out().map(|finding| (finding.subject.as_str(), finding.because.as_str())).collect();
    let changed = shown.backups.iter().filter(|backup| backup.changed.is_some()).count();
    let is_whole = failed + unsaved + changed + left_out.len() == 0 && !shown.is_incomplete;
    match (made + unchanged, is_whole) {
        (1.., true) => document.verdict(Tone::Good, "Saved", counts),
        (0, _) => document.verdict(Tone::Bad, "Nothing saved", counts),
        _ => document.verdict(Tone::Warning, "Saved in part", counts),
    }
    // One by one as long as that can be read; a fleet as a table.
    if made <= IN_FULL {
        shown.backups.iter().for_each(|backup| one(&mut document, backup));
    } else {
        many(&mut document, &shown.backups);
    }
    without(&mut document, "Failed", &shown.failed);
    if !left_out.is_empty() {
        document.heading("Stores left out");
        let rows = left_out
            .into_iter()
            .map(|(store, because)| vec![Cell::code(store), because.into(), Code::CopyLeftOut.help().into()]);
        document.table(&["Store", "Why", "What to do"], rows);
    }
    unchanged_ones(&mut document, &shown.skipped);
    ineligible_ones(&mut document, &shown.skipped);
    if failed > 0
        && let Some(run_id) = &shown.run_id
    {
        document.note(Tone::Plain, format!("Go on with the rest: keyferry resume {run_id}"));
    }
    document
}

/// So many backups are shown with all their particulars.
const IN_FULL: usize = 3;

fn many(document: &mut Document, backups: &[BackupShown]) {
    document.heading("Saved");
    let rows = backups.iter().map(|backup| {
        let canaries = backup.canaries;
        let provable =
            format!("{} of {}", backup.versions.saturating_sub(canaries.unprovable), backup.versions);
        let copies: Vec<_> = backup.copies.iter().map(keyferry_core::model::StoreUrl::whereabouts).collect();
        let copies = match copies.is_empty() {
            true => Cell::words("none").tone(Tone::Warning),
            false => copies.join(", ").into(),
        };
        vec![
            backup.vault_name.as_str().into(),
            backup.object.region.name().into(),
            Cell::code(&backup.id),
            provable.into(),
            copies,
            backup.not_saved.len().into(),
        ]
    });
    document.table(&["Vault", "Region", "Backup", "Provable", "Copies in", "Not saved"], rows);
}

fn unchanged_ones(document: &mut Document, skipped: &[Skipped]) {
    let unchanged: Vec<_> = skipped.iter().filter(|skipped| skipped.code.is_none()).collect();
    if unchanged.is_empty() {
        return;
    }
    document.heading("Unchanged");
    let rows = unchanged.into_iter().map(|item| {
        let verified = format!("verified in {}", plural(item.checked.len(), "store"));
        let places = match item.copied.len() {
            0 => verified,
            copied => format!("{verified}, copied anew to {}", plural(copied, "store")),
        };
        vec![
            item.name.as_str().into(),
            Cell::id(&item.id),
            Cell::code(item.backup_id.as_deref().unwrap_or_default()),
            places.into(),
            item.not_saved.len().into(),
        ]
    });
    document.table(&["Vault", "OCID", "Backup", "Copies", "Not saved"], rows);
}

fn ineligible_ones(document: &mut Document, skipped: &[Skipped]) {
    let items = skipped.iter().filter_map(|item| Some((item, item.code?))).map(|(item, code)| NotBackedUp {
        id: item.id.clone(),
        name: item.name.clone(),
        code,
        because: item.because.clone(),
    });
    without(document, "Not eligible", &items.collect::<Vec<_>>());
}

fn one(document: &mut Document, backup: &BackupShown) {
    let object = &backup.object;
    document.heading(format!("Vault {}", backup.vault_name));
    let mut facts = vec![
        ("Backup", Cell::code(&backup.id)),
        ("Generation", backup.generation.to_string().into()),
        ("Vault", Cell::id(&backup.vault_id)),
        (
            "Contents",
            format!(
                "{}: {}, {}",
                super::contents(backup.contents),
                plural(backup.keys, "key"),
                plural(backup.versions, "key version")
            )
            .into(),
        ),
        (
            "File",
            Cell::code(format!(
                "oci://{}@{}/{}/{}",
                object.bucket, object.namespace, object.region, object.name
            )),
        ),
        ("Size", size(object.size).into()),
        ("SHA-256", Cell::code(object.sha256.to_string())),
        ("Manifest", Cell::code(backup.manifest_sha256.to_string())),
    ];
    if let Some(par) = &backup.par {
        facts.push(("Written first to", Cell::code(par.to_string())));
    }
    if backup.key_files > 0 {
        facts.push(("Key files", backup.key_files.into()));
    }
    facts.extend(backup.changed.as_deref().map(super::changed));
    facts.extend(backup.copies.iter().map(|copy| ("Copy", Cell::code(copy.to_string()))));
    if backup.copies.is_empty() {
        facts.push((
            "Copy",
            Cell::words("none: a loss of the region loses this backup as well").tone(Tone::Warning),
        ));
    }
    let canaries = backup.canaries;
    let tone = if canaries.unprovable == 0 { Tone::Plain } else { Tone::Warning };
    let counted = format!(
        "{} minted, {} carried on, {} unprovable",
        canaries.minted,
        canaries.carried,
        plural(canaries.unprovable, "version")
    );
    facts.push(("Canaries", Cell::words(counted).tone(tone)));
    facts.extend(backup.work_request_id.as_deref().map(|id| ("Work request", Cell::id(id))));
    document.facts(facts);
    if !backup.not_saved.is_empty() {
        document.note(Tone::Warning, "The vault also holds what no backup saves:");
        super::unsaved(
            document,
            backup
                .not_saved
                .iter()
                .map(|n| (&*n.kind, n.name.as_deref().unwrap_or_default(), &*n.id, n.code, &*n.because)),
        );
    }
}

fn without(document: &mut Document, heading: &str, items: &[NotBackedUp]) {
    if items.is_empty() {
        return;
    }
    document.heading(heading);
    let rows = items.iter().map(|item| {
        vec![
            item.name.as_str().into(),
            Cell::id(&item.id),
            format!("{} ({})", item.because, item.code).into(),
            item.code.help().into(),
        ]
    });
    document.table(&["Name", "OCID", "Why", "What to do"], rows);
}
