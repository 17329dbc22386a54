//! A vault that is as its newest backup says: nothing is saved again, but every place is looked at.

use keyferry_catalogue::{Catalogue, CatalogueError, OpenedBundle, Stores, check, copy};
use keyferry_core::manifest::Manifest;
use keyferry_core::model::StoreUrl;
use keyferry_core::{Finding, Sha256};

use crate::BackupError;

/// A backup that is still good.
#[derive(Debug, Clone)]
pub struct Unchanged {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its digest.
    pub manifest_sha256: Sha256,
    /// Where all bytes were read and are as signed.
    pub checked: Vec<StoreUrl>,
    /// Where it had been missing and was copied to.
    pub copied: Vec<StoreUrl>,
    /// Where nobody could look.
    pub left_out: Vec<Finding>,
}

/// How one place stands.
enum Place {
    Whole,
    Missing,
    Damaged,
}

/// Looks at a backup in all its places and copies it to those that lack it. `None` if one of them holds other bytes:
/// nothing is ever overwritten, so only a new backup helps there.
///
/// # Errors
/// If a store does not answer.
pub(crate) async fn verify(
    stores: &Stores,
    opened: &OpenedBundle,
    places: &[StoreUrl],
) -> Result<Option<Unchanged>, BackupError> {
    let mut result = Unchanged {
        manifest: opened.manifest.clone(),
        manifest_sha256: opened.sealed.sha256(),
        checked: Vec::new(),
        copied: Vec::new(),
        left_out: Vec::new(),
    };
    let mut missing = Vec::new();
    for place in places {
        let catalogue = stores.open(place)?;
        match look(&catalogue, opened).await? {
            Place::Whole => result.checked.push(place.clone()),
            Place::Missing => missing.push(catalogue),
            Place::Damaged => return Ok(None),
        }
    }
    let Some(source) = result.checked.first() else { return Ok(None) };
    let source = stores.open(source)?;
    for to in missing {
        copy(&source, &to, opened).await?;
        result.copied.push(to.store().clone());
    }
    Ok(Some(result))
}

async fn look(catalogue: &Catalogue, opened: &OpenedBundle) -> Result<Place, BackupError> {
    let listed = match catalogue.read(&opened.manifest.backup_id).await {
        Ok(listed) => listed,
        Err(CatalogueError::Missing(_)) => return Ok(Place::Missing),
        Err(error) if error.is_of_the_store() => return Err(error.into()),
        Err(_) => return Ok(Place::Damaged),
    };
    if listed.sealed != opened.sealed {
        return Ok(Place::Damaged);
    }
    let checked = check(catalogue, std::slice::from_ref(opened)).await?;
    let objects = || checked.iter().flat_map(|bundle| &bundle.objects);
    Ok(if objects().all(keyferry_catalogue::CheckedObject::is_intact) {
        Place::Whole
    } else if objects().all(|object| object.is_intact() || object.found.is_none()) {
        Place::Missing
    } else {
        Place::Damaged
    })
}
