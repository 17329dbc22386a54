//! What backups there are, what is in one, and whether its bytes are as signed.

use keyferry_core::Sha256;
use keyferry_core::canary::{Canary, Sealed};
use keyferry_core::manifest::{Contents, Manifest, ManifestKey, ManifestVersion};
use keyferry_core::model::StoreUrl;

use crate::units::{plural, size, time};
use crate::{Cell, CheckVerdict, CheckedBackup, Document, LeftoverShown, ListedBackup, StandingShown, Tone};

/// The result of `list`.
pub fn backups_list(backups: &[ListedBackup]) -> Document {
    let mut document = Document::new("Backups");
    if backups.is_empty() {
        document.paragraph("This store holds no backups.");
        return document;
    }
    let rows = backups.iter().map(|backup| {
        let places: Vec<_> = backup.places.iter().map(StoreUrl::whereabouts).collect();
        let provable = match backup.contents {
            Contents::WithKeys | Contents::Key => {
                format!("{} of {}", backup.versions.saturating_sub(backup.unprovable), backup.versions)
            }
            Contents::MetadataOnly => "no keys".to_owned(),
        };
        vec![
            Cell::code(&backup.id),
            backup.vault_name.as_str().into(),
            backup.region.name().into(),
            provable.into(),
            places.join(", ").into(),
            signer(backup.signer.as_deref()),
        ]
    });
    let titles = ["Backup", "Vault", "Of region", "Provable", "Lies in", "Signed by"];
    document.table(&titles, rows);
    document.note(
        Tone::Quiet,
        format!(
            "{}. Provable counts key versions with a canary; ids begin with the time in UTC.",
            plural(backups.len(), "backup")
        ),
    );
    document
}

fn signer(signer: Option<&str>) -> Cell {
    match signer {
        Some(name) => name.into(),
        None => Cell::words("nobody who is trusted").tone(Tone::Bad),
    }
}

/// The result of `show`: everything in one backup.
pub fn bundle(manifest: &Manifest, signed_by: Option<&str>, manifest_sha256: &Sha256) -> Document {
    let mut document = Document::new(format!("Backup {}", manifest.backup_id));
    if signed_by.is_none() {
        document.verdict(
            Tone::Bad,
            "Not trusted",
            "the signature was not accepted; nothing below is certain",
        );
    }
    let vault = &manifest.vault;
    let (keys, versions) = (manifest.keys.len(), manifest.versions().count());
    let counted = match manifest.completeness.expected {
        Some(expected) => {
            format!("{} of {} that the service counted", manifest.completeness.seen, plural_keys(expected))
        }
        None => format!("{}; the service's own count was unknown", plural_keys(manifest.completeness.seen)),
    };
    let counted =
        Cell::words(counted).tone(if manifest.completeness.complete { Tone::Plain } else { Tone::Warning });
    let mut facts = vec![
        ("Vault", vault.name.as_str().into()),
        ("OCID", Cell::id(vault.id.as_str())),
        ("Region", manifest.region.name().into()),
        ("Compartment", vault.compartment.path.as_str().into()),
        ("Made", format!("{} by {}", time(manifest.made_at), manifest.made_by).into()),
        ("Signed by", signer(signed_by)),
        (
            "Contents",
            format!(
                "{}: {}, {}",
                super::contents(manifest.contents),
                plural(keys, "key"),
                plural(versions, "key version")
            )
            .into(),
        ),
        ("Keys seen", counted),
        (
            "Generation",
            if manifest.generation == 0 {
                "not counted".into()
            } else {
                Cell::number(manifest.generation.to_string())
            },
        ),
    ];
    facts.extend(manifest.changed.as_deref().map(super::changed));
    // Many files have a table of their own.
    let one = manifest.first_file().filter(|_| manifest.files().count() == 1);
    if let Some(file) = one {
        facts.push(("File", Cell::code(&file.name)));
        facts.push(("Size", size(file.size).into()));
        facts.push(("SHA-256", Cell::code(file.sha256.to_string())));
    }
    facts.push(("Manifest", Cell::code(manifest_sha256.to_string())));
    facts.extend(manifest.places.iter().map(|place| ("Place", Cell::code(place.to_string()))));
    facts.extend(manifest.work_request_id.as_deref().map(|id| ("Work request", Cell::id(id))));
    facts.extend(manifest.previous.as_ref().map(|previous| ("Before it", Cell::code(&previous.backup_id))));
    document.facts(facts);
    if one.is_none() {
        document.heading("Files");
        let of_keys = manifest.keys.iter().filter_map(|key| Some((key.blob.as_ref()?, &*key.name)));
        let rows = manifest.blob.iter().map(|file| (file, "the vault")).chain(of_keys);
        let rows = rows.map(|(file, holds)| {
            let digest = Cell::code(file.sha256.to_string());
            vec![Cell::code(&file.name), holds.into(), Cell::number(size(file.size)), digest]
        });
        document.table(&["File", "Holds", "Size", "SHA-256"], rows);
    }
    if keys > 0 {
        document.heading("Keys");
        let rows = manifest.keys.iter().map(|key| {
            vec![
                key.name.as_str().into(),
                Cell::id(key.id.as_str()),
                key.shape.to_string().into(),
                key.lifecycle_state.as_str().into(),
                key.compartment.path.as_str().into(),
                key.versions.len().into(),
            ]
        });
        document.table(&["Key", "OCID", "Shape", "State", "Compartment", "Versions"], rows);
        document.heading("Key versions");
        let rows = manifest.versions().map(|(key, version)| version_line(manifest, key, version));
        document.table(&["Key", "Version", "State", "Made", "Canary"], rows);
    }
    if !manifest.not_saved.is_empty() {
        document.heading("Not saved");
        super::unsaved(
            &mut document,
            manifest
                .not_saved
                .iter()
                .map(|n| (&*n.kind, n.name.as_deref().unwrap_or_default(), &*n.id, n.code, &*n.because)),
        );
    }
    document
}

