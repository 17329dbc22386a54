//! `check`: every object of a backup present, with size and SHA-256 as signed.

use keyferry_catalogue::{bundle, select};
use keyferry_core::Code;
use keyferry_report::{CheckVerdict, CheckedBackup, CheckedObject, views};
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
    let listed = catalogue.list().await?;
    let mut opened = Vec::new();
    if args.all {
        for listed in &listed {
            opened.push(catalogue.open(listed, &allowed)?);
        }
    }
    for id in &args.ids {
        opened.push(catalogue.open(select(&listed, id)?, &allowed)?);
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
                    name: bundle::BLOB.into(),
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
    Ok(match backups.iter().find(|backup| !backup.is_good()) {
        None => Outcome::Done,
        Some(bad) if is_missing(bad) => Outcome::Flawed(Code::ObjectMissing),
        Some(_) => Outcome::Flawed(Code::ObjectDiffers),
    })
}
