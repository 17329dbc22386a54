//! What lies in stores and what the service did, taken from themselves and not from the program's word.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keyferry_core::model::{OciStore, Vault};
use keyferry_oci::{Call, Client, Place};
use keyferry_seams::{Disk, Found};
use keyferry_wire::ops;
use keyferry_wire::work_requests::WorkRequestStatus;
use serde_json::Value;

/// The objects of a store with their bytes.
pub(crate) type Objects = BTreeMap<String, Vec<u8>>;

/// All objects of a bucket.
pub(crate) async fn bucket(client: &Client, store: &OciStore) -> Objects {
    let mut objects = Objects::new();
    for listed in client.list_objects(store, "").await.expect("listed") {
        let name = listed.name;
        let bytes = client.object(&store.object(&name), 1 << 20).await.expect("read");
        objects.insert(name, bytes.to_vec());
    }
    objects
}

/// All files below a folder.
pub(crate) fn folder(disk: &dyn Disk, root: &Path) -> Objects {
    let (mut folders, mut objects) = (vec![root.to_owned()], Objects::new());
    while let Some(folder) = folders.pop() {
        for path in disk.list(&folder).expect("listed") {
            if disk.look(&path).expect("looked at") == Some(Found::Folder) {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below it").display().to_string();
                objects.insert(name, disk.read(&path, 1 << 20).expect("read"));
            }
        }
    }
    objects
}

/// Insists that a store holds these backups as a whole, their claims if it is where the chain lies, and not one
/// object more.
#[track_caller]
pub(crate) fn balance(objects: &Objects, ids: &BTreeSet<&str>, has_claims: bool) {
    let (mut parts, mut claimed) = (BTreeSet::new(), Vec::new());
    for (name, bytes) in objects {
        if name.starts_with("keyferry/chain/") {
            let claim: Value = serde_json::from_slice(bytes).expect("a claim");
            claimed.push(claim["backup_id"].as_str().expect("a backup").to_owned());
        } else {
            parts.insert(name.clone());
        }
    }
    let of_bundle = |id: &&str| {
        ["vault.kmsbak", "manifest.json", "manifest.json.sig"].map(|p| format!("keyferry/{id}/{p}"))
    };
    assert_eq!(
        parts,
        ids.iter().flat_map(of_bundle).collect(),
        "every object belongs to a backup that is listed"
    );
    claimed.sort();
    let expected: Vec<_> = ids.iter().filter(|_| has_claims).map(|id| (*id).to_owned()).collect();
    assert_eq!(claimed, expected, "and every claim to one");
}

/// How many backups of a vault the service has made.
pub(crate) async fn backups_made(client: &Client, vault: &Vault) -> usize {
    let query = [
        ("compartmentId", vault.compartment_id.to_string()),
        ("resourceId", vault.id.to_string()),
        ("limit", "1000".to_owned()),
    ];
    let call = Call { query: &query, ..Call::new(Place::Region(vault.region), &()) };
    let listed = client.call::<ops::ListWorkRequests>(call).await.expect("listed").body.0;
    let is_backup = |work: &keyferry_wire::work_requests::WorkRequestSummary| {
        work.operation_type == "BACKUP_VAULT" && work.status == WorkRequestStatus::Succeeded
    };
    listed.iter().filter(|work| is_backup(work)).count()
}
