//! Compartments and the paths that their names make.

use std::collections::BTreeMap;

use keyferry_core::model::Compartment;
use keyferry_ids::{CompartmentId, TenancyId};
use keyferry_wire::identity::{self, CompartmentState};

use super::{id, name};
use crate::error::{CallSite, Error};

/// OCI has six levels; a chain of parents that goes on is a circle.
const DEEPEST: usize = 32;
/// Stands for ancestors that the caller can't see.
const UNSEEN: &str = "…";

/// A compartment whose path still consists of its own name.
pub(crate) fn compartment(
    site: &CallSite,
    compartment: &identity::Compartment,
) -> Result<Compartment, Error> {
    let own: CompartmentId = id(site, "id", &compartment.id)?;
    // The root is its own parent to some answers and has none in others.
    let is_root = own.kind() == "tenancy";
    let parent_id =
        if is_root { None } else { Some(id(site, "compartmentId", &compartment.compartment_id)?) };
    let name = name(&compartment.name);
    let path = if is_root { "/".to_owned() } else { name.clone() };
    let is_active = matches!(compartment.lifecycle_state, CompartmentState::Active);
    Ok(Compartment { id: own, parent_id, name, path, is_active })
}

/// Puts the root in front and gives every compartment its whole path; ordered by path.
pub(crate) fn tree(tenancy_id: &TenancyId, name: String, mut below: Vec<Compartment>) -> Vec<Compartment> {
    let root = CompartmentId::from(tenancy_id.clone());
    let known: BTreeMap<_, _> =
        below.iter().map(|c| (c.id.clone(), (c.name.clone(), c.parent_id.clone()))).collect();
    for compartment in &mut below {
        let mut names = vec![compartment.name.clone()];
        let mut next = compartment.parent_id.clone();
        while let Some(parent) = next.filter(|parent| *parent != root) {
            let Some((name, above)) = known.get(&parent).filter(|_| names.len() < DEEPEST) else {
                names.push(UNSEEN.to_owned());
                break;
            };
            names.push(name.clone());
            next = above.clone();
        }
        names.reverse();
        compartment.path = format!("/{}", names.join("/"));
    }
    below.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    let root = Compartment { id: root, parent_id: None, name, path: "/".to_owned(), is_active: true };
    std::iter::once(root).chain(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(unique: &str, name: &str, parent: &str) -> Compartment {
        let id = |unique: &str| format!("ocid1.compartment.oc1..{unique}").parse().expect("an OCID");
        let parent_id = match parent {
            "" => "ocid1.tenancy.oc1..root".parse().expect("an OCID"),
            parent => id(parent),
        };
        Compartment {
            id: id(unique),
            parent_id: Some(parent_id),
            name: name.to_owned(),
            path: String::new(),
            is_active: true,
        }
    }

    #[test]
    fn paths_lead_from_the_root_down_in_whatever_order_the_service_lists() {
        let tenancy = "ocid1.tenancy.oc1..root".parse().expect("an OCID");
        let listed = vec![child("c", "keys", "b"), child("b", "prod", ""), child("x", "lost", "gone")];
        let paths: Vec<_> = tree(&tenancy, "acme".to_owned(), listed).into_iter().map(|c| c.path).collect();
        assert_eq!(paths, ["/", "/prod", "/prod/keys", "/…/lost"]);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let tenancy = "ocid1.tenancy.oc1..root".parse().expect("an OCID");
        let listed = vec![child("a", "a", "b"), child("b", "b", "a")];
        assert!(tree(&tenancy, "acme".to_owned(), listed)[1].path.starts_with("/…/"));
    }
}
