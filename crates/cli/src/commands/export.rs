//! `export`: a backup in one file, for a safe. Read back and checked as an import would.

use std::path::PathBuf;

use bytes::Bytes;
use keyferry_catalogue::{Archive, LONGEST_ARCHIVE};
use keyferry_core::{Code, Sha256};
use keyferry_report::{Cell, Document, Tone, units};
use keyferry_seams::Access;
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::{Invocation, open};
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id, the beginning of one, `latest`, `latest~2` or `latest@REGION`
    #[arg(value_name = "ID")]
    id: String,
    /// File to be made; a tar archive. Nothing is overwritten
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let from = on.catalogue(&cloud)?;
    let allowed = trust::allowed_signers(on)?;
    let opened = open(on, &from, &allowed, &args.id).await?;
    let archive = keyferry_catalogue::export(&from, &opened).await?;
    on.disk.create(&args.to, &archive, Access::Owner).map_err(CliError::from)?;
    let read = Bytes::from(on.disk.read(&args.to, LONGEST_ARCHIVE).map_err(CliError::from)?);
    if read != archive {
        return Ok(Outcome::Flawed(Code::ObjectDiffers));
    }
    Archive::open(&read, &allowed)?;
    let (manifest, digest) = (&opened.manifest, Sha256::of(&read));
    let data = json!({
        "id": manifest.backup_id, "from": from.store(), "file": args.to, "size": read.len(), "sha256": digest,
        "manifest_sha256": opened.sealed.sha256(),
    });
    on.printer.show("export", &data, || {
        let mut document = Document::new("Export");
        document.verdict(Tone::Good, "Exported", "read back and checked, byte for byte");
        document.facts([
            ("Backup", Cell::code(&manifest.backup_id)),
            ("Vault", manifest.vault.name.as_str().into()),
            ("From", Cell::code(from.store().to_string())),
            ("File", Cell::code(args.to.display().to_string())),
            ("Size", units::size(read.len() as u64).into()),
            ("SHA-256", Cell::code(digest.to_string())),
        ]);
        document
    })?;
    Ok(Outcome::Done)
}
