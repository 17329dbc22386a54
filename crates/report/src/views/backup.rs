//! What a backup run made and what it left out.

use crate::units::{plural, size};
use crate::{BackupShown, BackupsShown, Cell, Document, NotBackedUp, Tone};

/// The result of `backup`.
pub fn backups(shown: &BackupsShown) -> Document {
    let mut document = Document::new("Backup");
    let not_saved: usize = shown.backups.iter().map(|backup| backup.not_saved.len()).sum();
    let (made, skipped, failed) = (shown.backups.len(), shown.skipped.len(), shown.failed.len());
    let counts = format!("{made} made, {skipped} skipped, {failed} failed");
    match (made, skipped + failed + not_saved) {
        (1.., 0) => document.verdict(Tone::Good, "Saved", counts),
        (0, _) => document.verdict(Tone::Bad, "Nothing saved", counts),
        _ if not_saved > 0 => {
            document.verdict(
                Tone::Warning,
                "Saved in part",
                format!("{counts}; {} not in any backup", plural(not_saved, "thing")),
            );
        }
        _ => document.verdict(Tone::Warning, "Saved in part", counts),
    }
    for backup in &shown.backups {
        one(&mut document, backup);
    }
    without(&mut document, "Failed", &shown.failed);
    without(&mut document, "Skipped", &shown.skipped);
    document
}

fn one(document: &mut Document, backup: &BackupShown) {
    let object = &backup.object;
    document.heading(format!("Vault {}", backup.vault_name));
    let mut facts = vec![
        ("Backup", Cell::code(&backup.id)),
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
