//! `copy`: a backup into another store, read back and compared there.

use keyferry_catalogue::Seen;
use keyferry_report::{Cell, Document, Tone, units};
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::{Invocation, open};
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id, the beginning of one, `latest`, `latest~2` or `latest@REGION`
    #[arg(value_name = "ID")]
    id: String,
    /// Store that gets the copy
    #[arg(long, value_name = "STORE")]
    to: String,
    /// Show what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let from = on.catalogue(&cloud)?;
    let to = cloud.stores.open(&on.own.store(&args.to)?)?;
    let opened = open(on, &from, &trust::allowed_signers(on)?, &args.id).await?;
    if !args.dry_run {
        keyferry_catalogue::copy(&from, &to, &opened).await?;
        if let Some(seen) = Seen::of(&opened.manifest, opened.sealed.sha256()) {
            on.memory()?.remember(to.store(), &seen)?;
        }
    }
    let manifest = &opened.manifest;
    let data = json!({
        "id": manifest.backup_id, "from": from.store(), "to": to.store(), "size": manifest.size(),
        "sha256": manifest.first_file().map(|file| file.sha256), "manifest_sha256": opened.sealed.sha256(), "copied": !args.dry_run,
    });
    on.printer.show("copy", &data, || {
        let mut document = Document::new("Copy");
        if args.dry_run {
            document.verdict(Tone::Plain, "Dry run", "nothing was written");
        } else {
            document.verdict(Tone::Good, "Copied", "read back and compared, byte for byte");
        }
        document.facts([
            ("Backup", Cell::code(&manifest.backup_id)),
            ("Vault", manifest.vault.name.as_str().into()),
            ("From", Cell::code(from.store().to_string())),
            ("To", Cell::code(to.store().to_string())),
            ("Size", units::size(manifest.size()).into()),
            ("Files", manifest.files().count().into()),
        ]);
        document
    })?;
    Ok(Outcome::Done)
}
