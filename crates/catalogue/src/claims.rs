//! Which claims of a chain count: whoever can write into a bucket can claim any number, and one that is absurd must
//! not use up those of later backups.

use std::collections::BTreeMap;

use keyferry_core::model::{ListedObject, StoreUrl};
use keyferry_core::{Code, Finding, Severity};

use crate::{Listed, Seen, bundle};

/// So far a number may lie above the one before it without a backup behind it. Writers take the next one; a bucket
/// that was set back makes for larger steps, to numbers that were seen before.
const LARGEST_STEP: u64 = 1000;

/// How many of these numbers, lowest first, are reached by steps that are not absurd, from one that is known to be
/// good or 0.
pub fn reached(generations: &[u64], good: u64) -> usize {
    let mut newest = good;
    let is_near = |generation: &&u64| {
        let is_near = **generation <= newest.saturating_add(LARGEST_STEP);
        newest = newest.max(if is_near { **generation } else { 0 });
        is_near
    };
    generations.iter().take_while(is_near).count()
}

/// What is said of claims that don't count.
pub fn far(store: impl ToString, generations: &[u64]) -> Option<Finding> {
    let (first, last) = (generations.first()?, generations.last()?);
    let which = match generations.len() {
        1 => format!("the claim of generation {first} does"),
        several => format!("{several} claims of generations {first} to {last} do"),
    };
    let because = format!("{which} not count: far above all others, without a backup behind");
    let mut finding = Finding::new(Code::Signature, Severity::Warning, store, because);
    finding.remedy = "find out who wrote there, then delete them".to_owned();
    Some(finding)
}

/// Claims among a store's objects that don't count, by its trusted backups and by what was seen there before.
pub fn far_claims(
    store: &StoreUrl,
    objects: &[ListedObject],
    trusted: &[Listed],
    seen: &[Seen],
) -> Vec<Finding> {
    let backups = trusted.iter().map(|listed| (&listed.manifest.vault.id, listed.manifest.generation));
    let known = backups.chain(seen.iter().map(|seen| (&seen.vault_id, seen.generation)));
    let mut good: BTreeMap<String, u64> = BTreeMap::new();
    for (vault, generation) in known {
        let newest = good.entry(bundle::chain(vault)).or_default();
        *newest = (*newest).max(generation);
    }
    let mut chains: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for name in objects.iter().map(|object| object.name.as_str()) {
        if let (Some(chain), Some(generation)) = (bundle::chain_of(name), bundle::generation_of(name)) {
            chains.entry(chain).or_default().push(generation);
        }
    }
    let judged = chains.into_iter().filter_map(|(chain, mut generations)| {
        generations.sort_unstable();
        let counted = reached(&generations, good.get(chain).copied().unwrap_or(0));
        far(store, &generations[counted..])
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_reached_step_by_step_or_from_a_number_that_is_known() {
        for (generations, good, counted) in [
            (&[][..], 0, 0),
            (&[1, 2, 3], 0, 3),
            (&[1, 1001, 2001], 0, 3),
            (&[1, 1002], 0, 1),
            (&[999_999_999_998, 999_999_999_999], 3, 0),
            (&[1, 2, 999_999_999_998, 999_999_999_999], 0, 2),
            (&[1, 5001, 5002], 5000, 3),
            (&[1, 5001, 5002, 6003], 5000, 3),
            (&[7], u64::MAX, 1),
        ] {
            assert_eq!(reached(generations, good), counted, "{generations:?} from {good}");
        }
    }
}
