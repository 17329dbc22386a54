//! What was forgotten, what is kept and why.

use std::collections::BTreeMap;

use crate::units::{plural, size, time};
use crate::{Cell, Document, ForgetShown, Tone};

/// The result of `forget`.
pub fn forget(shown: &ForgetShown) -> Document {
    let mut document = Document::new("Forget");
    let (gone, files) = (shown.forgotten.len(), shown.pruned.iter().map(|pruned| pruned.objects).sum());
    let bytes = size(shown.pruned.iter().map(|pruned| pruned.size).sum());
    let counted = format!("{}, {} with {bytes}", plural(gone, "backup"), plural(files, "file"));
    match (shown.dry_run, gone + files) {
        _ if !shown.refused.is_empty() => {
            let refused = plural(shown.refused.len(), "backup");
            document.verdict(Tone::Bad, "Refused", format!("{refused} must stay; forgotten: {counted}"));
        }
        (_, 0) => document.verdict(Tone::Good, "Nothing to forget", "all is kept"),
        (true, _) => document.verdict(Tone::Plain, "Dry run", format!("would forget {counted}")),
        (false, _) => document.verdict(Tone::Good, "Forgotten", counted),
    }
    document.facts([("Store", Cell::code(shown.store.to_string()))]);
    let rows = shown.refused.iter().map(|refused| {
        let because = Cell::words(format!("{} ({})", refused.because, refused.code)).tone(Tone::Bad);
        vec![Cell::code(&refused.id), because]
    });
    section(&mut document, "Refused", &["Backup", "Because"], rows.collect());
    let files: BTreeMap<_, _> = shown.pruned.iter().map(|pruned| (&*pruned.id, pruned)).collect();
    let files_of = |id: &str| match files.get(id) {
        Some(pruned) => format!("{}, {}", plural(pruned.objects, "file"), size(pruned.size)),
        None => "stay".to_owned(),
    };
    let gone = shown.forgotten.iter().map(|gone| {
        vec![
            Cell::code(&gone.id),
            gone.vault_name.as_str().into(),
            time(gone.made_at).into(),
            files_of(&gone.id).into(),
        ]
    });
    section(&mut document, "Forgotten", &["Backup", "Vault", "Made", "Files deleted"], gone.collect());
    let is_leftover = |id: &&&str| !shown.forgotten.iter().any(|gone| gone.id == ***id);
    let leftovers = files.keys().filter(is_leftover);
    let leftovers = leftovers.map(|id| vec![Cell::code(id), files_of(id).into()]);
    section(&mut document, "Leftovers", &["Of backup", "Files deleted"], leftovers.collect());
    let kept = shown.kept.iter().map(|kept| {
        let vault = kept.vault_name.as_deref().unwrap_or("unknown");
        vec![Cell::code(&kept.id), vault.into(), kept.reasons.join(", ").into()]
    });
    section(&mut document, "Kept", &["Backup", "Vault", "Because"], kept.collect());
    if shown.keeps_versions {
        let text =
            "The bucket keeps older versions: what was deleted can be brought back, and takes up room.";
        document.note(Tone::Warning, text);
    }
    document
}

fn section(document: &mut Document, heading: &str, titles: &[&str], rows: Vec<Vec<Cell>>) {
    if !rows.is_empty() {
        document.heading(heading);
        document.table(titles, rows);
    }
}
