//! `import`: a backup from one file into a store. Nothing is written before all of it was checked.

use std::path::PathBuf;

use bytes::Bytes;
use keyferry_catalogue::{Archive, LONGEST_ARCHIVE};
use keyferry_report::{Cell, Document, Tone, units};
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::{CliError, Failure};
use crate::invocation::Invocation;
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File that `export` made
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Store that gets the backup [default: --store]
    #[arg(long, value_name = "STORE")]
    to: Option<String>,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let to = match &args.to {
        Some(to) => cloud.stores.open(&on.own.store(to)?)?,
        None => on.catalogue(&cloud)?,
    };
    let read = Bytes::from(on.disk.read(&args.file, LONGEST_ARCHIVE).map_err(CliError::from)?);
    let archive = Archive::open(&read, &trust::allowed_signers(on)?)?;
    archive.store(&to).await?;
    let manifest = &archive.opened.manifest;
    let data = json!({
        "id": manifest.backup_id, "file": args.file, "to": to.store(), "size": manifest.size(),
        "manifest_sha256": archive.opened.sealed.sha256(), "signer": archive.opened.signer.principal,
    });
    on.printer.show("import", &data, || {
        let mut document = Document::new("Import");
        document.verdict(
            Tone::Good,
            "Imported",
            "checked before it was written, and read back byte for byte",
        );
        document.facts([
            ("Backup", Cell::code(&manifest.backup_id)),
            ("Vault", manifest.vault.name.as_str().into()),
            ("Signed by", archive.opened.signer.principal.as_str().into()),
            ("File", Cell::code(args.file.display().to_string())),
            ("To", Cell::code(to.store().to_string())),
            ("Size", units::size(manifest.size()).into()),
        ]);
        document
    })?;
    Ok(Outcome::Done)
}
