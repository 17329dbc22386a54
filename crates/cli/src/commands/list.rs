//! `list`: the backups in a store, and whether their signatures are accepted.

use keyferry_catalogue::{Catalogue, Listed, OpenedBundle};
use keyferry_core::sshsig::AllowedSigners;
use keyferry_report::{ErrorShown, ListedBackup, views};
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::trust;

pub(crate) async fn run(on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let catalogue = on.catalogue(&cloud)?;
    let allowed = trust::known_signers(on)?;
    let listing = catalogue.list().await?;
    let backups: Vec<_> = listing.backups.iter().map(|listed| shown(&catalogue, &allowed, listed)).collect();
    on.printer.show("list", &json!({"backups": backups}), || views::backups_list(&backups))?;
    let mut damaged = listing.damaged.into_iter().map(|damaged| damaged.error);
    let Some(first) = damaged.next() else { return Ok(Outcome::Done) };
    damaged.for_each(|error| on.printer.failure(&ErrorShown::new(&error)));
    Err(first.into())
}

fn shown(catalogue: &Catalogue, allowed: &AllowedSigners, listed: &Listed) -> ListedBackup {
    let manifest = &listed.manifest;
    ListedBackup {
        id: manifest.backup_id.clone(),
        made_at: manifest.made_at,
        vault_id: manifest.vault.id.to_string(),
        vault_name: manifest.vault.name.clone(),
        region: manifest.region,
        contents: manifest.contents,
        keys: manifest.keys.len(),
        versions: manifest.versions().count(),
        unprovable: manifest.unprovable.len(),
        size: manifest.blob.size,
        places: vec![catalogue.store().clone()],
        signer: OpenedBundle::open(listed, allowed).ok().map(|opened| opened.signer.principal),
    }
}