/// Adds what `list` found of no backup.
pub fn leftovers(document: &mut Document, leftovers: &[LeftoverShown]) {
    if leftovers.is_empty() {
        return;
    }
    document.heading("Leftovers");
    let rows = leftovers.iter().map(|leftover| {
        let written = leftover.written.map_or_else(|| "unknown".to_owned(), time);
        let (objects, bytes) = (leftover.objects.into(), Cell::number(size(leftover.size)));
        vec![Cell::code(&leftover.id), objects, bytes, written.into()]
    });
    document.table(&["Of backup", "Objects", "Size", "Written"], rows);
    let text = "Unfinished or forgotten: files without a manifest. `keyferry forget --prune` deletes them after a day.";
    document.note(Tone::Quiet, text);
}

/// Adds how a backup stands in the store at hand.
pub fn standing(document: &mut Document, standing: &StandingShown) {
    document.heading("Copies");
    let copies = &standing.copies;
    let regions: Vec<_> = copies.regions.iter().map(|region| region.name()).collect();
    let counted = format!(
        "{}: {}, {} outside of OCI; {} away from the vault's region",
        plural(copies.copies, "store"),
        if regions.is_empty() { "no region".to_owned() } else { regions.join(", ") },
        copies.off_cloud,
        copies.away,
    );
    let rule = match copies.is_3_2_1 {
        true => Cell::words("holds").tone(Tone::Good),
        false => Cell::words("does not hold: three copies, one outside of OCI, one away from the region")
            .tone(Tone::Warning),
    };
    let mut facts = vec![("Copies", counted.into()), ("3-2-1", rule)];
    facts.push(("This store", Cell::code(standing.store.to_string())));
    facts.extend(kept_by(standing).into_iter().map(|text| ("Keeps", text.into())));
    let missing = standing.files.iter().filter(|file| file.found != Some(file.size)).count();
    let counted = match missing {
        0 => Cell::words(format!("{}, with the signed sizes", plural(standing.files.len(), "file"))),
        _ => Cell::words(format!("{missing} of {} not as signed", plural(standing.files.len(), "file")))
            .tone(Tone::Bad),
    };
    facts.push(("Listed", counted));
    document.facts(facts);
    let rows = standing.files.iter().filter(|_| missing > 0).map(|file| {
        let verdict = match file.found {
            Some(found) if found == file.size => Cell::words("there, with the signed size").tone(Tone::Good),
            Some(found) => Cell::words(format!("{found} bytes instead of {}", file.size)).tone(Tone::Bad),
            None => Cell::words("missing").tone(Tone::Bad),
        };
        let holds = if file.holds == "vault" { "the vault".into() } else { Cell::id(&file.holds) };
        vec![Cell::code(&file.name), holds, verdict]
    });
    document.table(&["File", "Holds", "Listed"], rows);
    document.note(
        Tone::Quiet,
        "Copies are those of the signed manifest and this store; `check` reads their bytes.",
    );
}

