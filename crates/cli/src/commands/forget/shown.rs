//! The same for people and scripts.

use keyferry_catalogue::{Listed, Listing};
use keyferry_core::model::StoreUrl;
use keyferry_forget::{Doomed, Kept, Refused};
use keyferry_report::units::plural;
use keyferry_report::{ForgottenShown, KeptShown, PrunedShown, RefusedShown};

fn of<'a>(listing: &'a Listing, id: &str) -> Option<&'a Listed> {
    listing.backups.iter().find(|listed| listed.manifest.backup_id == id)
}

pub(super) fn kept(listing: &Listing, kept: Vec<Kept>) -> Vec<KeptShown> {
    let shown = |kept: Kept| KeptShown {
        vault_name: of(listing, &kept.backup_id).map(|listed| listed.manifest.vault.name.clone()),
        reasons: kept.reasons.iter().map(ToString::to_string).collect(),
        id: kept.backup_id,
    };
    kept.into_iter().map(shown).collect()
}

pub(super) fn forgotten(listing: &Listing, ids: &[String]) -> Vec<ForgottenShown> {
    let shown = |listed: &Listed| ForgottenShown {
        id: listed.manifest.backup_id.clone(),
        vault_id: listed.manifest.vault.id.to_string(),
        vault_name: listed.manifest.vault.name.clone(),
        made_at: listed.manifest.made_at,
    };
    ids.iter().filter_map(|id| of(listing, id)).map(shown).collect()
}

/// None if only manifest and signature go.
pub(super) fn pruned(doomed: &Doomed) -> Option<PrunedShown> {
    let (objects, size) = doomed.files;
    (objects > 0).then(|| PrunedShown { id: doomed.backup_id.clone(), objects, size })
}

pub(super) fn refused(refused: Vec<Refused>) -> Vec<RefusedShown> {
    let shown = |refused: Refused| RefusedShown {
        id: refused.backup_id,
        code: refused.code,
        because: refused.because,
    };
    refused.into_iter().map(shown).collect()
}

pub(super) fn question(store: &StoreUrl, forgotten: &[String], doomed: &[Doomed]) -> String {
    let files: usize = doomed.iter().map(|doomed| doomed.files.0).sum();
    let ids = match forgotten {
        [] => String::new(),
        [one] => format!(" ({one})"),
        [first, .., last] => format!(" ({first} to {last})"),
    };
    let files = match files {
        0 => "keep their files".to_owned(),
        _ => format!("delete {} for good", plural(files, "file")),
    };
    format!("Forget {}{ids} in {store} and {files}?", plural(forgotten.len(), "backup"))
}
