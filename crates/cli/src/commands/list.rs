//! `list`: the backups in a store, and whether their signatures are accepted.

use keyferry_catalogue::{Catalogue, Listed};
use keyferry_core::sshsig::AllowedSigners;
use keyferry_report::{ListedBackup, views};
use serde_json::json;

use crate::exit::Outcome;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::trust;

pub(crate) async fn run(on: &Invocation) -> Result<Outcome, Failure> {
    let cloud = on.cloud()?;
    let catalogue = on.catalogue(&cloud)?;
    let allowed = trust::known_signers(on)?;
    let listed = catalogue.list().await?;
    let backups: Vec<_> = listed.iter().map(|listed| shown(&catalogue, &allowed, listed)).collect();
    on.printer.show("list", &json!({"backups": backups}), || views::backups_list(&backups))?;
    Ok(Outcome::Done)
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
        signer: catalogue.open(listed, allowed).ok().map(|opened| opened.signer.principal),
    }
}
