//! Deletes in the reverse order of publishing: manifest, signature, files. Whatever is cut off on the way is never
//! listed as a backup, and its rest is named by `list`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use keyferry_catalogue::{Catalogue, CatalogueError, Leftover, bundle};
use keyferry_core::{Code, Explain as _};

use crate::Refused;

/// Backups that are deleted at the same time.
const AT_ONCE: usize = 8;

/// What goes of one backup, or of one that was never finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    /// Its id.
    pub backup_id: String,
    /// It has a manifest, so that it is listed as a backup.
    pub is_listed: bool,
    /// Names of objects, in the order in which they go.
    pub objects: Vec<String>,
    /// How many of them are files, and their bytes.
    pub files: (usize, u64),
}

impl Doomed {
    /// With or without its files.
    pub fn new(found: &Leftover, with_files: bool) -> Self {
        let (manifest, signature) = (bundle::manifest(&found.backup_id), bundle::signature(&found.backup_id));
        let is_there = |name: &String| found.objects.iter().any(|object| object.name == *name);
        let is_listed = is_there(&manifest);
        let is_file = |name: &String| *name != manifest && *name != signature;
        let files: Vec<_> =
            found.objects.iter().filter(|object| with_files && is_file(&object.name)).collect();
        let counted = (files.len(), files.iter().map(|object| object.size).sum());
        let files: Vec<_> = files.into_iter().map(|object| object.name.clone()).collect();
        let parts = [manifest, signature].into_iter().filter(is_there);
        Self {
            backup_id: found.backup_id.clone(),
            is_listed,
            objects: parts.chain(files).collect(),
            files: counted,
        }
    }
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Performed {
    /// Ids of backups that are no longer listed.
    pub forgotten: Vec<String>,
    /// Those of which every doomed object is gone, and at least one was a file.
    pub pruned: Vec<Doomed>,
    /// Those of which something is still there.
    pub refused: Vec<Refused>,
    /// Why the rest was not tried.
    pub stopped: Option<CatalogueError>,
}

/// Deletes, and then looks what is still there: a store's word alone is not enough.
pub async fn run(catalogue: &Catalogue, doomed: &[Doomed]) -> Performed {
    let mut performed = Performed::default();
    let deletions = doomed.iter().map(|doomed| async move { (doomed, delete(catalogue, doomed).await) });
    let mut deletions = stream::iter(deletions).buffered(AT_ONCE);
    let (mut done, mut errors) = (Vec::new(), BTreeMap::new());
    while let Some((doomed, result)) = deletions.next().await {
        match result {
            Ok(()) => done.push(doomed),
            Err(error) if error.is_refusal() => drop(errors.insert(&doomed.backup_id, error)),
            Err(error) => {
                performed.stopped = Some(error);
                break;
            }
        }
    }
    drop(deletions);
    let there: BTreeSet<_> = match catalogue.objects().await {
        Ok(objects) => objects.into_iter().map(|object| object.name).collect(),
        Err(error) => {
            // Then the store's word has to do.
            let listed = done.into_iter().filter(|doomed| doomed.is_listed);
            performed.forgotten = listed.map(|doomed| doomed.backup_id.clone()).collect();
            performed.stopped.get_or_insert(error);
            return performed;
        }
    };
    let is_there = |name: &String| there.contains(name);
    for doomed in doomed {
        let id = &doomed.backup_id;
        if doomed.is_listed && !is_there(&bundle::manifest(id)) {
            performed.forgotten.push(id.clone());
        }
        let (code, because) = match errors.get(id) {
            _ if !doomed.objects.iter().any(is_there) => {
                performed.pruned.extend((doomed.files.0 > 0).then(|| doomed.clone()));
                continue;
            }
            // Oracle does not say with which code a retention rule refuses; nothing else is in a deletion's way.
            Some(error) if error.is_conflict() => (Code::Retained, chain(error)),
            Some(error) => (error.code(), chain(error)),
            // It was not its turn yet.
            None if performed.stopped.is_some() => continue,
            None => (Code::NotAuthorised, "the store says that it is not there, and lists it".to_owned()),
        };
        performed.refused.push(Refused { backup_id: id.clone(), code, because });
    }
    performed
}

async fn delete(catalogue: &Catalogue, doomed: &Doomed) -> Result<(), CatalogueError> {
    for name in &doomed.objects {
        catalogue.delete(name).await?;
    }
    Ok(())
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", chain(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use keyferry_core::model::ListedObject;

    use super::*;

    fn found(names: &[String]) -> Leftover {
        let object = |name: &String| ListedObject { name: name.clone(), size: 5, modified: None };
        Leftover { backup_id: "x-1".to_owned(), objects: names.iter().map(object).collect() }
    }

    #[test]
    fn the_manifest_goes_first_and_files_go_last_or_stay() {
        let (manifest, signature) = (bundle::manifest("x-1"), bundle::signature("x-1"));
        let (key, vault) = (bundle::file("x-1", &bundle::key_file(1)), bundle::file("x-1", bundle::BLOB));
        let whole = found(&[key.clone(), manifest.clone(), signature.clone(), vault.clone()]);
        let pruned = Doomed::new(&whole, true);
        assert_eq!(pruned.objects, [manifest.clone(), signature.clone(), key, vault.clone()]);
        assert_eq!((pruned.is_listed, pruned.files), (true, (2, 10)));
        let forgotten = Doomed::new(&whole, false);
        assert_eq!((forgotten.objects, forgotten.files), (vec![manifest, signature.clone()], (0, 0)));
        let rest = Doomed::new(&found(&[vault.clone(), signature.clone()]), true);
        assert_eq!((rest.objects, rest.is_listed), (vec![signature, vault], false));
    }
}
