//! `check`: every object of a backup present, with size and SHA-256 as signed.

use keyferry_catalogue::{Meant, OpenedBundle};
use keyferry_core::Code;
use keyferry_report::{CheckVerdict, CheckedBackup, CheckedObject, ErrorShown, views};
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ids, beginnings of ids, `latest`, `latest~2` or `latest@REGION`
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// Every backup in the store
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let catalogue = on.catalogue(&cloud)?;
    let allowed = trust::allowed_signers(on)?;
    let mut listing = catalogue.list().await?;
    let is_as_seen = on.compare(catalogue.store(), &listing, &allowed)? || !args.all;
    let mut opened = Vec::new();
    let mut unbelieved = Vec::new();
    if args.all {
        unbelieved.extend(listing.damaged.into_iter().map(|damaged| damaged.error));
        for listed in &listing.backups {
            match OpenedBundle::open(listed, &allowed) {
                Ok(bundle) => opened.push(bundle),
                Err(error) => unbelieved.push(error),
            }
        }
    } else {
        for word in &args.ids {
            match listing.find(word)? {
                Meant::Backup(at) => opened.push(OpenedBundle::open(&listing.backups[at], &allowed)?),
                Meant::Damaged(at) => return Err(listing.damaged.swap_remove(at).error.into()),
            }
        }
    }
    let checked = keyferry_catalogue::check(&catalogue, &opened).await?;
    let backups: Vec<_> = checked
        .into_iter()
        .map(|checked| CheckedBackup {
            id: checked.backup_id,
            place: catalogue.store().clone(),
            objects: checked
                .objects
                .into_iter()
                .map(|object| CheckedObject {
                    name: object.object,
                    expected: object.expected,
                    found: object.found,
                })
                .collect(),
        })
        .collect();
    on.printer.show("check", &json!({"backups": backups}), || views::check(&backups))?;
    let is_missing = |backup: &CheckedBackup| {
        backup.objects.iter().any(|object| object.verdict() == CheckVerdict::Missing)
    };
    let mut unbelieved = unbelieved.into_iter();
    if let Some(first) = unbelieved.next() {
        unbelieved.for_each(|error| on.printer.failure(&ErrorShown::new(&error)));
        return Err(first.into());
    }
    Ok(match backups.iter().find(|backup| !backup.is_good()) {
        None if !is_as_seen => Outcome::Flawed(Code::RolledBack),
        None => Outcome::Done,
        Some(bad) if is_missing(bad) => Outcome::Flawed(Code::ObjectMissing),
        Some(_) => Outcome::Flawed(Code::ObjectDiffers),
    })
}