fn kept_by(standing: &StandingShown) -> Vec<String> {
    let Some(protection) = &standing.protection else {
        return vec!["unknown".to_owned()];
    };
    let mut texts: Vec<_> = protection
        .rules
        .iter()
        .map(|rule| {
            let length = match rule.days {
                Some(days) => plural(usize::try_from(days).unwrap_or(usize::MAX), "day"),
                None => "for as long as the rule is there".to_owned(),
            };
            let lock = match rule.locked_from {
                Some(_) if rule.is_locked(standing.at) => "locked".to_owned(),
                Some(from) => format!("locked from {} on", time(from)),
                None => "not locked".to_owned(),
            };
            format!("retention rule `{}`: {length}, {lock}", rule.name)
        })
        .collect();
    match protection.versioning.as_deref() {
        Some("Enabled") => texts.push("older versions of what is overwritten or deleted".to_owned()),
        // With retention rules a bucket can't have versions, and needs none.
        _ if texts.is_empty() => texts.push("nothing: whoever may write there may delete".to_owned()),
        _ => {}
    }
    texts
}

fn plural_keys(count: u64) -> String {
    plural(usize::try_from(count).unwrap_or(usize::MAX), "key")
}

fn version_line(manifest: &Manifest, key: &ManifestKey, version: &ManifestVersion) -> Vec<Cell> {
    let canaries: Vec<_> = manifest.canaries_of(&version.id).map(|canary| sealed(manifest, canary)).collect();
    let canary = if canaries.is_empty() {
        let because = manifest.unprovable_because(&version.id).unwrap_or("no reason is recorded");
        Cell::words(format!("unprovable: {because}")).tone(Tone::Warning)
    } else {
        canaries.join(", ").into()
    };
    vec![
        key.name.as_str().into(),
        Cell::id(version.id.as_str()),
        version.lifecycle_state.as_str().into(),
        time(version.time_created).into(),
        canary,
    ]
}

fn sealed(manifest: &Manifest, canary: &Canary) -> String {
    let kind = match canary.sealed {
        Sealed::AesGcm { .. } => "AES-GCM",
        Sealed::RsaOaep { .. } => "RSA-OAEP",
        Sealed::Signature { .. } => "signature",
    };
    if canary.minted_for == manifest.backup_id {
        kind.to_owned()
    } else {
        format!("{kind} of {}", canary.minted_for)
    }
}

/// The result of `check`.
pub fn check(checked: &[CheckedBackup]) -> Document {
    let mut document = Document::new("Check");
    let good = checked.iter().filter(|backup| backup.is_good()).count();
    let counted = format!("{good} of {} as signed, byte for byte", plural(checked.len(), "backup"));
    match (good, checked.len()) {
        (_, 0) => document.verdict(Tone::Warning, "Nothing checked", "no backup was found"),
        (good, all) if good == all => document.verdict(Tone::Good, "Checked", counted),
        _ => document.verdict(Tone::Bad, "Bytes differ", counted),
    }
    let rows = checked.iter().flat_map(|backup| {
        backup.objects.iter().map(|object| {
            let expected = object.expected;
            let verdict = match (object.verdict(), object.found) {
                (CheckVerdict::Checked, _) => Cell::words("as signed").tone(Tone::Good),
                (_, Some(found)) if found.size != expected.size => {
                    Cell::words(format!("differs: {} bytes instead of {}", found.size, expected.size))
                        .tone(Tone::Bad)
                }
                (_, Some(_)) => Cell::words("differs: other bytes of the same size").tone(Tone::Bad),
                (_, None) => Cell::words("missing").tone(Tone::Bad),
            };
            vec![
                Cell::code(&backup.id),
                Cell::code(backup.place.to_string()),
                Cell::code(&object.name),
                Cell::number(size(expected.size)),
                verdict,
            ]
        })
    });
    document.table(&["Backup", "Store", "Object", "Size", "Bytes"], rows);
    document.note(Tone::Quiet, "Checked is not proven: only a restore opens canaries.");
    document
}
