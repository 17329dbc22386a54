//! `show`: what one backup holds, after its signature was checked, and how well it is kept.

use keyferry_catalogue::{OpenedBundle, bundle};
use keyferry_core::Spread;
use keyferry_report::{FileShown, StandingShown, views};
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::trust;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id, the beginning of one, `latest`, `latest~2` or `latest@REGION`
    #[arg(value_name = "ID")]
    id: String,
}

pub(crate) async fn run(args: &Args, on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let catalogue = on.catalogue(&cloud)?;
    let allowed = trust::allowed_signers(on)?;
    let mut listing = catalogue.list().await?;
    on.compare(catalogue.store(), &listing, &allowed)?;
    let objects = std::mem::take(&mut listing.objects);
    let opened = OpenedBundle::open(&listing.select(&args.id)?, &allowed)?;
    let (manifest, signer, digest) = (&opened.manifest, &opened.signer.principal, opened.sealed.sha256());
    let of_vault = manifest.blob.iter().map(|file| (file, "vault"));
    let of_keys = manifest.keys.iter().filter_map(|key| Some((key.blob.as_ref()?, key.id.as_str())));
    let files = of_vault.chain(of_keys).map(|(file, holds)| {
        let name = bundle::file(&manifest.backup_id, &file.name);
        let found = objects.iter().find(|object| object.name == name).map(|object| object.size);
        FileShown { name: file.name.clone(), holds: holds.to_owned(), size: file.size, found }
    });
    let places = [&manifest.places[..], &[catalogue.store().clone()]].concat();
    let standing = StandingShown {
        store: catalogue.store().clone(),
        files: files.collect(),
        copies: Spread::of(manifest.region, &places),
        // It takes rights of its own, and a backup can be shown without.
        protection: catalogue.protection().await.unwrap_or_default(),
        at: on.clock.now(),
    };
    let data = json!({
        "manifest": manifest, "manifest_sha256": digest, "signer": signer, "standing": standing,
    });
    on.printer.show("backup-manifest", &data, || {
        let mut document = views::bundle(manifest, Some(signer), &digest);
        views::standing(&mut document, &standing);
        document
    })?;
    Ok(Outcome::Done)
}
