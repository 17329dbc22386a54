//! `show`: what one backup holds, after its signature was checked.

use keyferry_report::views;
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
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let allowed = trust::allowed_signers(on)?;
    let opened = open(&on.catalogue(&cloud)?, &allowed, &args.id).await?;
    let (signer, digest) = (&opened.signer.principal, opened.sealed.sha256());
    let data = json!({"manifest": opened.manifest, "manifest_sha256": digest, "signer": signer});
    on.printer.show("backup-manifest", &data, || views::bundle(&opened.manifest, Some(signer), &digest))?;
    Ok(Outcome::Done)
}
