//! `list`: the backups in a store, whether their signatures are accepted, and what lies there of no backup.

use keyferry_catalogue::{Catalogue, Leftover, Listed, OpenedBundle};
use keyferry_core::Code;
use keyferry_core::sshsig::AllowedSigners;
use keyferry_report::{ErrorShown, LeftoverShown, ListedBackup, views};
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
    let leftovers: Vec<_> = listing.leftovers().iter().map(leftover).collect();
    on.printer.show("list", &json!({"backups": backups, "leftovers": leftovers}), || {
        let mut document = views::backups_list(&backups);
        views::leftovers(&mut document, &leftovers);
        document
    })?;
    let is_as_seen = on.compare(catalogue.store(), &listing, &allowed)?;
    let mut damaged = listing.damaged.into_iter().map(|damaged| damaged.error);
    let Some(first) = damaged.next() else {
        return Ok(if is_as_seen { Outcome::Done } else { Outcome::Flawed(Code::RolledBack) });
    };
    damaged.for_each(|error| on.printer.failure(&ErrorShown::new(&error)));
    Err(first.into())
}

fn leftover(found: &Leftover) -> LeftoverShown {
    LeftoverShown {
        id: found.backup_id.clone(),
        objects: found.objects.len(),
        size: found.size(),
        written: found.written(),
    }
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
        size: manifest.size(),
        places: vec![catalogue.store().clone()],
        signer: OpenedBundle::open(listed, allowed).ok().map(|opened| opened.signer.principal),
    }
}
